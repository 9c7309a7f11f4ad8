"""A section of a configuration: what its values must be, whichever they are."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

LARGEST = 1 << 24  # for sizes: past this it is a typing error
LONGEST = 10**15  # for numbers of updates


def _whole(value: Any) -> Any:
    """1e4 is a whole number, though YAML reads it as a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


class Section(BaseModel):
    """Strict: no unknown key, no text where a number belongs, no infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
