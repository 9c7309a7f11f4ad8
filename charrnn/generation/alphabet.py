"""Which characters may be written: a class of them by name, or those given."""

from collections.abc import Callable

import numpy as np

from charrnn.errors import SamplingError
from charrnn.network.arrays import Array
from charrnn.text.vocabulary import UNKNOWN, Vocabulary

CLASSES: dict[str, Callable[[str], bool]] = {
    "letters": str.isalpha,
    "lowercase": str.islower,
    "uppercase": str.isupper,
    "digits": str.isdigit,
    "space": str.isspace,
    "ascii": str.isascii,
}
ASCII = 128  # bytes that are characters by themselves


def forbidden(vocabulary: Vocabulary, only: str | None = None) -> Array | None:
    """True for each symbol that is not to be written, (V,): the unknown one, and with `only`, the name of a class or
    characters, all others; but a document may always end. None where every symbol may be.

    Of bytes, those that are characters by themselves: ASCII's. Raises SamplingError where nothing would be left.
    """
    left_out = np.array([symbol == UNKNOWN or not _wanted(symbol, only) for symbol in vocabulary.symbols])
    if vocabulary.unit == "byte" and only is not None:
        left_out[ASCII:] = True
        if not only.isascii():
            raise SamplingError(
                f"--only {only!r}: a model of bytes can be held to ASCII characters alone; name some of them"
            )
    if vocabulary.end_id is not None:
        left_out[vocabulary.end_id] = left_out[: vocabulary.end_id].all()
    if left_out.all():
        raise SamplingError(
            f"--only {only!r}: the model knows none of these; name characters, or one of {', '.join(CLASSES)}"
        )
    return left_out if left_out.any() else None


def _wanted(symbol: str, only: str | None) -> bool:
    if only is None:
        return True
    return CLASSES[only](symbol) if only in CLASSES else symbol in only
