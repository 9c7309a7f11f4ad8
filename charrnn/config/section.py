"""A section of a configuration: what its values must be, whichever they are."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

MAX_SIZE = 1 << 24  # for sizes: past this it is a typing error
MAX_STEPS = 10**15  # for numbers of updates


def whole(value: Any) -> Any:
    """An int for a float that is a whole number: YAML reads 1e4 as a float. Returns any other value as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(whole)]


class StrictModel(BaseModel):
    """Strict: no unknown key, no text where a number belongs, no infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
