"""charrnn: train character-level recurrent networks in plain NumPy.

    import charrnn

    model = charrnn.train("play.txt", settings={"model.hidden_size": 128})
    model = charrnn.load("runs/play")
    model.sample("JULIET:", seed=7)      model.score("But soft!")      model.evaluate()

The rooms, and the one direction in which they import each other:

    errors, package, words <- system, derivations <- network <- text <- ngram, diagnostics
        <- config, training, generation <- runs <- models, sweeps <- api <- cli
"""

from typing import TYPE_CHECKING, Any

from charrnn.errors import CharrnnError
from charrnn.package import __version__

if TYPE_CHECKING:
    from charrnn.api import Model, load, train

__all__ = ["CharrnnError", "Model", "__version__", "load", "train"]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used: `charrnn --help` must not wait for NumPy."""
    if name in __all__:
        from charrnn import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
