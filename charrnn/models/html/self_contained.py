"""A page in one file, which loads nothing and sends nothing.

Its policy runs no script and no style but its own, named by their SHA-256; its data are in JSON that cannot end its
element.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template

import numpy as np

from charrnn.network.arrays import Array
from charrnn.text.characters.printable import printable_line

ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def self_contained(package: str, title: str, about: str, data: object, scripts: Sequence[str] = ("page.js",)) -> str:
    """The page.html of a package in the frame that all pages have, with the package's page.css and its scripts."""
    style = _asset(__package__, "shared.css") + _asset(package, "page.css")
    script = "\n".join([_asset(__package__, "shared.js"), *(_asset(package, name) for name in scripts)])
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Template(_asset(__package__, "shared.html")).substitute(
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
        title=html.escape(printable_line(title)),
        about=html.escape(printable_line(about)),
        style=style,
        body=_asset(package, "page.html"),
        script=script,
        data=ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", packed),
    )


def to_base64(values: Array) -> str:
    """The bytes of an array, row after row."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _asset(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text("utf-8")
