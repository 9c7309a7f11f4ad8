"""What `charrnn derive` evaluates: the systems, and the settings of their case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.derivations.case import Case
from charrnn.derivations.documents import DOCUMENTS, SYSTEMS, System
from charrnn.derivations.functions import ACTIVATIONS, LOSSES, OUTPUTS
from charrnn.errors import CheckError
from charrnn.words import did_you_mean

SIZES = {"T": "steps", "M": "inputs", "D": "units", "C": "outputs", "B": "sequences"}
CHOICES: dict[str, tuple[str, Mapping[str, Any]]] = {  # by the name that users type: the field of Case, and its values
    "inputs": ("one_hot", {"real": False, "one-hot": True}),
    "loss": ("averaged", {"sum": False, "mean": True, "document": None}),  # None: as in each document
    "initial": ("given", {"given": True, "zero": False}),
    "phi_h": ("φ_h", {name: name for name in ACTIVATIONS}),
    "phi_o": ("φ_o", {name: name for name in OUTPUTS}),
    "ell": ("ell", {name: name for name in LOSSES}),
}
NEEDS = {"cross-entropy": ("softmax", "logistic"), "binary-cross-entropy": ("logistic",)}  # outputs between 0 and 1


def find_systems(name: str | None) -> list[System]:
    """All systems, those of a document (D0 ... D3), or one by its name. Raises CheckError for an unknown name."""
    if name is None:
        return list(SYSTEMS.values())
    if name in SYSTEMS:
        return [SYSTEMS[name]]
    if name.upper() in DOCUMENTS:
        return [system for system in SYSTEMS.values() if system.document == name.upper()]
    raise CheckError(
        f"there is no system {name!r}; there are {', '.join(SYSTEMS)}, and the documents {', '.join(DOCUMENTS)}{did_you_mean(name, SYSTEMS)}"
    )


def find_system(name: str | None, option: str) -> System:
    """Exactly one system. Raises CheckError if there is none or several."""
    systems = find_systems(name)
    if len(systems) == 1:
        return systems[0]
    several = f"{name.upper()} has several systems" if name else f"{option} needs a system"
    raise CheckError(
        f"{several}: {', '.join(each.name for each in systems)}; for example charrnn derive {systems[0].name} {option}"
    )


def make_case(settings: Sequence[str], systems: Sequence[System], case: Case) -> Case:
    """The case with settings KEY=VALUE. Raises CheckError for keys and values that these systems do not have."""
    for key, value in split_settings(settings).items():
        setting = f"{key}={value}"
        field, found = _parse(key, value, setting)
        if not any(field in system.reads for system in systems):
            names = ", ".join(system.name for system in systems)
            raise CheckError(f"--set {setting}: {names} has no {key}; its settings are {', '.join(_keys(systems))}")
        case = replace(case, **{field: found})
    allowed = NEEDS.get(case.ell)
    if allowed and case.φ_o not in allowed and any("ell" in system.reads for system in systems):
        raise CheckError(
            f"ell={case.ell} needs outputs between 0 and 1; found phi_o={case.φ_o}, allowed is {' or '.join(allowed)}; "
            "or set ell=squared-error"
        )
    return case


def split_settings(settings: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE as a dictionary; the last value of a key counts. Raises CheckError for anything else."""
    for setting in settings:
        if "=" not in setting:
            raise CheckError(f"--set {setting}: must be KEY=VALUE, for example T=5")
    return dict(setting.split("=", 1) for setting in settings)


def settings_of(systems: Sequence[System], case: Case) -> dict[str, Any]:
    """The case as settings: what a reader needs to make it again."""
    shown: dict[str, Any] = {}
    for key in _keys(systems):
        if key in SIZES:
            shown[key] = getattr(case, key)
            continue
        field, values = CHOICES[key]
        shown[key] = next(name for name, value in values.items() if value == _in_force(field, systems, case))
    return shown


def _in_force(field: str, systems: Sequence[System], case: Case) -> Any:
    """A choice of the case. If it is left to the documents, theirs, provided that they agree."""
    value = getattr(case, field)
    if value is not None:
        return value
    theirs = {system.make(Case(), np.random.default_rng()).averaged for system in systems if field in system.reads}
    return theirs.pop() if len(theirs) == 1 else None


def _parse(key: str, value: str, setting: str) -> tuple[str, Any]:
    """The field of Case and its value."""
    if key in SIZES:
        if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 12 and int(value) > 0):
            raise CheckError(
                f"--set {setting}: {key}, the number of {SIZES[key]}, must be a whole number from 1; found {value!r}"
            )
        return key, int(value)
    if key in CHOICES:
        field, values = CHOICES[key]
        if value not in values:
            raise CheckError(
                f"--set {setting}: {key} is one of {', '.join(values)}; found {value!r}{did_you_mean(value, values)}"
            )
        return field, values[value]
    known = [*SIZES, *CHOICES]
    raise CheckError(
        f"--set {setting}: there is no setting {key!r}; there are {', '.join(known)}{did_you_mean(key, known)}"
    )


def _keys(systems: Sequence[System]) -> list[str]:
    """The settings that one of the systems reads."""
    read = {field for system in systems for field in system.reads}
    return [*(key for key in SIZES if key in read), *(key for key, (field, _) in CHOICES.items() if field in read)]
