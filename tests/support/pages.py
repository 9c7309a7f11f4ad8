"""What a page of `view` holds."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

IN_NODE = Path(__file__).parents[1] / "cli" / "page" / "page_in_node.js"


def data(html):
    """The JSON in it."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def unpacked(packed, dtype=np.uint8):
    """The numbers of a string in base64."""
    return np.frombuffer(base64.b64decode(packed), dtype)


def shown_by_node(path):
    """What the page's script shows of its text, and of each character; skips where there is no Node.js."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js, which is not here")
    done = subprocess.run([node, IN_NODE, path], capture_output=True, encoding="utf-8", check=True, timeout=60)
    return json.loads(done.stdout)
