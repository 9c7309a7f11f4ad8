"""The kinds of cells as a message lists them."""

from charrnn.network.architecture import CELLS

ONE_OF_THE_CELLS = f"{', '.join(map(repr, CELLS[:-1]))} or {CELLS[-1]!r}"
