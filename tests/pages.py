"""What a page of `view` holds."""

import base64
import json
import re

import numpy as np


def data(html):
    """The JSON in it."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def unpacked(packed, dtype=np.uint8):
    """The numbers of a string in base64."""
    return np.frombuffer(base64.b64decode(packed), dtype)
