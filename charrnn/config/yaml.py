"""YAML as people expect it: `5e-5` is a number, `010` is ten, `on` is a word, and every value knows its line.

PyYAML follows YAML 1.1, where `5e-5` is a string, `010` is 8, `12:30` is 750 and `on` is true. This module follows YAML
1.2. It builds only plain data, nothing longer or deeper than a configuration needs, and no lists or mappings by alias:
aliases can make a short file expand to a huge value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from charrnn.errors import ConfigError

MAX_DEPTH = 4
MAX_CHARS = 1 << 16
MAX_KEY_CHARS = 80
OTHER_LINE_ENDS = "\x85\u2028\u2029"
# PyYAML raises the last three for a tag that does not suit its value, such as `!!bool foo`.
UNREADABLE = (yaml.YAMLError, ValueError, RecursionError, KeyError, AttributeError, TypeError)
Path = tuple[str | int, ...]


@dataclass
class Document:
    """A mapping, the line of each of its keys, and the mistakes in it: (path, line, message)."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[tuple[Path, int, str]] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own design)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node. Raises YAMLError for an alias of more than a single value."""
        mark = self.peek_event().start_mark if self.check_event(yaml.AliasEvent) else None  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if mark and not isinstance(node, yaml.ScalarNode):
            raise yaml.composer.ComposerError(None, None, "an alias must stand for a single value", mark)
        return node


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes text which _Loader would not read as text."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Double quotes for text with line ends of Unicode: PyYAML's single quotes would change them."""
    style = '"' if any(character in text for character in OTHER_LINE_ENDS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("null", "~|null|Null|NULL|", "~nN")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])
_resolve("int", "[-+]?[0-9]+", "-+0123456789")
_resolve(
    "float",
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "-+.0123456789",
)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
_Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda _, node: float(re.sub(r"\.(?=inf|nan)", "", node.value.lower()))
)


def scalar(text: str) -> Any:
    """One value as in a file. Raises ConfigError if it is not YAML."""
    _require_short(text, "a value")
    try:
        return yaml.load(text, _Loader)
    except UNREADABLE as error:
        raise ConfigError(f"{text[:80]!r} is not a value that YAML can read: {_first_line(error)}") from None


def dump(values: Mapping[str, Any]) -> str:
    """A mapping as YAML that `parse` reads back to the same mapping."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def parse(text: str, name: str) -> Document:
    """Read a mapping; messages begin with `name`. Raises ConfigError if the text is not YAML or not a mapping."""
    document = Document(name)
    _require_short(text, name)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None and node.tag != "tag:yaml.org,2002:null":
            if not isinstance(node, yaml.MappingNode):
                kind = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
                raise ConfigError(f"{name}: a configuration is a mapping (key: value); found {kind}")
            document.values = _mapping(loader, node, (), document)
        return document
    except UNREADABLE as error:
        raise ConfigError(f"{name}: not YAML: {_first_line(error)}{_where(error)}") from None


def _mapping(loader: _Loader, node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if len(key) > MAX_KEY_CHARS:
            raise ConfigError(f"{document.name}:{line}: a key of {len(key):,} characters: {key[:MAX_KEY_CHARS]}...")
        if key in values:
            first = document.lines[(*path, key)]
            document.mistakes.append(((*path, key), line, f"written twice; the first is in line {first}"))
            continue
        document.lines[(*path, key)] = line
        values[key] = _value(loader, value_node, (*path, key), document)
    return values


def _value(loader: _Loader, node: yaml.Node, path: Path, document: Document) -> Any:
    if len(path) >= MAX_DEPTH:
        raise ConfigError(f"{document.name}:{node.start_mark.line + 1}: {'.'.join(map(str, path))}: nested too deeply")
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, index), document) for index, item in enumerate(node.value)]
    return loader.construct_object(node)


def _require_short(text: str, name: str) -> None:
    if len(text) > MAX_CHARS:
        raise ConfigError(f"{name}: {len(text):,} characters; a configuration has at most {MAX_CHARS:,}")


def _first_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""


def flatten(values: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each leaf of nested mappings with its path."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, (*path, key))
        else:
            yield (*path, key), value
