"""charrnn: train character-level recurrent networks in plain NumPy.

    import charrnn

    model = charrnn.train("play.txt", settings={"model.hidden_size": 128})
    model = charrnn.load("runs/play")
    model.sample("JULIET:", seed=7)      model.score("But soft!")      model.evaluate()

The rooms, and the one direction in which they import each other:

    errors, package, stages, version, words <- durations <- system, derivations <- network <- text <- ngram, diagnostics
        <- config, training, generation <- runs <- models, sweeps <- server <- api <- cli, python
"""

from typing import TYPE_CHECKING, Any

from charrnn.errors import CharrnnError
from charrnn.version import __version__

if TYPE_CHECKING:
    from charrnn.python import (
        Model,
        ScoredText,
        Session,
        bench,
        export,
        gradcheck,
        gradflow,
        info,
        list_runs,
        load,
        resume,
        train,
    )

__all__ = [
    "CharrnnError",
    "Model",
    "ScoredText",
    "Session",
    "__version__",
    "bench",
    "export",
    "gradcheck",
    "gradflow",
    "info",
    "list_runs",
    "load",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import the rest when it is first used: `charrnn --help` must not wait for NumPy."""
    if name in __all__:
        from charrnn import python

        return getattr(python, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What `charrnn.<Tab>` offers."""
    return __all__
