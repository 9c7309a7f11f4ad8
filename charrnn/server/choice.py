"""One text as the interface shows it: what is new since the last look, its tokens and their scores."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from charrnn.generation.batch import BatchedText, Score
from charrnn.generation.incremental_decoder import Decoder
from charrnn.generation.stop_strings import first_stop, possible_start_length
from charrnn.text.vocabulary import Vocabulary


class Choice:
    """An entry of `choices`. A token is a character, or a byte of a byte model; an offset counts the characters of this
    text, from 0.
    """

    def __init__(self, index: int, text: BatchedText, vocabulary: Vocabulary, echo: bool) -> None:
        self._index, self._text, self._vocabulary, self._echo = index, text, vocabulary, echo
        self._decoder, self._tokens = Decoder(vocabulary), deque[tuple[str, Score, int]]()
        self._read = self._end = 0  # ids, characters
        self._held, self._ended = "", False

    def take(self) -> dict[str, Any] | None:
        """What is new, as JSON; None if nothing is. A possible beginning of a stop string is held back."""
        text, finish, new = self._text, self._text.finish, ""
        ids, stops = text.ids[self._read :], text.request.stops
        if self._ended or not (ids or finish):
            return None
        if self._echo:
            self._echo, prompt = False, text.request.prompt
            pieces = prompt if self._vocabulary.unit == "char" else map(self._decoder.read, text.prompt_ids.tolist())
            self._add(text.prompt_ids.tolist(), list(pieces), text.prompt_scores)
            new, self._held = self._held, ""
        self._add(ids, [self._decoder.read(index) for index in ids], text.scores[self._read :])
        self._read += len(ids)
        end = first_stop(self._held, stops)  # it may be there before `finish` is
        if end is None:
            end = len(self._held) - (0 if finish else possible_start_length(self._held, stops))
        new, self._held, self._ended = new + self._held[:end], self._held[end:], finish is not None
        if not new and not finish:
            return None
        return {"index": self._index, "text": new, "logprobs": self._logprobs(), "finish_reason": finish}

    def _add(self, ids: Sequence[int], pieces: Sequence[str], scores: Sequence[Score]) -> None:
        for index, piece, score in zip(ids, pieces, scores, strict=False):  # without scores there are no tokens
            self._tokens.append((self._name(index), score, self._end))
            self._end += len(piece)
        self._held += "".join(pieces)

    def _logprobs(self) -> dict[str, Any] | None:
        """Of the tokens whose characters were returned."""
        if self._text.top is None:
            return None
        shown, taken = self._end - len(self._held), []
        while self._tokens and self._tokens[0][2] < shown:
            taken.append(self._tokens.popleft())
        return {
            "tokens": [name for name, _, _ in taken],
            "token_logprobs": [log_p for _, (log_p, _), _ in taken],
            "top_logprobs": [
                {self._name(index): each for index, each in likeliest} | {name: log_p}
                for name, (log_p, likeliest), _ in taken
            ],
            "text_offset": [offset for _, _, offset in taken],
        }

    def _name(self, index: int) -> str:
        symbol = self._vocabulary.symbols[index]
        is_part = self._vocabulary.unit == "byte" and not symbol.isascii()
        return f"bytes:\\x{index:02x}" if is_part else symbol or "\ufffd"
