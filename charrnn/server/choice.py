"""One text as the interface shows it: what has been written since the last look, with its tokens and their scores."""

from collections import deque
from typing import Any

from charrnn.generation.batch import BatchedText, Score
from charrnn.generation.incremental_decoder import Decoder
from charrnn.generation.stop_strings import first_stop, possible_start_length
from charrnn.text.vocabulary import Vocabulary

FINISHED = ("stop", "length")


class Choice:
    """An entry of `choices`. A token is a character, or a byte of a byte model; offsets count the characters of the
    whole text of this choice, from 0.
    """

    def __init__(self, index: int, text: BatchedText, vocabulary: Vocabulary, echo: bool) -> None:
        self.text, self._index, self._echo = text, index, echo
        self.ended = False
        self._vocabulary, self._decoder = vocabulary, Decoder(vocabulary)
        self._read = self._end = self._shown = 0
        self._held, self._released = "", ""
        self._tokens: deque[tuple[str, Score, int]] = deque()

    def take(self) -> dict[str, Any] | None:
        """What is new, as JSON; None if nothing is. A possible beginning of a stop string is held back."""
        text, finish, stops = self.text, self.text.finish, self.text.request.stops
        ids = text.ids[self._read :]
        if not (ids or finish) or self.ended:
            return None
        if self._echo:
            self._echo = False
            self._add_prompt()
            self._release(len(self._held))
        for place, index in enumerate(ids, self._read):
            piece = self._decoder.read(index)
            self._add(self._name(index), piece, text.scores[place] if text.top is not None else None)
        self._read += len(ids)
        end = first_stop(self._held, stops) if finish == "stop" else None
        held = len(self._held)
        self._release(end if end is not None else held if finish else held - possible_start_length(self._held, stops))
        self.ended = finish is not None
        new, self._released = self._released, ""
        if not (new or finish):
            return None
        reason = finish if finish in FINISHED else None
        return {"index": self._index, "text": new, "logprobs": self._logprobs(), "finish_reason": reason}

    def _add_prompt(self) -> None:
        scores = self.text.prompt_scores or [None] * len(self.text.prompt_ids)
        by_bytes = self._vocabulary.unit == "byte"
        read = self.text.prompt_ids.tolist() if by_bytes else self.text.request.prompt
        for each, score in zip(read, scores, strict=True):
            name, piece = (self._name(each), self._decoder.read(each)) if by_bytes else (each, each)
            self._add(name, piece, score)

    def _add(self, name: str, piece: str, score: Score | None) -> None:
        if score is not None:
            self._tokens.append((name, score, self._end))
        self._held += piece
        self._end += len(piece)

    def _release(self, count: int) -> None:
        self._released += self._held[:count]
        self._held = self._held[count:]
        self._shown += count

    def _logprobs(self) -> dict[str, Any] | None:
        """Of the tokens whose characters are shown."""
        if self.text.top is None:
            return None
        taken = []
        while self._tokens and self._tokens[0][2] < self._shown:
            taken.append(self._tokens.popleft())
        return {
            "tokens": [name for name, _, _ in taken],
            "token_logprobs": [log_p for _, (log_p, _), _ in taken],
            "top_logprobs": [
                {**{self._name(index): each for index, each in likeliest}, name: log_p}
                for name, (log_p, likeliest), _ in taken
            ],
            "text_offset": [offset for _, _, offset in taken],
        }

    def _name(self, index: int) -> str:
        symbol = self._vocabulary.symbols[index]
        if self._vocabulary.unit == "byte" and not symbol.isascii():
            return f"bytes:\\x{index:02x}"
        return symbol or "\ufffd"
