"""The base class of a configuration's sections, and what several of them need."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_SIZE = 1 << 24  # of a size; a larger one is a typing error
MAX_STEPS = 10**15  # of a number of updates


def as_int(value: Any) -> Any:
    """An int for a float that is a whole number: YAML reads 1e4 as a float. Returns any other value as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(as_int)]
Size = Annotated[int, Field(ge=1, le=MAX_SIZE), BeforeValidator(as_int)]
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS), BeforeValidator(as_int)]


class StrictModel(BaseModel):
    """Refuses unknown keys, text in place of a number, and infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
