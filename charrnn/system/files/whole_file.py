"""A file of the user's, written whole or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from charrnn.system.files.folder_handle import SIDE, Folder
from charrnn.system.files.output_names import refuse_shipped


@contextmanager
def whole_file(path: Path, replace: bool = True) -> Iterator[IO[bytes]]:
    """Like Folder.whole_file, in a folder that is not charrnn's: nothing else in it is touched. Raises OutputError for
    a folder that ships with the program.
    """
    refuse_shipped(path)
    side = f".charrnn-{secrets.token_hex(8)}{SIDE}"
    with Folder(path.parent) as folder, folder.whole_file(path.name, side=side, replace=replace) as file:
        yield file
