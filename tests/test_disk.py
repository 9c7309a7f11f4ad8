"""Files are written only in the run directory and the documented cache, with the permissions that the user set."""

import json
import os
import stat
import subprocess
import sys

import pytest

# Every path that the process opens for writing, makes, renames or removes.
WATCH = """
import json, os, sys
seen = []
PATHS = {"os.mkdir": 1, "os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 1, "shutil.rmtree": 1, "tempfile.mkstemp": 1}

def where(name, folder):
    "An absolute path, of a name that may be relative to an open folder."
    return os.path.abspath(name if folder == -1 else os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name))

real_open = os.open

def open_in_a_folder(path, flags, mode=0o777, *, dir_fd=None):
    "The audit event does not name the folder."
    if dir_fd is not None:
        path, dir_fd = where(path, dir_fd), None
    return real_open(path, flags, mode)

os.open = open_in_a_folder

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        mode, flags = arguments[1], arguments[2]
        if (mode and set(mode) & set("wax+")) or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen.append(os.path.abspath(os.fsdecode(arguments[0])))
    elif event in PATHS:
        names = [os.fsdecode(name) for name in arguments[:PATHS[event]]]
        folders = arguments[-len(names):] if event.startswith("os.") else [-1]
        seen.extend(event + " " + where(name, folder) for name, folder in zip(names, folders))

sys.dont_write_bytecode = True
sys.addaudithook(watch)
from charrnn.cli.app import main
try:
    main()
finally:
    print(json.dumps(seen), file=sys.__stderr__)
"""
SMALL = [
    "-s",
    "model.hidden_size=8",
    "-s",
    "training.batch_size=4",
    "-s",
    "training.sequence_length=8",
    "-s",
    "training.eval_every=5",
]


@pytest.fixture
def watched(tmp_path):
    """Run a command in an empty home; return the paths that it wrote to."""
    places = {name: tmp_path / name for name in ("home", "cache", "tmp", "work")}
    for place in places.values():
        place.mkdir()
    environment = {
        **os.environ,
        "HOME": str(places["home"]),
        "XDG_CACHE_HOME": str(places["home"]),
        "CHARRNN_CACHE_DIR": str(places["cache"]),
        "TMPDIR": str(places["tmp"]),
    }

    def run(*arguments, stdin=b""):
        command = [sys.executable, "-c", WATCH, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=places["work"], env=environment, input=stdin, capture_output=True, timeout=100
        )
        assert done.returncode == 0, done.stderr.decode()
        for place in ("home", "tmp"):
            assert not list(places[place].iterdir())
        allowed = (
            str(places["cache"]),
            str(places["work"] / "r"),
            str(places["tmp"]),  # which is empty again
            "/dev/shm/charrnn-",
            "/dev/null",
        )
        paths = [path.rpartition(" ")[2] for path in json.loads(done.stderr.splitlines()[-1])]
        assert [path for path in paths if not path.startswith(allowed)] == []
        return places

    return run


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="shared memory is a folder on Linux alone")
@pytest.mark.slow
def test_a_training_writes_its_directory_and_nothing_else(watched, text_file):
    watched("train", text_file, "-o", "r", *SMALL, "--steps", "20", "-s", "runtime.threads=2")
    watched("train", "--resume", "r", "--steps", "25")
    places = watched("sample", "r", "-n", "10")
    assert {path.name for path in places["work"].iterdir()} == {"r"}
    assert not list(places["cache"].iterdir())


@pytest.mark.slow
def test_measuring_for_a_time_uses_the_temporary_folder_alone(watched):
    text = b"the cat sat on the mat. a dog ran.\n" * 40_000
    few = ("-s", "runtime.threads=1", "-s", "training.eval_characters=1000")
    places = watched("train", "-", "-o", "r", *SMALL, "--time", "3s", *few, stdin=text)
    assert not list(places["cache"].iterdir())


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("umask", [0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path, text_file, tiny_config, umask, monkeypatch):
    from charrnn import api
    from charrnn.text import cache, source_text

    monkeypatch.setattr(source_text, "IN_MEMORY", 100)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    before = os.umask(umask)
    try:
        list(api.start(api.plan([str(text_file)], tiny_config), tmp_path / "run").events())
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()}
    assert len(found) == 6
    assert set(found.values()) == {0o666 & ~umask}
    (kept,) = cache.folder().iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, kept.parent)] == [0o600, 0o700]  # the user's own
