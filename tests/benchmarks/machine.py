"""Describe the machine that is measured."""

import os
import platform

from charrnn.system.machine import blas_libraries, processor_name, versions_of
from charrnn.system.vector_extensions import vector_extensions


def describe() -> str:
    """Processor, cores, versions of Python and the compared packages, and what NumPy and its BLAS use of the processor."""
    found = versions_of(("numpy", "torch", "jax"))
    versions = [f"Python {platform.python_version()}", *(f"{name} {found[name] or 'not installed'}" for name in found)]
    used = f"BLAS {', '.join(library for library, _ in blas_libraries())}; NumPy {' '.join(vector_extensions())}"
    return f"{processor_name()}, {os.cpu_count()} cores; {', '.join(versions)}; {used}"
