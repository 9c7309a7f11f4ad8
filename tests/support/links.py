"""The mark of a test that makes symbolic links."""

import os

import pytest

needs_links = pytest.mark.skipif(os.name != "posix", reason="links of POSIX; on Windows few may make any")
