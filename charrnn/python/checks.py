"""Prove and measure, from Python: gradcheck, gradflow, bench."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from charrnn import api
from charrnn.config.resolve import DEFAULT, resolve
from charrnn.config.schema import Config
from charrnn.diagnostics.gradcheck.gradcheck import Report
from charrnn.diagnostics.gradflow.gradient_flow import LAGS, POSITIONS, GradientFlow
from charrnn.errors import OptionError
from charrnn.models.model import Model
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.training.benchmark import Bench
from charrnn.words import parameter


def gradcheck(
    run: str | Path | Model | None = None,
    *,
    config: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    oracles: str | Sequence[str] = (),
    tolerance: float | None = None,
    entries: int | None = None,
    seed: int = 0,
) -> Report:
    """Compare the gradients of backpropagation through time with independent oracles, in float64: of the trained
    weights of a `run`, a checkpoint or a model; or of a small random network (V = 7, H = 5) of this configuration.

    `config`: a recipe by name, or a YAML file (None: the recipe `default`); `settings`: values of dotted keys.
    `oracles`: complex-step, closed-form, forward, central (empty: all). `tolerance`: the largest relative error that
    passes (None: 1e-6 for central, 1e-10 for the others). `entries` random ones of each parameter are compared (None:
    all, or as many as fit into about a minute), chosen by `seed`.

    The report has `passed`, `checks` (each with parameter, shape, oracle, max_relative_error, worst, passed) and
    `properties`. Raises CheckError, OptionError, ConfigError, RunError and CheckpointError.

    >>> report = gradcheck(settings={"model.cell": "lstm"}, oracles="complex-step", entries=3)
    >>> report.passed, report.checks[0].parameter, report.checks[0].shape
    (True, 'W_xh', (4, 7, 5))
    """
    chosen = [oracles] if isinstance(oracles, str) else oracles
    return api.gradcheck(_configuration(run, config, settings), _source(run), chosen, tolerance, seed, entries)


def gradflow(
    run: str | Path | Model | None = None,
    *,
    text: str | Path | Sequence[str | Path] = (),
    config: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    lags: int = LAGS,
    positions: int = POSITIONS,
    which: str | None = None,
    encoding: str | Sequence[str] = (),
) -> GradientFlow:
    """Measure how far back gradients reach: in the network of a `run`, a checkpoint or a model, on `text` (default: its
    validation split); or in a fresh network of this configuration, on the validation split of `text` (default: the
    built-in text).

    `config` and `settings` are as in `gradcheck`; `text` names files, as on the command line, and `encoding` theirs if
    it is not UTF-8. Gradients are followed back over `lags` characters from `positions` places; `which` is best or
    last.

    The result has `layers`. `layers[0].curves[0].median` is log10 of what is left of a gradient, by lag from 0 to
    `lags`; `half_life` and `horizon` are the lags from which on less than a half and 1 % are left (None: none of
    these). `lyapunov` is in nats per character; `spectra` and `conditions` are those of W_hh. Raises OptionError,
    CheckError if the text is too short, ConfigError, RunError, CheckpointError, NetworkError, TextError and
    VocabularyError.

    >>> flow = gradflow(settings={"model.hidden_size": 16}, lags=4, positions=2)
    >>> flow.lags, flow.layers[0].curves[0].median[0]
    (4, 0.0)
    """
    found, source = _configuration(run, config, settings), _source(run)
    names = [str(each) for each in ([text] if isinstance(text, str | Path) else text)]
    return api.gradflow(source, names, found, lags, positions, which, (), encoding)


def bench(config: str | Path | None = None, settings: Mapping[str, Any] | None = None, seconds: float = 3.0) -> Bench:
    """Measure how fast a configuration trains on this machine, on random text, for about `seconds`.

    `config`: a recipe by name, or a YAML file (None: the recipe `default`, with the sizes for a million characters);
    `settings`: values of dotted keys. The result has `chars_per_second`, `seconds` of an update, and the shares of its
    parts; see training/benchmark.py. Raises ConfigError, NetworkError and WorkerError.
    """
    return api.bench(_configuration(None, config, settings), seconds)


def _configuration(
    run: str | Path | Model | None, config: str | Path | None, settings: Mapping[str, Any] | None
) -> Config | None:
    """The configuration; None for a run, which has its own. Raises OptionError and ConfigError."""
    if run is None:
        options = {key: (f"settings[{key!r}]", value) for key, value in (settings or {}).items()}
        return resolve(DEFAULT if config is None else str(config), (), options).config
    if config is not None or settings:
        raise OptionError(
            f"a run has its own configuration; leave out {parameter('config')} and {parameter('settings')}, or the run"
        )
    return None


def _source(run: str | Path | Model | None) -> Path | Checkpoint | None:
    if run is None:
        return None
    return run.single_checkpoint if isinstance(run, Model) else Path(run)
