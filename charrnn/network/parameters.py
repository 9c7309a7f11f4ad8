"""All parameters of a network as one flat vector with named views into it.

Optimizers, clipping and communication see the vector; the equations see the names.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import DTypeLike

from charrnn.errors import NetworkError
from charrnn.network.arrays import Array

Shapes = Mapping[str, tuple[int, ...]]


class Parameters:
    """`flat`, (P,), and for each name a view of its part in its own shape. Gradients have the same form.

    >>> p = Parameters({"W": (2, 2), "b": (2,)})
    >>> p["b"][:] = 1
    >>> p.flat.tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    """

    def __init__(self, shapes: Shapes, dtype: DTypeLike = np.float32, flat: Array | None = None) -> None:
        """All zeros, or views into an existing vector, (P,)."""
        self.shapes = dict(shapes)
        self.flat: Array = np.zeros(self.size(shapes), dtype) if flat is None else flat
        ends = np.cumsum([math.prod(shape) for shape in self.shapes.values()]).tolist()
        self._places = {
            name: slice(start, end) for name, start, end in zip(self.shapes, [0, *ends], ends, strict=False)
        }
        self._views = {name: self.flat[place].reshape(self.shapes[name]) for name, place in self._places.items()}

    @staticmethod
    def size(shapes: Shapes) -> int:
        """P: the length of the vector."""
        return sum(map(math.prod, shapes.values()))

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def place(self, name: str) -> slice:
        """The part of the vector that holds a parameter."""
        return self._places[name]

    def items(self) -> Iterator[tuple[str, Array]]:
        """Name and view, in the order of the vector."""
        yield from self._views.items()

    def __len__(self) -> int:
        return len(self.flat)

    def zeros_like(self) -> "Parameters":
        """The same names and shapes, all zeros: a buffer for a gradient."""
        return Parameters(self.shapes, self.flat.dtype)

    def __reduce__(self) -> tuple[type["Parameters"], tuple[object, ...]]:
        return Parameters, (self.shapes, self.flat.dtype, self.flat)  # views would become copies

    def astype(self, dtype: DTypeLike) -> "Parameters":
        """A copy in another precision."""
        copy = Parameters(self.shapes, dtype)
        copy.flat[:] = self.flat
        return copy

    def load(self, arrays: Mapping[str, Array]) -> None:
        """Copy the values of `arrays`. Raises NetworkError where names or shapes differ."""
        for name, view in self.items():
            if name not in arrays:
                raise NetworkError(f"the weights lack {name}, {view.shape}")
            if arrays[name].shape != view.shape:
                raise NetworkError(f"{name} has shape {arrays[name].shape}; this network needs {view.shape}")
            view[:] = arrays[name]
