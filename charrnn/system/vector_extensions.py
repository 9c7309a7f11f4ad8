"""What a processor can compute with many numbers at once."""

import numpy as np

AVX2, AVX512 = ("X86_V3", "AVX2"), ("X86_V4", "AVX512_SKX")  # NumPy's names: since 2.4, and before


def vector_extensions() -> list[str]:
    """The names of those that NumPy found here and has code for, beyond what it always needs; there may be none."""
    extensions = np.show_config(mode="dicts").get("SIMD Extensions", {})  # NumPy leaves out what is empty
    return list(extensions.get("found", []))
