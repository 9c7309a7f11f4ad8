"""The section `data` of a configuration: how the text is read and split."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, field_validator, model_validator

from charrnn.config.section import Size, StrictModel
from charrnn.errors import TextError
from charrnn.text import documents, splits
from charrnn.text.reading.encodings import Encodings
from charrnn.text.reading.text_file import MAX_EXPANSION
from charrnn.text.splits import Split

MAX_EXPRESSION_CHARS = 1000  # characters


class Data(StrictModel):
    """How the text is read."""

    unit: Literal["char", "byte"] = Field("char", description="what is predicted: Unicode code points or bytes")
    encoding: str | Annotated[tuple[str, ...], Strict(False)] = Field(
        "utf-8",
        description="the encoding of the text files (char only); a list: NAME for all files, FILE=NAME for one",
    )
    split: tuple[float, float, float] = Field(
        (0.9, 0.05, 0.05),
        strict=False,
        description="shares of train, valid and test, in this order, adding up to 1",
    )
    protocol: splits.Protocol = Field(
        "contiguous",
        description="how the text is split: contiguous, by data.split; nanogpt: the last tenth validates; char-rnn: the last 5 % of each slice",
    )
    slices: tuple[Size, Size] = Field(
        (50, 50), strict=False, description="char-rnn's slices and its window, B and S; for protocol char-rnn only"
    )
    min_count: Size = Field(
        1, description="characters rarer than this share one unknown symbol, which is never sampled"
    )
    boundary: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_EXPRESSION_CHARS,
        description="where a document ends and the next begins: blank-line, file, or a regular expression; null: one long text",
    )
    field: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_EXPRESSION_CHARS,
        description="the column of a table (.csv, .tsv, .jsonl) whose rows are documents: its name, or its number if there is no header; null: the whole file",
    )
    shuffle: bool | None = Field(
        None,
        description="whether documents are shuffled by training.seed before the split, or the files of one long text; null: true for documents",
    )
    max_expansion: float = Field(
        MAX_EXPANSION, ge=1, description="a compressed text may be at most this many times as large as its file"
    )

    @property
    def has_documents(self) -> bool:
        """Whether the text is a list of documents."""
        return self.boundary is not None or self.field is not None

    @property
    def shuffles(self) -> bool:
        """Whether documents or files are shuffled."""
        return self.has_documents if self.shuffle is None else self.shuffle

    @property
    def encodings(self) -> Encodings:
        """The encoding of each file."""
        return Encodings.parse([self.encoding] if isinstance(self.encoding, str) else self.encoding)

    def with_encodings(self, given: Sequence[str]) -> Self:
        """A copy with further entries NAME or FILE=NAME; a NAME replaces all entries before it."""
        names_all = any("=" not in entry for entry in given)
        before = [] if names_all else [self.encoding] if isinstance(self.encoding, str) else [*self.encoding]
        return self.model_copy(update={"encoding": (*before, *given)})

    def make_split(self) -> Split:
        """The split of the text."""
        return splits.make_split(self.protocol, self.split, self.slices)

    @field_validator("encoding", mode="before")
    @classmethod
    def _encoding_exists(cls, value: Any) -> Any:
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list | tuple) or not all(isinstance(entry, str) for entry in entries):
            raise ValueError("must be text, or a list of texts")
        if any("\ud800" <= character <= "\udfff" for entry in entries for character in entry):
            raise ValueError("must be valid Unicode text")
        try:
            Encodings.parse(entries)
        except TextError as error:
            raise ValueError(str(error)) from None
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
                documents.compile_boundary(value)
        except TextError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("field", mode="before")
    @classmethod
    def _field_may_be_a_number(cls, value: Any) -> Any:
        return str(value) if type(value) is int else value

    @model_validator(mode="after")
    def _documents_are_of_characters(self) -> Self:
        for key in ("boundary", "field"):
            if getattr(self, key) is not None and self.unit == "byte":
                raise ValueError(f"{key} is for unit char: bytes are one long text; set unit to char, or {key} to null")
        if self.boundary is not None and self.field is not None:
            raise ValueError("boundary and field: with field each row is a document; set one of them to null")
        return self


class SizedData(Data):
    """How the text of a run is read. The key `shuffle` is missing in runs of earlier versions, which did not shuffle."""

    shuffle: bool = False
