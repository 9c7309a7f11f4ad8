"""B streams read side by side, cut into (T, B) windows.

The text is divided into B streams of equal length n = (characters - 1) // B: stream b starts at character b n.
Window w holds characters w T ... w T + T - 1 of every stream, and as targets the same characters one later. The
state after one window is that before the next; when the streams wrap round to their start, it is reset.

A network that has always read on may never have learned to begin: units that latched on long ago identify the stream,
and from a zero state the network can fall into a mode from which it does not recover. So the state of each stream may
also be reset before any window, with a given probability.

Where the text is a list of documents, `reset_mask` marks the steps that read the end of one: there the next begins, and
the stream's state is reset before it, in the middle of a window too.

With a stride k1 < T = k2 this is Williams and Peng's truncated BPTT(k2; k1) (1990): the first window of the streams is
as above; each that follows begins k1 characters after the one before, from the state there, and only its last k1
characters are new: the loss is on them, and gradients reach T steps back. k1 = T is the ordinary case.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.vocabulary import Ids
from charrnn.words import plural

Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Window:
    """T steps of B streams, all or some of the streams of a training."""

    inputs: Indices  # (T, B)
    targets: Indices  # (T, B)
    fresh_streams: NDArray[np.bool_]  # (B,): whose state must be reset before the window
    loss_steps: int  # the loss is on the last `loss_steps` steps
    carry_steps: int  # the next window begins at the state after `carry_steps` steps
    batch_size: int  # streams of the training
    reset_mask: NDArray[np.bool_] | None = None  # (T, B): whose state must be reset before each step; None: nowhere

    @property
    def target_count(self) -> int:
        """The number of characters that the loss is on, in all streams of the training."""
        return self.loss_steps * self.batch_size


class Windows:
    """The windows of a text, without end; `position` counts those taken: nothing else must be saved.

    >>> windows = Windows(np.arange(7, dtype=np.uint32), batch_size=2, sequence_length=3)
    >>> window = next(windows)
    >>> window.inputs.T.tolist(), window.targets.T.tolist()
    ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]])
    >>> window.fresh_streams.tolist(), windows.epoch
    ([True, True], 1.0)
    """

    def __init__(
        self,
        ids: Ids,
        batch_size: int,
        sequence_length: int,
        stride: int | None = None,
        *,
        reset_probability: float = 0.0,
        seed: int = 0,
        end_id: int | None = None,
        streams: slice | None = None,
    ) -> None:
        """`stride`: None is `sequence_length`; `end_id`: the end of a document; `streams`: those to read (None: all).

        Raises TextError when the text does not fill one window of every stream.
        """
        length = (len(ids) - 1) // batch_size
        if length < sequence_length:
            raise TextError(
                f"a text of length {len(ids):,} does not fill one window of {plural(batch_size, 'stream')} x {plural(sequence_length, 'step')}"
            )
        self.batch_size, self.sequence_length, self.position = batch_size, sequence_length, 0
        self.stride = stride or sequence_length
        self._reset_probability, self._seed, self.end_id = reset_probability, seed, end_id
        self.streams = streams or slice(0, batch_size)
        self.per_epoch = count_per_epoch(len(ids), batch_size, sequence_length, stride)
        self._inputs = ids[: batch_size * length].reshape(batch_size, length)[self.streams]
        self._targets = ids[1 : batch_size * length + 1].reshape(batch_size, length)[self.streams]

    def __iter__(self) -> "Windows":
        return self

    def __next__(self) -> Window:
        start = self.position % self.per_epoch * self.stride
        inputs = self._cut(self._inputs, start)
        window = Window(
            inputs=inputs,
            targets=self._cut(self._targets, start),
            fresh_streams=self._fresh_streams()[self.streams],
            loss_steps=self.sequence_length if start == 0 else self.stride,
            carry_steps=self.stride,
            batch_size=self.batch_size,
            reset_mask=self._reset_mask(inputs),
        )
        self.position += 1
        return window

    @property
    def epoch(self) -> float:
        """Passes over the text so far."""
        return self.position / self.per_epoch

    def _fresh_streams(self) -> NDArray[np.bool_]:
        """All streams at their start; elsewhere a random choice that depends on the position alone."""
        if self.position % self.per_epoch == 0:
            return np.ones(self.batch_size, np.bool_)
        if self._reset_probability == 0:
            return np.zeros(self.batch_size, np.bool_)
        return np.random.default_rng((self._seed, self.position)).random(self.batch_size) < self._reset_probability

    def _reset_mask(self, inputs: Indices) -> NDArray[np.bool_] | None:
        if self.end_id is None:
            return None
        ends = inputs == self.end_id
        return ends if ends.any() else None

    def _cut(self, streams: Ids, start: int) -> Indices:
        return np.ascontiguousarray(streams[:, start : start + self.sequence_length].T, np.intp)


def count_per_epoch(characters: int, batch_size: int, sequence_length: int, stride: int | None = None) -> int:
    """The windows in one pass over a text of this length.

    >>> count_per_epoch(1000, batch_size=2, sequence_length=64)
    7
    """
    return ((characters - 1) // batch_size - sequence_length) // (stride or sequence_length) + 1


def fit(characters: int, batch_size: int, sequence_length: int) -> tuple[int, int]:
    """The batch size and window, at most those given, that a text can fill: first fewer streams, then a shorter window.

    >>> fit(1000, batch_size=32, sequence_length=64)
    (15, 64)
    """
    length = characters - 1
    sequence_length = min(sequence_length, length)
    return min(batch_size, length // sequence_length), sequence_length
