"""What the machine is, where the system says it and where it does not."""

import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

from charrnn.system import machine

ON_A_BOARD = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\n"  # of Arm, which has no model name


@pytest.mark.parametrize(
    ("content", "expected"),
    [("processor : 0\nmodel name\t: Quick 9000 @ 2 GHz \nflags : x\n", "Quick 9000 @ 2 GHz"), (ON_A_BOARD, "aarch64")],
)
def test_linux_lists_its_processors(monkeypatch, tmp_path, content, expected):
    (tmp_path / "cpuinfo").write_text(content, "utf-8")
    monkeypatch.setattr(machine, "CPU_LIST", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert machine.processor_name() == expected


@pytest.mark.parametrize(("said", "expected"), [("Apple M9\n", "Apple M9"), ("", "arm")])
def test_macos_is_asked(monkeypatch, tmp_path, said, expected):
    monkeypatch.setattr(machine, "CPU_LIST", tmp_path / "missing")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    monkeypatch.setattr(subprocess, "run", lambda asked, **_: subprocess.CompletedProcess(asked, 0, said))
    assert machine.processor_name() == expected


def test_a_macos_without_sysctl_and_windows_have_the_name_that_python_knows(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CPU_LIST", tmp_path / "missing")
    monkeypatch.setattr(platform, "processor", lambda: "Intel64 Family 6")
    monkeypatch.setenv("PATH", str(tmp_path))
    for system in ("Darwin", "Windows"):
        monkeypatch.setattr(platform, "system", lambda system=system: system)
        assert machine.processor_name() == "Intel64 Family 6"


def test_a_system_without_a_distribution_has_a_name(monkeypatch):
    def refuse():
        raise OSError("no os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", refuse)
    assert machine.system_name() == platform.platform()


def test_python_and_the_blas_are_described():
    assert machine.python_build().startswith(f"{platform.python_implementation()} {platform.python_version()} (")
    np.ones((2, 2)) @ np.ones((2, 2))
    [(library, threads), *_] = machine.blas_libraries()
    assert library.endswith(")")
    assert threads >= 1


def test_a_library_that_is_not_installed_has_no_version():
    assert machine.versions_of(["numpy", "no-such-library"]) == {"numpy": np.__version__, "no-such-library": None}


def test_only_the_home_folder_is_hidden(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert machine.without_home(tmp_path / "a" / "b") == str(Path("~/a/b"))
    assert machine.without_home(tmp_path.parent) == str(tmp_path.parent)
    monkeypatch.setattr(Path, "home", lambda: Path(tmp_path.anchor))
    assert machine.without_home(tmp_path) == str(tmp_path)


def test_a_user_without_a_home_is_no_problem(monkeypatch, tmp_path):
    def refuse():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", refuse)
    assert machine.without_home(tmp_path) == str(tmp_path)
