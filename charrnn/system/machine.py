"""What this machine is: for reports of faults, and beside figures that were measured on it."""

import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from charrnn.system.blas_threads import loaded_blas

CPU_LIST = Path("/proc/cpuinfo")  # of Linux
REQUIRED = ("typer", "rich", "pyyaml", "pydantic", "threadpoolctl", "platformdirs")
OPTIONAL = ("matplotlib", "prompt_toolkit", "starlette", "uvicorn", "onnx", "tensorboardX", "mpi4py", "mpich")


def processor_name() -> str:
    """The processor as its maker calls it; where the system does not say, its architecture."""
    with suppress(OSError):
        if found := re.search(r"^model name\s*: (.+)$", CPU_LIST.read_text("utf-8", "replace"), re.MULTILINE):
            return found[1].strip()
    if platform.system() == "Darwin":
        with suppress(OSError):
            asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
            if said := subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip():
                return said
    return platform.processor() or platform.machine()


def system_name() -> str:
    """The operating system with its version; of Linux also the distribution."""
    with suppress(OSError):
        return f"{platform.platform()}, {platform.freedesktop_os_release()['PRETTY_NAME']}"
    return platform.platform()


def python_build() -> str:
    """Python's implementation, version, build and compiler, and the bits of an address."""
    build, date = platform.python_build()
    bits = 64 if sys.maxsize > 1 << 32 else 32
    name = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{name} ({build}, {date}), {platform.python_compiler()}, {bits} bits"


def blas_libraries() -> list[tuple[str, int]]:
    """Each BLAS that is loaded, with its version and its kernel, and how many threads it may use."""
    return sorted(
        (f"{found['internal_api']} {found['version']} ({found.get('architecture')})", found["num_threads"])
        for found in loaded_blas().info()
    )


def versions_of(libraries: Iterable[str]) -> dict[str, str | None]:
    """The version of each library; None where it is not installed."""
    found: dict[str, str | None] = {}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return found


def without_home(path: Path) -> str:
    """A path in which ~ stands for the home folder, whose name is often that of a person.

    >>> without_home(Path.home() / "texts") == str(Path("~/texts"))
    True
    """
    with suppress(RuntimeError, ValueError):  # there is no home, or the path is not below it
        home = Path.home()
        if home != Path(home.anchor):
            return str("~" / path.relative_to(home))
    return str(path)
