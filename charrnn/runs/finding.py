"""Find the run that a person means: by its path, by its name in runs/, or the newest one.

A path that exists as it was written always wins. The present folder has its runs in runs/.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import CheckpointError, RunError, TextError
from charrnn.package import BUILTIN, shipped_models
from charrnn.runs.catalogue import RunSummary, find_runs, is_run, list_runs, read_last_header
from charrnn.runs.recorded_text import absolute_source, recorded_places
from charrnn.system.shell import shell_command, shell_word
from charrnn.text.reading.missing import hint
from charrnn.text.reading.sources import builtin_names
from charrnn.words import nearest

RUNS = "runs"
RUN = "run; name a run directory, or a .safetensors checkpoint"
SUFFIX = ".safetensors"
MAX_NAMED = 8  # runs in a message
SAFETENSORS_BYTES = 9  # at the beginning of a safetensors file: a length, and {


def find_run(run: str | Path, kind: str = RUN, any_file: bool = False) -> Path:
    """The run directory or checkpoint that a person means: this path if it exists, otherwise the one of this name in
    runs/; or a model that ships with the program, builtin:NAME, which directory.load reads by that name. `kind` is what
    is missing, in the message. `any_file`: a file need not be a checkpoint.

    Raises RunError, with runs of a similar name or the newest ones, for a missing run, for a text, and for a folder of
    runs.
    """
    path = Path(run)
    if str(path).startswith(BUILTIN):
        return _find_builtin(str(path))
    below = RUNS / path
    if _exists(path):
        if path.is_dir():
            _refuse_folder(path, below)
        elif path.is_file() and not any_file:
            _refuse_file(path)
        return path
    if not path.is_absolute() and (is_run(below) or below.is_file()):
        return below
    raise RunError(f"{run}: no such {kind}{_similar(path)}")


def newest_run() -> Path:
    """The run in runs/ that was last written to. Raises RunError if there is none."""
    return _first([run for run in list_runs(Path(RUNS)) if run.state != "damaged"], "no run", at_once())


def at_once() -> str:
    """For the end of a message where there is no run: what writes without a training, if a model ships with charrnn."""
    return f"; without a training: charrnn sample {models[0]}" if (models := shipped_models()) else ""


def newest_unfinished_run(sources: Sequence[str] = (), also_finished: bool = False) -> Path:
    """The newest run in runs/ that can go on: it is stopped, or `also_finished` where it gets a new end. With
    `sources`, of those that were trained on them. Raises RunError if there is none.
    """
    states = ("stopped", "finished") if also_finished else ("stopped",)
    found = [run for run in list_runs(Path(RUNS)) if run.state in states]
    if sources:
        found = [run for run in found if is_trained_on(run.path, sources)]
    on = f" that was trained on {', '.join(sources)}" if sources else ""
    return _first(found, f"no {'' if also_finished else 'unfinished '}run{on}")


def newest_names() -> str:
    """The newest runs in runs/, for a message: `runs/harbour, runs/play`; empty if there is none."""
    return ", ".join(str(run.path) for run in list_runs(Path(RUNS))[:MAX_NAMED])


def is_trained_on(run: Path, sources: Sequence[str]) -> bool:
    """Whether the newest checkpoint of a run names these sources, all of them and no other, where they were or where
    they moved together with it.
    """
    try:
        header = read_last_header(run)
    except CheckpointError:
        return False
    places = recorded_places(header.record.text.sources, header.run_parent, run)
    return [*map(_real, sources)] in [[*map(_real, place)] for place in places]


def refuse_runs(sources: Sequence[str], advice: str = "name a text") -> None:
    """Raises TextError if a run is named in the place of a text: its path, or its name in runs/ where no text has it.
    `advice` may have `{run}` in it, which stands for its path.
    """
    for source in sources:
        path = Path(source)
        if not _exists(path):
            path = RUNS / path
            if "did you mean" in hint(source, sources, builtin_names()):  # a text of a like name is likelier
                continue
        if source and _exists(path) and (is_run(path) or (path.suffix == SUFFIX and path.is_file())):
            where = "" if path == Path(source) else f" ({path})"
            raise TextError(f"{source}: a run, not a text{where}; {advice.format(run=shell_word(str(path)))}")


def _find_builtin(name: str) -> Path:
    """A model that ships with the program. Raises RunError for a text, and for a name that does not exist."""
    models, texts = shipped_models(), [f"{BUILTIN}{text}" for text in builtin_names()]
    if name in models:
        return Path(name)
    if name in texts:
        raise RunError(f"{name}: a text, not a run{_trained_on(name)}")
    bare = {each.removeprefix(BUILTIN): each for each in (*models, *texts)}
    close = nearest(name.removeprefix(BUILTIN), bare)  # without the prefix, which makes any two alike
    hint = f"; did you mean {bare[close]}?" if close else ""
    raise RunError(
        f"{name}: no such built-in model; there are {', '.join(models) or 'none'}, and for a TEXT {', '.join(texts)}{hint}"
    )


def _first(runs: Sequence[RunSummary], missing: str, otherwise: str = "") -> Path:
    if runs:
        return runs[0].path
    others = newest_names()
    raise RunError(
        f"there is {missing} in {RUNS}/; "
        + (f"it holds {others}" if others else f"train one: charrnn train{otherwise}")
    )


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a NUL in the name
        return False


def _refuse_folder(path: Path, below: Path) -> None:
    """Raises RunError for a folder that holds runs, and for one that is none where runs/ has one of its name."""
    if is_run(path):
        return
    if not path.is_absolute() and is_run(below):
        raise RunError(f"{path}: a folder, not a run; did you mean {below}?")
    inside = [str(run.path) for run in _children(path)]
    if inside:
        raise RunError(f"{path}: a folder of runs, not a run; name one of them: {', '.join(inside[:MAX_NAMED])}")


def _refuse_file(path: Path) -> None:
    """Raises RunError for a file that is no checkpoint: a text, or another file of a run."""
    if is_run(path.parent) and path.suffix != SUFFIX:
        raise RunError(f"{path}: a file of a run; name the run: {path.parent}")
    if path.suffix != SUFFIX and not _begins_as_safetensors(path):
        raise RunError(f"{path}: a file, not a run{_trained_on(str(path))}")


def _begins_as_safetensors(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(SAFETENSORS_BYTES)[-1:] == b"{"
    except OSError:  # reading it as a checkpoint says why
        return True


def _trained_on(source: str) -> str:
    """For the end of a message about a text: the runs that were trained on it, or how to train one."""
    runs = [str(run.path) for run in list_runs(Path(RUNS)) if is_trained_on(run.path, [source])]
    if runs:
        return f"; trained on it: {', '.join(runs[:MAX_NAMED])}"
    return f"; to train one on it: {shell_command('charrnn train', source)}"


def _similar(path: Path) -> str:
    """For the end of a message about a missing run: one of a similar name, or the newest ones."""
    parent = Path(RUNS) if path.parent == Path() else path.parent
    runs = {str(run.path): run for run in _children(parent)}
    names = {run.path.name: name for name, run in runs.items()}
    if path.parent == Path():
        names = {model.removeprefix(BUILTIN): model for model in shipped_models()} | names
    if close := nearest(path.name, names):
        return f"; did you mean {names[close]}?"
    if not runs and parent != Path(RUNS):
        runs = {str(run.path): run for run in _children(Path(RUNS))}
        parent = Path(RUNS)
    return f"; runs in {parent}: {', '.join(run.name for run in [*runs.values()][:MAX_NAMED])}" if runs else ""


def _children(folder: Path) -> list[RunSummary]:
    """The runs in a folder, the newest first; those of sweeps only in runs/, because elsewhere a folder may be large."""
    if folder == Path(RUNS):
        return list_runs(folder)
    runs = [run for path in find_runs(folder, levels=1) for run in list_runs(path)]
    return sorted(runs, key=lambda run: (-run.changed, run.name))


def _real(source: str) -> str:
    absolute = absolute_source(source)
    return os.path.realpath(absolute) if os.path.isabs(absolute) else absolute
