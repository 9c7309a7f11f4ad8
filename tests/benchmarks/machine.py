"""Describe the machine that is measured."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

from charrnn.system.vector_extensions import vector_extensions


def describe() -> str:
    """Processor, cores, versions of Python and the compared packages, and what NumPy and its BLAS use of the processor."""
    versions = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch", "jax"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    kernels = {library.get("architecture", "?") for library in threadpool_info() if library["user_api"] == "blas"}
    used = f"BLAS kernel {', '.join(sorted(kernels))}; NumPy {' '.join(vector_extensions())}"
    return f"{_processor()}, {os.cpu_count()} cores; {', '.join(versions)}; {used}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [
            line.partition(":")[2].strip()
            for line in info.read_text("utf-8").splitlines()
            if line.startswith("model name")
        ]
        if info.exists()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()
