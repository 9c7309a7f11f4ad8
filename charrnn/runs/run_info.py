"""What a run, or a single checkpoint, is: its configuration beside a recipe, its text, its history, its files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.config import resolve
from charrnn.config.schema import Config, SizedConfig
from charrnn.errors import CharrnnError, TextError
from charrnn.network.parameters import Parameters
from charrnn.package import BUILTIN, shipped_model
from charrnn.runs.catalogue import RunSummary, planned_steps, summarise
from charrnn.runs.finding import find_run
from charrnn.runs.planning.fine_tuning import network_settings
from charrnn.runs.planning.new_plan import fit_sizes
from charrnn.runs.recorded_text import find_text, recorded_places
from charrnn.runs.storage import directory
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.directory import LoadedCheckpoint
from charrnn.system.files.folder_handle import Folder

MAX_VERIFIED = 1 << 25  # characters of a text that is read again to compare its SHA-256
OWN_KEYS = ("runtime.threads",)  # decided for a machine, and never a part of a recipe


@dataclass(frozen=True)
class TextPlace:
    """Where the training text is now: `found` has its sources, or `problem` says why they were not found. A text that
    was too long to be read again is not `verified`.
    """

    found: tuple[str, ...] = ()
    verified: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Difference:
    """A key whose value is not the recipe's."""

    key: str
    value: Any
    recipe_value: Any


@dataclass(frozen=True)
class RunInfo:
    """A run directory, with a `summary` of its training, or a single checkpoint without one.

    `recipe` is the one that is nearest to the configuration, and `differences` what differs from it. `files` are the
    sizes in bytes.
    """

    path: Path
    loaded: LoadedCheckpoint
    summary: RunSummary | None
    steps: int | None
    parameters: int
    recipe: str
    differences: tuple[Difference, ...]
    text: TextPlace
    files: Mapping[str, int]

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint itself."""
        return self.loaded.checkpoint


def describe_run(run: str | Path) -> RunInfo:
    """A run directory with its last checkpoint, or a single checkpoint; a bare name is looked up in runs/. Takes no
    lock, and writes nothing.

    Raises RunError if there is none, and CheckpointError if it is damaged.
    """
    path = find_run(run)
    is_run = path.is_dir()
    loaded = directory.load(path, "last" if is_run else None)
    saved, summary = loaded.checkpoint, summarise(path) if is_run else None
    recipe, differences = compare_with_recipes(saved.config, saved.text.characters, saved.base is not None)
    return RunInfo(
        path=path,
        loaded=loaded,
        summary=summary,
        steps=summary.steps if summary else planned_steps(saved.config, saved.text.characters),
        parameters=_count_parameters(saved),
        recipe=recipe,
        differences=differences,
        text=find_place(saved),
        files=_file_sizes(path) if is_run else _file_size(shipped_model(path) or path),
    )


def compare_with_recipes(
    config: SizedConfig, characters: int, is_fine_tune: bool = False
) -> tuple[str, tuple[Difference, ...]]:
    """The recipe that is nearest to a configuration, with its sizes for a text of this length, and what differs. That
    of a fine-tune has the network of the base.
    """
    names = [name for name in resolve.recipe_names() if is_fine_tune or name != resolve.FINE_TUNE]
    usual = resolve.FINE_TUNE if is_fine_tune else resolve.DEFAULT
    network = network_settings(config) if is_fine_tune else None
    found = []
    for name in sorted(names, key=lambda name: (name != usual, name)):
        recipe = _fit(resolve.resolve(name, defaults=network).config, config, characters, is_fine_tune)
        found.append((name, _differences(config, recipe)))
    return min(found, key=lambda pair: len(pair[1]))


def find_place(saved: Checkpoint) -> TextPlace:
    """Where the training text of a checkpoint is now."""
    if saved.weights_only and not all(source.startswith(BUILTIN) for source in saved.text.sources):
        return TextPlace(problem="weights alone do not say where it is")
    if saved.text.characters > MAX_VERIFIED:
        for place in recorded_places(saved.text.sources, saved.run_parent, saved.folder):
            if all(os.path.exists(source) for source in place):
                return TextPlace(place)
    try:
        return TextPlace(find_text(saved)[0], verified=True)
    except CharrnnError as error:
        return TextPlace(problem=str(error))


def _differences(config: SizedConfig, recipe: SizedConfig) -> tuple[Difference, ...]:
    values = dict(resolve.flatten(recipe))
    return tuple(
        Difference(key, value, values[key])
        for key, value in resolve.flatten(config)
        if values[key] != value and key not in OWN_KEYS
    )


def _fit(recipe: Config, config: SizedConfig, characters: int, is_fine_tune: bool) -> SizedConfig:
    """A recipe with the sizes that it has for a text of this length, split as in `config`."""
    try:
        cuts = config.data.make_split().cut(characters, config.data.unit)
        length = cuts.slices * cuts.bounds[1]
    except TextError:
        length = characters
    return fit_sizes(recipe, max(2, length), is_fine_tune)[0]


def _count_parameters(saved: Checkpoint) -> int:
    """Parameters that learn or are frozen; biases that are held at 0 do not count."""
    architecture = saved.network.architecture
    shapes = architecture.shapes()
    return Parameters.size(shapes) - Parameters.size({name: shapes[name] for name in architecture.held_biases()})


def _file_size(path: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size}


def _file_sizes(run: Path) -> dict[str, int]:
    sizes = {}
    for name in Folder.at(run).names():
        path = run / name
        if path.is_file():
            sizes[name] = path.stat().st_size
    return sizes
