"""`sample --force` and `--hide-prompt`."""

import json

import pytest
from refusals import refused
from tiny import trained

import charrnn as package


def test_a_held_unit_changes_the_text_and_its_seed_gives_it_again(charrnn, tiny_run):
    def text(*options):
        return charrnn("sample", tiny_run, "-p", "the ", "-n", 60, "--seed", 3, *options).stdout

    held = text("--force", "3=1", "--force", "h:5=-1")
    assert held == text("--force", "h:3=1.0", "--force", "5=-1")
    assert held != text()
    assert len({held, text("--force", "3=-1"), text("--force", "3=1")}) == 3
    model = package.load(tiny_run)
    made = model.generator(force={"3": 1, "5": -1}).sample(model.request("the ", 60, options()), [3])
    assert held == f"the {made[0].text}\n"


def options():
    from charrnn.generation.sampling import SamplingOptions

    return SamplingOptions(0.8)


def test_samples_side_by_side_are_those_of_their_seeds(charrnn, tiny_run):
    force = ["--force", "3=1"]
    several = json.loads(charrnn("sample", tiny_run, "-n", 40, "--count", 3, "--seed", 3, "--json", *force).stdout)
    each = [charrnn("sample", tiny_run, "-n", 40, "--seed", seed, *force).stdout for seed in (3, 4, 5)]
    assert [f"{sample['text']}\n" for sample in several] == each


def test_weights_alone_can_be_held(charrnn, weights_alone):
    assert charrnn("sample", weights_alone, "--force", "3=1", "--seed", 1).exit_code == 0


def test_a_cell_state_can_be_held(charrnn, tmp_path, text_file):
    run = trained(tmp_path / "lstm", text_file, "model.cell=lstm")
    held, free = (charrnn("sample", run, "--seed", 1, *force).stdout for force in (["--force", "c:3=9"], []))
    assert held != free


@pytest.mark.parametrize(("second", "code"), [("3=2", 2), ("h:3=2", 1)])
def test_a_unit_has_one_value(charrnn, tiny_run, second, code):
    message = f"--force {second}: this unit has a value already"
    refused(charrnn("sample", tiny_run, "--force", "3=1", "--force", second), code, message)


NOT_A_UNIT = "the network has no such unit; there are 0 to 15 of each of h: for example h:15"


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("16=1", 1, f"--force 16: {NOT_A_UNIT}"),
        ("z:3=1", 1, f"--force z:3: {NOT_A_UNIT}"),
        ("=1", 2, "--force =1: must be UNIT=VALUE, such as 17=1 or c:17=-2"),
        ("3", 2, "--force 3: must be UNIT=VALUE, such as 17=1 or c:17=-2"),
        ("3=", 2, "--force 3=: must be UNIT=VALUE, such as 17=1 or c:17=-2"),
        ("3=one", 2, "--force 3=one: must be UNIT=VALUE, such as 17=1 or c:17=-2"),
        ("3=nan", 1, "--force 3=nan: must be a number from -1e+06 to 1e+06"),
        ("3=1e39", 1, "--force 3=1e+39: must be a number from -1e+06 to 1e+06"),
        ("3=-inf", 1, "--force 3=-inf: must be a number from -1e+06 to 1e+06"),
    ],
)
def test_what_cannot_be_held(charrnn, tiny_run, value, code, message):
    refused(charrnn("sample", tiny_run, "--force", value), code, message)


@pytest.mark.parametrize("other", [["--ngram"], ["--with", "other"]])
def test_a_mixture_has_no_unit_to_hold(charrnn, tiny_run, other):
    message = "--force holds a unit of one network; leave out --with and --ngram"
    refused(charrnn("sample", tiny_run, "--force", "3=1", *other), 2, message)
    with pytest.raises(package.CharrnnError, match="a mixture is not one network"):
        package.load(tiny_run, tiny_run, weights=[0.5, 0.5]).generator(force={"3": 1})


@pytest.mark.parametrize("more", [[], ["--count", 2], ["--no-stream"]])
def test_the_prompt_can_be_hidden(charrnn, tiny_run, monkeypatch, more):
    def lines(*options):
        return charrnn("sample", tiny_run, "-p", "the cat", "-n", 20, "--seed", 1, *more, *options).stdout

    assert lines().replace("the cat", "", 1) != lines()
    assert lines("--hide-prompt") == "\n".join(line.removeprefix("the cat") for line in lines().split("\n"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "the cat" in lines("--surprisal")
    assert not lines("--surprisal", "--hide-prompt").startswith("the cat")
