"""What runs on a server when a change or a tag is sent: it can be read, and runs what the README says."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from runpy import run_path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
READ = {name: yaml.safe_load(path.read_text("utf-8")) for name, path in WORKFLOWS.items()}
JOBS = [(name, job) for name, workflow in READ.items() for job in workflow["jobs"]]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NOTES = ROOT / ".ci" / "release_notes"


def steps(workflow, job):
    return READ[workflow]["jobs"][job]["steps"]


def commands(workflow, job):
    return [step["run"] for step in steps(workflow, job) if "run" in step]


@pytest.mark.parametrize("path", [*GITHUB.rglob("*.yml"), ROOT / ".pre-commit-config.yaml"], ids=lambda path: path.name)
def test_each_file_is_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_a_job_ends_and_takes_actions_of_a_known_version(workflow, job):
    assert 0 < READ[workflow]["jobs"][job]["timeout-minutes"] <= 90
    for step in steps(workflow, job):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])


@pytest.mark.parametrize("workflow", READ)
def test_a_job_may_only_read_unless_it_says_why(workflow):
    assert READ[workflow]["permissions"] == {"contents": "read"}
    assert "concurrency" in READ[workflow]
    more = {job: READ[workflow]["jobs"][job].get("permissions") for name, job in JOBS if name == workflow}
    expected = {"publish": {"id-token": "write"}, "notes": {"contents": "write"}} if workflow == "release" else {}
    assert {job: permissions for job, permissions in more.items() if permissions} == expected


def test_every_system_runs_the_readmes_own_command():
    [command] = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if "&& pytest" in line]
    assert command in commands("tests", "quick")
    systems = READ["tests"]["jobs"]["quick"]["strategy"]["matrix"]["os"]
    assert {re.sub(r"-(latest|[\d.]+)", "", system) for system in systems} == {
        "ubuntu",
        "ubuntu-arm",
        "macos",
        "windows",
    }
    assert ".ci/run" in commands("tests", "everything")
    install, test = command.split(" && ")
    for job in ("lowest", "newest"):
        [last] = [line for line in commands("tests", job) if "pytest" in line]
        assert last.endswith(f" && {test}")
        assert install.split()[-1] in last


def test_every_python_that_the_package_names_is_tested():
    tested = READ["tests"]["jobs"]["quick"]["strategy"]["matrix"]["python"]
    named = {found[1] for each in PROJECT["classifiers"] if (found := re.search(r":: Python :: (3\.\d+)$", each))}
    assert named <= set(tested)
    assert f">={tested[0]}" == PROJECT["requires-python"]
    [oldest] = [step["with"]["python-version"] for step in steps("tests", "lowest") if "with" in step]
    assert oldest == tested[0]


def test_scripts_that_are_run_exist():
    for workflow, job in JOBS:
        for command in commands(workflow, job):
            for script in re.findall(r"(?:^|python )(\.?[\w./]+/[\w./]+)", command):
                assert (ROOT / script).exists(), f"{workflow}, {job}: {script}"


def test_actionlint_finds_nothing():
    actionlint = shutil.which("actionlint") or shutil.which("actionlint", path=Path(sys.executable).parent)
    if actionlint is None:
        pytest.skip("actionlint is not installed")
    done = subprocess.run([actionlint, *WORKFLOWS.values()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("form", ["fault", "figure"])
def test_a_report_asks_for_the_machine(form):
    asked = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / f"{form}.yml").read_text("utf-8"))["body"]
    [info] = [each for each in asked if each.get("id") == "info"]
    assert "`charrnn info`" in info["attributes"]["label"]
    assert info["validations"]["required"]


def test_the_hooks_run_what_a_contributor_runs():
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    hooks = [hook["entry"].split(" --")[0] for hook in repository["hooks"]]
    [line] = [line for line in (GITHUB / "CONTRIBUTING.md").read_text("utf-8").splitlines() if "&& vulture" in line]
    assert [command.removesuffix(" .") for command in line.split(" && ")] == hooks


CHANGELOG = """# Changes

## 1.10.0

Ten.

## 1.1.0 (2026-12-01)

- One.

### Detail

Two.
"""


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.1.0", "- One.\n\n### Detail\n\nTwo."), ("1.10.0", "Ten."), ("1.1", ""), ("1.1.0rc1", ""), ("1x1.0", "")],
)
def test_the_notes_of_a_release_are_its_section_of_the_changelog(version, expected):
    assert run_path(str(NOTES))["section"](CHANGELOG, version) == expected
