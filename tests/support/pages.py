"""Read the data of a page that `view` wrote."""

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
    """The JSON data of a page."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def unpacked(packed, dtype=np.uint8):
    """Decode an array from base64."""
    return np.frombuffer(base64.b64decode(packed), dtype)


def shown_by_node(path):
    """Run the page's script in Node.js; return what it shows. Skips the test without Node.js."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    done = subprocess.run([node, IN_NODE, path], capture_output=True, encoding="utf-8", check=True, timeout=60)
    return json.loads(done.stdout)
