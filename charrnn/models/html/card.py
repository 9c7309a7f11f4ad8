"""A few facts in a table, with a heading and a picture."""

from collections.abc import Mapping
from html import escape

from charrnn.text.characters.printable import printable_line


def card(heading: str, facts: Mapping[str, str], picture: str = "") -> str:
    """HTML of a heading, a row for each fact, and a `picture` that is HTML already.

    >>> card("a <b>", {"cell": "gru"})
    '<div><b>a &lt;b&gt;</b><table><tr><td>cell</td><td>gru</td></tr></table></div>'
    """
    rows = "".join(f"<tr><td>{_text(name)}</td><td>{_text(value)}</td></tr>" for name, value in facts.items())
    return f"<div><b>{_text(heading)}</b><table>{rows}</table>{picture}</div>"


def _text(text: str) -> str:
    return escape(printable_line(text))
