"""A server in this process for tests, and one as a process of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager

from foreground import in_foreground

from charrnn import api


@contextmanager
def client(*runs, page="<p>page", key="", cors="", **limits):
    """Starlette's test client of a service of these runs, named by the last part of their paths."""
    from starlette.testclient import TestClient

    from charrnn.server.app import Limits, Service
    from charrnn.server.listening import model_names

    models = dict(zip(model_names(runs), map(api.load, runs), strict=True))
    service = Service(models, Limits(**limits), page, key, cors)
    with TestClient(service.app, raise_server_exceptions=False) as made:
        made.service = service
        yield made


@contextmanager
def server(*arguments, **environment):
    """`charrnn serve ... --port 0`: the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "serve", *map(str, arguments), "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **environment},
        **in_foreground,
    )
    try:
        url = process.stdout.readline().strip()
        assert url, process.stderr.read()
        yield process, url
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
