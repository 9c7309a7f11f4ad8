"""How much memory this machine has."""

import os
from contextlib import suppress
from pathlib import Path

CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of cgroups 2 and 1


def total_memory() -> int | None:
    """Bytes of memory of this machine, or of the container around this process if it may use fewer. None where the
    system does not say (Windows).
    """
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    for limit in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # no such file; or it says "max"
            total = min(total, int(Path(limit).read_text("ascii")))
    return total if total > 0 else None
