"""What systems lack is named in one place, and what is done without it works."""

import ast
import os
import re
import runpy
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

import charrnn
from charrnn.cli.output import live_terminal
from charrnn.system import cores, memory, platform_features, signals
from charrnn.system.files import durable_files

TEST = 85  # the column in which the table names a test
ROOT, TESTS = Path(charrnn.__file__).parent, Path(__file__).parents[1]
PLACE = ROOT / "system" / "platform_features.py"
TABLE = [line for line in platform_features.__doc__.splitlines() if line.startswith("    ")][1:]
POSIX_ONLY = runpy.run_path(str(TESTS / "support" / "without_posix" / "posix_only.py"))
OTHER_MODULES = {*POSIX_ONLY["MODULES"], "_winapi", "ctypes", "msvcrt", "winreg"}
ATTRIBUTES = {(module, name) for module, names in POSIX_ONLY["NAMES"].items() for name in names.split()}
ATTRIBUTES |= {
    ("os", "name"),
    ("os", "supports_dir_fd"),
    ("sys", "platform"),
    ("os", "uname"),
    ("sys", "getwindowsversion"),
}
WORTH_A_LOOK = re.compile(  # to parse all takes seconds
    "|".join([r"attr\((os|signal|select|sys),", "from (os|signal|select|sys|platform) import", *OTHER_MODULES])
    + "".join(rf"|{module}\.{name}\b" for module, name in ATTRIBUTES)
)


def questions(tree):
    """Where a module asks which system it is on, or uses what only some have."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name("hasattr" | "getattr"), args=[ast.Name("os" | "signal" | "select" | "sys"), *_]
            ):
                yield ast.unparse(node)
            case ast.Attribute(value=ast.Name(module), attr=name) if (module, name) in ATTRIBUTES:
                yield ast.unparse(node)
            case ast.Import(names=names) if {each.name for each in names} & OTHER_MODULES:
                yield ast.unparse(node)
            case ast.ImportFrom(module=module, names=names):
                if module in OTHER_MODULES or {(module, each.name) for each in names} & ATTRIBUTES:
                    yield ast.unparse(node)


def named_modules():
    """The modules that the table names."""
    return {
        name for line in TABLE for name in re.findall(r"([\w/]+\.py)\b", line[:TEST]) if not name.startswith("test_")
    }


def test_no_other_module_asks_which_system_this_is():
    named = {each for name in named_modules() for each in ROOT.rglob(name)}
    sources = {path: path.read_text("utf-8") for path in ROOT.rglob("*.py") if path != PLACE}
    found = {path: [*questions(ast.parse(text))] for path, text in sources.items() if WORTH_A_LOOK.search(text)}
    assert {path: asked for path, asked in found.items() if asked and path not in named} == {}
    assert [*questions(ast.parse("from os import name\nimport fcntl\nhasattr(os, 'x')\nos.geteuid()\nsys.platform"))]


@pytest.mark.parametrize("name", sorted(named_modules()))
def test_every_module_that_the_table_names_asks(name):
    assert any([*questions(ast.parse(path.read_text("utf-8")))] for path in ROOT.rglob(name))


@pytest.mark.parametrize("line", [line for line in TABLE if line[TEST:].strip()])
def test_every_row_names_the_file_of_the_test_that_takes_it_away(line):
    names = re.findall(r"\w+", line[:28])
    test = (TESTS / f"{line[TEST:].strip()}.py").read_text("utf-8")
    assert any(name.lower() in test.lower() for name in names), line


def system(monkeypatch, **changes):
    """The constants on a system with other modules: {"os.name": "nt"}; None takes a name away."""
    for name, value in changes.items():
        if value is None:
            monkeypatch.delattr(name, raising=False)
        else:
            monkeypatch.setattr(name, value, raising=False)
    found = SimpleNamespace(**runpy.run_path(str(PLACE)))
    monkeypatch.undo()
    return found


@pytest.fixture
def windows(monkeypatch):
    """The constants on Windows."""
    monkeypatch.setattr(Path, "__new__", lambda cls, *parts: parts)  # it would look at os.name, too
    gone = dict.fromkeys(f"{module}.{name}" for module, name in ATTRIBUTES if name not in ("name", "platform"))
    there = {"os.name": "nt", "sys.platform": "win32", "os.supports_dir_fd": set(), "signal.SIGBREAK": 21}
    there |= {"subprocess.CREATE_NEW_PROCESS_GROUP": 512, "os.O_BINARY": 1 << 15, "os.O_TEMPORARY": 64}
    return system(monkeypatch, **gone | there)


def test_on_windows_every_feature_has_its_fallback(windows, tmp_path):
    assert (windows.CAN_HOLD_FOLDERS, windows.FOLDER_ONLY, windows.NO_LINK, windows.NO_WAIT) == (False, 0, 0, 1 << 15)
    assert not windows.CAN_REPLACE_OPEN_FILES
    assert not windows.CAN_WAIT_FOR_PIPES
    assert not windows.HAVE_OWNERS
    assert not windows.ENTRIES_KNOW_THEIR_DISK
    assert not windows.PASSES_FILES
    assert windows.GONE_AFTER_USE == 64
    assert windows.OWN_GROUP == {"creationflags": 512}
    assert windows.MOST_OPEN_FILES == 1024
    assert (windows.HANG_UP, windows.SUSPEND) == (21, None)
    assert (windows.STOP, windows.OPENER, windows.PYTHON) == ("taskkill /f /pid", "explorer", "python")


@pytest.mark.skipif(os.path.__name__ != "posixpath", reason="paths of POSIX cannot be made here")
@pytest.mark.parametrize(("platform", "opener"), [("linux", "xdg-open"), ("darwin", "open")])
def test_a_page_is_opened_as_the_system_does_it(monkeypatch, platform, opener):
    assert system(monkeypatch, **{"sys.platform": platform}).OPENER == opener


def test_each_name_can_be_missing_alone(monkeypatch):
    assert system(monkeypatch, **{"signal.SIGHUP": None, "signal.SIGBREAK": None}).HANG_UP is None
    assert system(monkeypatch, **{"signal.SIGTSTP": None}).SUSPEND is None
    assert system(monkeypatch, **{"os.sysconf": None}).MOST_OPEN_FILES == 1024
    assert system(monkeypatch, **{"os.sysconf": lambda name: -1}).MOST_OPEN_FILES == 1 << 16
    assert system(monkeypatch, **{"os.O_NOFOLLOW": None}).NO_LINK == 0


def test_a_child_in_a_group_of_its_own_is_out_of_reach_of_ctrl_c():
    if platform_features.IS_WINDOWS:
        pytest.skip("sessions of POSIX")
    with subprocess.Popen(["sleep", "9"], **platform_features.OWN_GROUP) as child:
        assert os.getpgid(child.pid) != os.getpgid(0)
        child.kill()


@pytest.mark.parametrize("hang_up", [None, signal.SIGINT])
def test_a_training_stops_without_sighup_too(monkeypatch, hang_up):
    code = Path(signals.__file__).read_text("utf-8").replace("HANG_UP\n", "HANG_UP as _\nHANG_UP = given\n", 1)
    found = {"given": hang_up, "__name__": "signals"}
    exec(compile(code, "signals", "exec"), found)
    assert signal.SIGTERM in found["SIGNALS"]
    assert None not in found["SIGNALS"]
    with found["graceful_stop"]() as stop:
        signal.raise_signal(signal.SIGTERM)
    assert stop.signal == signal.SIGTERM


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert cores.usable_cores() == {0, 1, 2}


def test_without_sysconf_the_memory_is_unknown(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert memory.total_memory() is None


def test_without_tcgetpgrp_every_program_is_in_the_foreground(monkeypatch):
    monkeypatch.delattr(os, "tcgetpgrp", raising=False)
    assert live_terminal.in_foreground(Console())


def test_f_fullfsync_of_macos_is_used_where_there_is_one_and_fsync_where_it_fails(monkeypatch, tmp_path):
    """It reaches the disk itself; fsync there only the cache of the drive."""
    asked = []

    def fcntl(descriptor, command):
        asked.append(command)
        if len(asked) > 1:
            raise OSError(22, "not on this volume")

    monkeypatch.setitem(os.sys.modules, "fcntl", SimpleNamespace(F_FULLFSYNC=51, fcntl=fcntl))
    macos = runpy.run_path(durable_files.__file__)
    monkeypatch.setattr(os, "fsync", lambda descriptor: asked.append("fsync"))
    with (tmp_path / "file").open("wb") as file:
        macos["flush"](file)
        assert asked == [51]
        macos["flush"](file)
        assert asked == [51, 51, "fsync"]
        monkeypatch.setitem(os.sys.modules, "fcntl", SimpleNamespace())
        runpy.run_path(durable_files.__file__)["flush"](file)
    assert asked[3:] == ["fsync"]
