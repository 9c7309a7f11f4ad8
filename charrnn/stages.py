"""How long work says what it does: it calls a function that its caller may pass."""

from typing import Protocol


class OnStage(Protocol):
    """Called when a stage of a long work begins, such as "reading play.txt"; `seconds` is how long it will take, if
    that is known. It is also called with what was found: "297,961 characters, 74 different".
    """

    def __call__(self, stage: str, seconds: float | None = None, /) -> object: ...


def ignore_stage(stage: str, seconds: float | None = None, /) -> None:
    """The OnStage of a caller who does not wait for anything."""
