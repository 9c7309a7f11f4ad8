"""The section `data` of a configuration: how the text is read and cut."""

import codecs
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from charrnn.errors import TextError
from charrnn.runs.section import LARGEST, Section, Whole
from charrnn.text import documents, splits
from charrnn.text.files import MAX_EXPANSION
from charrnn.text.splits import Split

NOT_IN_PIECES = {"punycode", "idna", "unicode-escape", "raw-unicode-escape"}  # Python's decoders want the whole at once
LONGEST_EXPRESSION = 1000  # characters


class Data(Section):
    """How the text is read."""

    unit: Literal["char", "byte"] = Field("char", description="what is predicted: Unicode code points or bytes")
    encoding: str = Field("utf-8", description="the encoding of the text files (char only)")
    split: tuple[float, float, float] = Field(
        (0.9, 0.05, 0.05),
        strict=False,
        description="shares of train, valid and test, in this order, adding up to 1",
    )
    protocol: splits.Protocol = Field(
        "contiguous",
        description="who cuts it: contiguous, by data.split; nanogpt: the last tenth validates; char-rnn: the last 5 % of each of its slices do",
    )
    slices: tuple[Whole, Whole] = Field(
        (50, 50), strict=False, description="char-rnn's slices and its window, B and S; for protocol char-rnn only"
    )
    min_count: Whole = Field(
        1, ge=1, le=LARGEST, description="characters rarer than this share one unknown symbol, never sampled"
    )
    boundary: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_EXPRESSION,
        description="where a document ends and the next begins: blank-line, file, or a regular expression; null: one long text",
    )
    max_expansion: float = Field(
        MAX_EXPANSION, ge=1, description="a compressed text may be so many times as large as its file"
    )

    def cutting(self) -> Split:
        """How the text is cut."""
        return splits.by(self.protocol, self.split, self.slices)

    @field_validator("slices")
    @classmethod
    def _slices_are_some(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not all(1 <= number <= LARGEST for number in value):
            raise ValueError(f"must be two whole numbers between 1 and {LARGEST}")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        try:
            "".encode(value)
            if codecs.lookup(value).name in NOT_IN_PIECES:
                raise LookupError
        except (LookupError, ValueError):
            raise ValueError(
                "not an encoding of texts that Python knows (try utf-8, latin-1, cp1252, utf-16)"
            ) from None
        return value

    @field_validator("split")
    @classmethod
    def _split_adds_up(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(value) < 0 or abs(sum(value) - 1) > 1e-6 or value[0] == 0:
            raise ValueError("must be three shares, none negative and the first above 0, that add up to 1")
        return value

    @field_validator("boundary")
    @classmethod
    def _is_a_boundary(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                documents.expression(value)
        except TextError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _boundary_is_of_characters(self) -> Self:
        if self.boundary is not None and self.unit == "byte":
            raise ValueError(
                "boundary is for unit char: bytes are one long text; set unit to char, or boundary to null"
            )
        return self
