"""What to type where an optional library is missing: for each way in which charrnn can have been installed."""

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest

from charrnn.errors import MissingLibraryError
from charrnn.system import optional_libraries
from charrnn.system.optional_libraries import install_command, missing_library
from charrnn.system.shell import shell_word

ROOT = Path(__file__).resolve().parents[2]
REQUIRES = [
    "numpy>=2.0",
    "matplotlib>=3.8; extra == 'plot'",
    "mpich>=4.3; (sys_platform != 'win32') and extra == 'mpi'",
]


def quoted(words):
    return " ".join(map(shell_word, words))


@pytest.fixture
def installed(monkeypatch):
    """A function that says how charrnn came here: the direct_url.json that an installer would write."""

    def install(origin=None):
        class Installed:
            requires = REQUIRES

            def read_text(self, name):
                return {"direct_url.json": origin and json.dumps(origin)}[name]

        monkeypatch.setattr(optional_libraries, "distribution", lambda name: Installed())

    monkeypatch.setattr(optional_libraries, "_installer", lambda: ["pip", "install"])
    return install


@pytest.mark.parametrize(("about", "editable"), [({}, []), ({"editable": True}, ["-e"])])
def test_what_came_from_a_folder_is_installed_from_there(installed, tmp_path, monkeypatch, about, editable):
    installed({"url": tmp_path.as_uri(), "dir_info": about})
    assert install_command("plot") == quoted(["pip", "install", *editable, f"{tmp_path}[plot]"])
    monkeypatch.chdir(tmp_path)
    assert install_command("plot") == quoted(["pip", "install", *editable, ".[plot]"])


def test_a_folder_with_spaces_and_other_letters_is_named_as_it_is(installed, tmp_path):
    folder = tmp_path / "Eigene Übungen"
    folder.mkdir()
    installed({"url": folder.as_uri(), "dir_info": {}})
    assert install_command("plot") == quoted(["pip", "install", f"{folder}[plot]"])


def test_what_came_from_a_wheel_is_installed_from_it(installed, tmp_path):
    wheel = tmp_path / "charrnn_numpy-0.1.0-py3-none-any.whl"
    wheel.touch()
    installed({"url": wheel.as_uri(), "archive_info": {}})
    assert install_command("plot") == quoted(["pip", "install", f"{wheel}[plot]"])


@pytest.mark.parametrize(
    "origin",
    [None, {"url": (ROOT / "no such folder").as_uri()}, {"url": "https://host/charrnn.git"}],
    ids=["index", "gone", "network"],
)
def test_elsewhere_the_libraries_themselves_are_named_and_never_charrnn(installed, origin):
    installed(origin)
    assert install_command("plot") == quoted(["pip", "install", "matplotlib>=3.8"])
    assert install_command("mpi") == quoted(["pip", "install", "mpich>=4.3"])


def test_what_runs_from_its_folder_is_installed_from_there(installed, monkeypatch, tmp_path):
    def missing(name):
        raise optional_libraries.PackageNotFoundError(name)

    monkeypatch.setattr(optional_libraries, "distribution", missing)
    monkeypatch.setattr(optional_libraries, "FOLDER", tmp_path / "charrnn")
    assert install_command("plot") == quoted(["pip", "install", f"{tmp_path}[plot]"])


@pytest.mark.parametrize(
    ("has_pip", "on_path", "command"),
    [
        (True, Path(sys.executable).parent / "pip", ["pip", "install"]),
        (True, Path("other", "bin", "pip"), [sys.executable, "-m", "pip", "install"]),
        (True, None, [sys.executable, "-m", "pip", "install"]),
        (False, None, ["uv", "pip", "install", "-p", sys.prefix]),
    ],
)
def test_it_installs_into_the_environment_that_charrnn_runs_in(monkeypatch, has_pip, on_path, command):
    monkeypatch.setattr(optional_libraries, "find_spec", lambda name: object() if has_pip else None)
    monkeypatch.setattr("shutil.which", lambda name: on_path and os.fspath(on_path))
    assert install_command("plot").startswith(quoted(command))


@pytest.mark.parametrize("reason", ["", ImportError("libmpi.so.12: cannot open")])
def test_a_missing_library_is_named_with_its_install_command(reason):
    error = missing_library("charrnn plot -o", "matplotlib", "plot", reason)
    assert isinstance(error, MissingLibraryError)
    found = f" ({reason})" if reason else ""
    assert str(error) == f"charrnn plot -o needs matplotlib: {install_command('plot')}{found}"


def test_every_extra_that_is_asked_for_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {"onnx", "plot", "write", "serve", "tensorboard", "mpi"} == set(extras) - {"test"}
