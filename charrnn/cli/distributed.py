"""The communicator of a training: this process alone, or the ranks that mpiexec or srun started.

Only the first rank tells anything; an error that all meet is told once, by the first, and one that a single rank meets by itself,
before it ends all.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from charrnn.errors import CharrnnError, MissingLibraryError, RunError, missing_library
from charrnn.system.mpi_environment import rank_and_size
from charrnn.text.characters.printable import UNSAFE, printable_line
from charrnn.training.parallel.communicator import Communicator

# Seconds for the other ranks to come to the same end; after an interrupt, which reaches them too.
ERROR_WAIT_SECONDS, INTERRUPT_WAIT_SECONDS = 10.0, 1.0
INTERRUPTED = 130


@contextmanager
def communicator() -> Iterator[Communicator]:
    """Within: the communicator of a training. An error that this rank alone meets ends all of them.

    Raises MissingLibraryError where mpiexec has started several, and mpi4py is missing; RunError where its MPI knows of fewer.
    """
    size = rank_and_size()[1]
    if size == 1:
        yield Communicator()
        return
    try:
        from charrnn.training.parallel.mpi import MPICommunicator
    except (ImportError, RuntimeError) as error:  # mpi4py is missing, or the MPI that it wants
        raise missing_mpi(error) from None
    found = MPICommunicator()
    if found.size != size:  # each would train by itself, and write the same run
        raise RunError(
            f"{size} ranks were started, and MPI knows of {found.size}; start them with the mpiexec of the MPI that mpi4py has, "
            "or with srun --mpi=pmi2"
        )
    try:
        yield found
    except BaseException as error:
        if not found.barrier(ERROR_WAIT_SECONDS if isinstance(error, Exception) else INTERRUPT_WAIT_SECONDS):
            found.abort(_exit_code(found.name, error))
        raise


def missing_mpi(error: Exception) -> MissingLibraryError:
    """The error of several ranks without mpi4py, or without the MPI that it looks for."""
    return missing_library("training with several ranks", "mpi4py and an MPI", "mpi", error)


def _exit_code(name: str, error: BaseException) -> int:
    """With which all end; an error that is no interrupt is told."""
    from charrnn.cli.output.console import print_error

    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    if not isinstance(error, Exception):
        return INTERRUPTED
    told = str(error) if isinstance(error, CharrnnError) else f"{type(error).__name__} {error}"
    print_error(f"{name}: {told.splitlines()[0] if told else 'ended'}")
    return 1


@contextmanager
def resume_hint_if_killed(ranks: Communicator, run: Path) -> Iterator[None]:
    """Within: where a rank is killed, and the launcher kills the others, the first still says how to go on."""
    if ranks.size == 1 or ranks.rank:
        yield
        return
    with message_if_killed(
        "error: a rank has ended without the others; what was saved is whole: go on with --resume ", run
    ):
        yield


WATCHER_SCRIPT = """
import os, re, sys
if not sys.stdin.buffer.read():
    try:
        place = os.getcwd()
    except OSError:
        place = sys.argv[2]
    place = re.sub(sys.argv[3], "?", place)
    sys.stderr.write(sys.argv[1] + place + chr(10))
"""


@contextmanager
def message_if_killed(message: str, folder: Path) -> Iterator[None]:
    """Within: if this process is killed, the message goes to stderr, with where the folder is by then. However else it ends, it
    does not.
    """
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        WATCHER_SCRIPT,
        printable_line(message),
        str(folder),
        UNSAFE.pattern,
    ]
    child = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        with suppress(OSError):  # it may have been killed first
            child.communicate(b"ended")
