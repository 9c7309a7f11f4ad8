"""Print the lowest version of each dependency that pyproject.toml allows, as constraints for pip:

python tests/support/lowest_versions.py > lowest.txt && pip install '.[test]' -c lowest.txt
"""

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
REQUIREMENT = re.compile(r"(?P<name>[\w-]+)>=(?P<version>[\w.]+)(?P<where> *;.*)?")


def lowest_versions(project: dict) -> list[str]:
    """A constraint such as `numpy==2.0` for each requirement of a [project] table and of its extras."""
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    found = [REQUIREMENT.fullmatch(line) for line in lines]
    return sorted({f"{each['name']}=={each['version']}{each['where'] or ''}" for each in found})


if __name__ == "__main__":
    print("\n".join(lowest_versions(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"])))
