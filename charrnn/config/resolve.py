"""A configuration from its layers: default < file < --set < dedicated option, with the origin of each value.

All mistakes are reported at once, each with its file and line or its option.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import ValidationError

from charrnn.config import sizing, typed_values, yaml
from charrnn.config.problems import MAX_PROBLEMS, ConfigProblem, describe, format_problems
from charrnn.config.schema import Config
from charrnn.errors import ConfigError
from charrnn.package import shipped
from charrnn.system.files.plain_files import open_plain
from charrnn.system.platform_features import IS_WINDOWS
from charrnn.text.reading.encodings import absolute_entry
from charrnn.words import did_you_mean, parameter

Origins = dict[str, str]
"""Dotted key -> where its value came from; a key that is missing has its default."""

ConfigType = TypeVar("ConfigType", bound=Config)

DEFAULT = "default"  # the recipe that `train` uses if none is named
FINE_TUNE = "finetune"  # and with the weights of another run
MAX_FILE_BYTES = 4 * yaml.MAX_CHARS  # bytes

OptionValues = Mapping[str, tuple[str, Any]]
"""Dotted key -> the option's name and its value."""


@dataclass(frozen=True)
class ResolvedConfig:
    """A valid configuration, and the origin of each value that is not a default."""

    config: Config
    origins: Origins

    def origin(self, key: str) -> str:
        """Where the value of a dotted key came from."""
        return self.origins.get(key, "default")


def resolve(
    file: str | None = None,
    settings: Sequence[str] = (),
    options: OptionValues | None = None,
    defaults: OptionValues | None = None,
) -> ResolvedConfig:
    """Merge the layers. `settings` are KEY=VALUE as typed (see typed_values.py); `defaults` replace the built-in ones,
    and override those of DEFAULT and FINE_TUNE.

    Raises ConfigError with every mistake found, one a line.
    """
    values: dict[str, Any] = {}
    origins: Origins = {}
    problems: list[ConfigProblem] = []
    if file is not None:
        path = find_config(file)
        document = yaml.parse(_read(path), str(path))
        values = document.values
        origins.update((_join(key), f"{path}:{line}") for key, line in document.lines.items())
        problems += [(f"{path}:{line}", f"{_join(key)}: {message}") for key, line, message in document.mistakes]
    _fill(values, origins, defaults or {}, over=file in (DEFAULT, FINE_TUNE))
    given = [*_settings(settings), *_options(options or {})]
    return ResolvedConfig(_validate(Config, values, origins, problems, given), origins)


def override(config: ConfigType, options: OptionValues) -> ConfigType:
    """A copy of a configuration with some dotted keys set. Raises ConfigError."""
    return _validate(type(config), config.model_dump(), {}, [], _options(options))


def with_encodings(resolved: ResolvedConfig, given: Sequence[str]) -> ResolvedConfig:
    """A copy with further encodings of the text: NAME or FILE=NAME each. Raises ConfigError."""
    if not given:
        return resolved
    entries = list(resolved.config.data.with_encodings([*map(absolute_entry, given)]).encoding)
    origin = parameter("encoding")
    config = override(resolved.config, {"data.encoding": (origin, entries[0] if len(entries) == 1 else entries)})
    return ResolvedConfig(config, {**resolved.origins, "data.encoding": origin})


def _fill(values: dict[str, Any], origins: Origins, defaults: OptionValues, over: bool) -> None:
    """Add the defaults for keys that a file does not set, or for all keys, if `over`. A section with nothing in it sets
    nothing, and neither does null for a size that the text would decide.
    """
    for section in Config.model_fields:
        if values.get(section, {}) is None:
            del values[section]
    for key, (origin, value) in defaults.items():
        section, name = key.split(".")
        below = values.setdefault(section, {})
        if not isinstance(below, dict):
            continue
        if over or name not in below or (below[name] is None and key in sizing.KEYS):
            below[name], origins[key] = value, origin


def _validate(
    kind: type[ConfigType],
    values: dict[str, Any],
    origins: Origins,
    problems: list[ConfigProblem],
    settings: list[tuple[str, str, Any]],
) -> ConfigType:
    """Add the settings to the values and to the origins, and build the configuration. Raises ConfigError."""
    for key, origin, value in settings:
        problems += _put(values, key, value, origin)
        below = yaml.flatten(value, (key,)) if isinstance(value, dict) else [((key,), value)]
        origins |= {_join(path): origin for path, _ in below}
    omitted = 0
    try:
        config = kind.model_validate(values)
    except ValidationError as error:
        errors = error.errors()
        problems += [describe(details, origins, known_keys()) for details in errors[:MAX_PROBLEMS]]
        omitted = len(errors[MAX_PROBLEMS:])
    if problems:
        raise ConfigError(format_problems(problems, omitted))
    return config


def find_config(name: str) -> FilePath:
    """The file of a configuration: a path, or the name of a shipped one with or without .yaml; DEFAULT and FINE_TUNE are
    always the shipped ones.

    Raises ConfigError.
    """
    path = FilePath(name)
    if path.is_file() and name not in (DEFAULT, FINE_TUNE):
        return path
    *folders, recipe = (name.replace("\\", "/") if IS_WINDOWS else name).split("/")
    shipped_path = shipped("configs") / f"{recipe.removesuffix('.yaml')}.yaml"
    if shipped_path.is_file() and folders in ([], ["configs"]):
        return shipped_path
    if path.is_dir():
        raise ConfigError(
            f"{parameter('config')} {name}: a folder, not a file; name a YAML file, or a configuration that charrnn has"
        )
    if path.exists():
        _read(path)  # raises: it is not a plain file
    known = recipe_names()
    raise ConfigError(
        f"{parameter('config')} {name}: no such file, and no configuration of that name; there are {', '.join(known)}{did_you_mean(name, known)}"
    )


def recipe_names() -> list[str]:
    """The names of the shipped configurations."""
    return sorted(path.stem for path in shipped("configs").glob("*.yaml"))


def to_yaml(config: Config) -> str:
    """The configuration as YAML that `resolve` reads back to the same one."""
    return yaml.dump(config.model_dump(mode="json"))


def flatten(config: Config) -> Iterator[tuple[str, Any]]:
    """Yield each dotted key with its value, in the order of the tree."""
    for path, value in yaml.flatten(config.model_dump(mode="json")):
        yield _join(path), value


def known_keys() -> list[str]:
    """All dotted keys."""
    return [key for key, _ in flatten(Config())]


def _read(path: FilePath) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: {path.stat().st_size:,} bytes; a configuration has at most {MAX_FILE_BYTES:,}")
        with open_plain(path) as file:
            return file.read(MAX_FILE_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None


def _settings(settings: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise ConfigError(
                f"{parameter('settings')} {setting}: must be KEY=VALUE, for example model.hidden_size=128"
            )
        yield key.strip(), parameter("settings"), typed_values.value(key.strip(), text)


def _options(options: OptionValues) -> list[tuple[str, str, Any]]:
    return [(key, name, value) for key, (name, value) in options.items()]


def _put(values: dict[str, Any], key: str, value: Any, origin: str) -> list[ConfigProblem]:
    """Set a dotted key in nested mappings. Returns a problem if a part of the key is not a mapping."""
    *way, last = key.split(".")
    for part in way:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            return [(origin, f"{key}: {part} is a value, not a section")]
    if isinstance(value, dict) and isinstance(values.get(last), dict):
        values[last] |= value
    else:
        values[last] = value
    return []


def _join(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))
