"""Real work on this system without what Windows lacks, with the same bytes; see support/without_posix.

Nothing here uses fork, an open file that is passed to a child, a held folder, flock, SIGHUP or a session.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from slow import mostly_exhaustive

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="takes away what only POSIX has"),
]
WITHOUT_POSIX = Path(__file__).parent / "support" / "without_posix"
TRAIN = [
    "train",
    "builtin:names",
    "-q",
    *["-s", "model.hidden_size=16", "-s", "runtime.threads=2", "-s", "training.batch_size=8"],
]
WINDOWS = {"PYTHONPATH": str(WITHOUT_POSIX)}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()


def start(*words, environment=WINDOWS, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    command = [sys.executable, "-m", "charrnn", *map(str, words)]
    return subprocess.Popen(command, env={**os.environ, **environment}, **pipes)


def charrnn(*words, code=0, given="", environment=WINDOWS):
    with start(*words, environment=environment) as process:
        out, err = process.communicate(given)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return out


def content(run):
    return {name: (Path(run) / f"{name}.safetensors").read_bytes() for name in ("best", "last", "previous")}


def test_it_is_really_taken_away():
    seen = (
        "import charrnn.system.platform_features as seen; print(seen.IS_WINDOWS, seen.CAN_HOLD_FOLDERS, seen.SUSPEND)"
    )
    assert (
        subprocess.check_output([sys.executable, "-c", seen], env={**os.environ, **WINDOWS}) == b"True False None\r\n"
    )


@mostly_exhaustive("stop", ["SIGINT", "SIGTERM"], one_in=2)
def test_a_training_on_two_cores_that_is_stopped_and_resumed_has_the_same_bytes(stop):
    """The training stops itself at the tenth step, by a signal as it comes from a terminal or a service manager."""
    charrnn(*TRAIN, "--steps", 30, "-o", "whole", environment={})
    stopping = (
        "import os, signal\nfrom charrnn.training.trainer import Trainer\nfrom charrnn.cli.main import main\n"
        "made, step = [], Trainer.step\n"
        "def stepping(*given):\n"
        f"    made.append(0) or (len(made) == 10 and os.kill(os.getpid(), signal.{stop}))\n"
        "    return step(*given)\n"
        "Trainer.step = stepping\nmain()\n"
    )
    words = [sys.executable, "-c", stopping, *TRAIN, "--steps", "30", "-o", "run"]
    ended = subprocess.run(words, env={**os.environ, **WINDOWS}, capture_output=True, text=True)
    assert ended.returncode == {"SIGINT": 130, "SIGTERM": 143}[stop], ended.stderr
    assert charrnn("train", "--resume", "run", "-q") == "run\n"
    assert content("run") == content("whole")
    written = charrnn("sample", "run", "-n", 200, "--seed", 3)
    assert written == charrnn("sample", "whole", "-n", 200, "--seed", 3, environment={})
    assert "\r" not in written
    assert os.listdir("temporary") == []


def test_a_sweep_of_two_jobs_at_once():
    grid = ["--grid", "training.seed=1,2", "--steps", 5, "--jobs", 2, "-s", "model.hidden_size=16"]
    assert charrnn("sweep", "default", "builtin:names", *grid, "-o", "s") in ("s/seed=1\n", "s/seed=2\n")
    charrnn("sweep", "default", "builtin:names", *grid, "-o", "p", environment={})
    for run in ("seed=1", "seed=2"):
        assert content(f"s/{run}") == content(f"p/{run}")


@pytest.mark.exhaustive
def test_all_other_commands_write_what_they_write_elsewhere():
    charrnn(*TRAIN, "--steps", 10, "-o", "run", environment={})
    Path("text.txt").write_text("Anna\nBert\nÉmile\n", "utf-8")
    for words, given in [
        (["write", "run", "-o", "scene.txt", "--seed", 1], "Ann\nBe\n"),
        (["view", "run", "text.txt", "-o", "page.html"], ""),
        (["export", "run", "--to", "html", "-o", "writer.html"], ""),
        (["export", "run", "-o", "plain.safetensors"], ""),
        (["eval", "run", "text.txt", "--json"], ""),
        (["score", "run", "-", "--json"], "Anna\r\n"),
        (["info", "run", "--json"], ""),
        (["runs", ".", "--json"], ""),
        (["gradflow", "run", "--lags", 5, "--positions", 1, "--json"], ""),
        (["plot", "run"], ""),
        (["schema"], ""),
    ]:
        found = []
        for environment in (WINDOWS, {}):
            written = Path(words[words.index("-o") + 1]) if "-o" in words else None
            out = charrnn(*words, given=given, environment=environment)
            found.append((out, written and written.read_bytes()))
            if written:
                written.unlink()
        assert found[0] == found[1], words


def test_a_server_answers_and_ends():
    charrnn(*TRAIN, "--steps", 10, "-o", "run", environment={})
    with start("serve", "run", "--port", "0") as server:
        url = server.stdout.readline().strip()
        body = json.dumps({"model": "run", "prompt": "Ann", "max_tokens": 5, "seed": 1}).encode()
        asked = urllib.request.Request(f"{url}/v1/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked) as answer:
            assert len(json.load(answer)["choices"][0]["text"]) == 5
        server.terminate()
        assert server.wait(20) in (-15, 143)
