"""A file of weights alone, and builtin:english, wherever a RUN stands: in every command, and in Python."""

import json
import os
import shutil
from pathlib import Path

import pytest
from refusals import refused
from tiny import OPTIONS

import charrnn as python
from charrnn.errors import CharrnnError, OutputError
from charrnn.package import shipped
from charrnn.runs.storage.checkpoint import load

NO_PLACE = (
    "weights alone do not say where their training text is (text.txt); name it: --text TEXT, or name another text"
)


@pytest.fixture(params=["file", "builtin"])
def run(request, shipped_english, weights_alone):
    """The same weights: a file in another folder, and the model that ships with the program."""
    return "builtin:english" if request.param == "builtin" else str(weights_alone)


WORKS = {
    "sample": ["sample", "RUN", "-p", "the", "-n", "20", "--seed", "1"],
    "sample, mixed": ["sample", "RUN", "--with", "RUN", "--weights", "1,1", "-n", "20"],
    "sample, new or not": ["sample", "RUN", "-n", "50", "--novelty", "--text", "TEXT"],
    "score": ["score", "RUN", "TEXT"],
    "score, against another": ["score", "RUN", "TEXT", "--against", "RUN"],
    "eval": ["eval", "RUN", "TEXT"],
    "eval, of its own text": ["eval", "RUN", "--text", "TEXT", "--no-baselines"],
    "view": ["view", "RUN", "TEXT"],
    "export": ["export", "RUN"],
    "export to torch": ["export", "RUN", "--to", "torch"],
    "export to charrnn": ["export", "RUN", "--to", "charrnn", "--half", "-o", "again.safetensors"],
    "info": ["info", "RUN"],
    "info, as JSON": ["info", "RUN", "--json"],
    "gradcheck": ["gradcheck", "RUN", "--oracle", "complex-step", "--entries", "1"],
    "gradcheck --run": ["gradcheck", "--run", "RUN", "--oracle", "complex-step", "--entries", "1"],
    "gradflow": ["gradflow", "RUN", "TEXT", "--lags", "3", "--positions", "2"],
    "train, as a plan": ["train", "TEXT", "--from", "RUN", "--dry-run"],
}


@pytest.mark.parametrize("case", WORKS)
def test_what_reads_a_run_reads_it(charrnn, run, text_file, case):
    words = [{"RUN": run, "TEXT": text_file}.get(word, word) for word in WORKS[case]]
    result = charrnn(*words)
    assert result.exit_code == 0, result.stderr
    assert result.stdout
    assert str(shipped("corpora")) not in result.output


REFUSES = {
    "eval": (["eval", "RUN"], NO_PLACE),
    "view": (["view", "RUN"], NO_PLACE),
    "gradflow": (["gradflow", "RUN"], NO_PLACE),
    "mixture whose weights must be found": (["sample", "RUN", "--with", "RUN"], NO_PLACE),
    "n-gram": (["score", "RUN", "TEXT", "--ngram"], NO_PLACE),
    "novelty": (["sample", "RUN", "--novelty"], NO_PLACE),
    "plot": (["plot", "RUN"], "RUN: a checkpoint, which has no history; what it is: charrnn info RUN"),
    "runs": (["runs", "RUN"], "RUN: a file, not a folder of runs; for a checkpoint type: charrnn info RUN"),
    "resume": (
        ["train", "--resume", "RUN"],
        "--resume RUN: weights alone, without what a training needs to go on; to begin with them: charrnn train TEXT --from RUN",
    ),
}


@pytest.mark.parametrize("case", REFUSES)
def test_what_it_lacks_is_said(charrnn, run, text_file, case):
    words, message = REFUSES[case]
    before = sorted(Path().rglob("*"))
    refused(
        charrnn(*[{"RUN": run, "TEXT": text_file}.get(word, word) for word in words]), 1, message.replace("RUN", run)
    )
    assert sorted(Path().rglob("*")) == before


def test_the_builtin_model_is_called_by_its_name_everywhere(charrnn, shipped_english, text_file):
    assert "builtin:english, seed 1" in charrnn("sample", "builtin:english", "-n", 5, "--seed", 1).stderr
    assert json.loads(charrnn("info", "builtin:english", "--json").stdout)["path"] == "builtin:english"
    assert "builtin:english" in charrnn("eval", "builtin:english", text_file, "--no-baselines").stdout
    assert charrnn("export", "builtin:english").stdout == "english-plain.safetensors\n"
    assert charrnn("export", "builtin:english", "--to", "charrnn").stdout == "english-charrnn.safetensors\n"
    assert charrnn("view", "builtin:english", text_file).stdout == "english.html\n"
    line = "checkpoint builtin:english: step 20 of 20; weights alone, with which --resume cannot go on"
    assert line in " ".join(charrnn("info", "builtin:english").stdout.split())
    line = "builtin:english: is one checkpoint; leave out --checkpoint"
    refused(charrnn("sample", "builtin:english", "--checkpoint", "best"), 1, line)


def test_its_sample_is_that_of_python(charrnn, shipped_english):
    written = charrnn("sample", "builtin:english", "-p", "the", "-n", 30, "--seed", 2).stdout
    model = python.load("builtin:english")
    assert written == f"the{model.sample('the', length=30, seed=2)}\n"
    assert repr(model).startswith("<Model builtin:english: rnn of 16 units")
    assert "builtin:english" in model._repr_html_()


@pytest.mark.filterwarnings("ignore:the base does not know this language")  # 16 units know none
def test_python_takes_it_where_a_run_stands(shipped_english, text_file, tmp_path):
    settings = {"training.steps": 2, "training.batch_size": 4, "training.sequence_length": 8, "runtime.threads": 1}
    made = python.train(text_file, base="builtin:english", settings=settings, out=tmp_path / "tuned", progress=False)
    assert made.saved.base.path == "builtin:english"
    assert "installed" not in (tmp_path / "tuned" / "last.safetensors").read_bytes().decode("latin-1")
    assert python.info("builtin:english").path == Path("builtin:english")
    assert python.gradcheck("builtin:english", oracles="complex-step", entries=1).passed
    assert python.gradflow("builtin:english", text=text_file, lags=3, positions=2).lags == 3
    again = python.export("builtin:english", tmp_path / "again.safetensors", to="charrnn", half=True)
    assert again.read_bytes() == shipped_english.read_bytes()
    assert len(python.load("builtin:english", again, weights=[1, 1]).components) == 2
    with pytest.raises(CharrnnError, match=r"^`resume` builtin:english: weights alone"):
        python.resume("builtin:english", progress=False)


def test_the_same_command_goes_on_with_what_began_from_it(charrnn, shipped_english, text_file):
    command = ["train", text_file, "--from", "builtin:english", "-o", "tuned", "--resume", "auto", "-q", *OPTIONS]
    assert charrnn(*command).exit_code == 0
    assert load(Path("tuned/last.safetensors")).base.path == "builtin:english"
    assert "tuned is there, and is finished" in charrnn(*[word for word in command if word != "-q"]).stderr
    refused(
        charrnn(*command[:3], Path("..", "cat.safetensors").resolve(), *command[4:]),
        1,
        "tuned holds another run: it began from builtin:english, and --from is ",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "builtin:english"], "builtin:english: a model, not a text; to begin with its weights: charrnn train TEXT --from builtin:english"),
        (["sweep", "builtin:english", "--grid", "training.seed=1,2"], "builtin:english: a model, not a text; to begin with"),
        (["eval", "builtin:english", "builtin:english"], "builtin:english: a model, not a text; name a text; a second run is for --with"),
        (["sample", "builtin:harbour"], "builtin:harbour: a text, not a run; to train one on it: charrnn train builtin:harbour"),
        (["sample", "builtin:englsh"], "builtin:englsh: no such built-in model; there are builtin:english, and for a TEXT builtin:harbour, builtin:names, builtin:python; did you mean builtin:english?"),
        (["sample", "builtin:harbor"], "did you mean builtin:harbour?"),
        (["train", "builtin:englsh"], "builtin:englsh: no such built-in text; there are builtin:harbour, builtin:names, builtin:python, and for a RUN builtin:english; did you mean builtin:english?"),
        (["train", "x.txt", "--from", "builtin:englsh"], "--from builtin:englsh: no such built-in model"),
        (["sample", "english"], "english: no such run; name a run directory, or a .safetensors checkpoint; did you mean builtin:english?"),
        (["sample", "builtin:../corpora/english"], "no such built-in model"),
    ],
)  # fmt: skip
def test_a_wrong_name_gets_the_right_one(charrnn, shipped_english, words, message):
    refused(charrnn(*words), 1, message)


def test_a_checkpoint_of_another_kind_is_no_model(charrnn, shipped_english, tiny_run):
    """A damaged shipped file is refused as any other."""
    shipped_english.write_bytes(shipped_english.read_bytes()[:-1])
    refused(charrnn("sample", "builtin:english"), 1, "english.safetensors: damaged")


SPELLINGS = {
    "the name": lambda folder: "builtin:english",
    "the file": lambda folder: folder / "english.safetensors",
    "another file": lambda folder: folder / "other.safetensors",
    "with ..": lambda folder: folder.parent / "configs" / ".." / "corpora" / "other.safetensors",
    "configs": lambda folder: folder.parent / "configs" / "other.safetensors",
    "relative": lambda folder: Path(os.path.relpath(folder / "other.safetensors")),
    "a link to the folder": lambda folder: linked(folder) / "other.safetensors",
    "a link to the file": lambda folder: linked(folder / "english.safetensors"),
    "a link to a file that is not there yet": lambda folder: linked(folder / "new.safetensors"),
    "a link in a folder below it": lambda folder: link_below(folder),
    "a second name of the file": lambda folder: second_name(folder / "english.safetensors"),
}


def linked(target):
    path = Path("link.safetensors").absolute()
    path.symlink_to(target)
    return path


def link_below(folder):
    path = folder / "below" / "deeper" / "link.safetensors"
    path.parent.mkdir(parents=True)
    path.symlink_to(Path("elsewhere.safetensors").absolute())
    return path


def second_name(target):
    path = Path("second.safetensors").absolute()
    os.link(target, path)
    return path


@pytest.fixture
def untouched(shipped_english):
    """The folder corpora, which must be as it was."""
    folder = shipped_english.parent
    shutil.copy(folder / "harbour.txt", folder / "linked.txt")
    before = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    yield folder
    assert {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="links need a right that few have")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_nothing_that_ships_is_written_to(charrnn, untouched, tiny_run, spelling):
    out = SPELLINGS[spelling](untouched)
    message = f"{out}: ships with charrnn, which writes nothing there; name another place with --out"
    refused(charrnn("export", tiny_run, "-o", out, "--force"), 1, message)
    with pytest.raises(OutputError, match="ships with charrnn"):
        python.export(tiny_run, out, replace=True)


@pytest.mark.parametrize(
    "words",
    [
        ["view", "RUN", "TEXT", "-o", "PLACE/page.html"],
        pytest.param(["plot", "RUN", "-o", "PLACE/curves.svg"], marks=pytest.mark.slow),
        pytest.param(["gradflow", "RUN", "TEXT", "-o", "PLACE/flow.svg"], marks=pytest.mark.slow),
        ["train", "TEXT", "-o", "PLACE/run", *OPTIONS],
        ["train", "TEXT", "-o", "PLACE", *OPTIONS],
        ["train", "TEXT", "-o", "PLACE/a/b/run", *OPTIONS],
        ["train", "TEXT", "-o", "builtin:new", *OPTIONS],
        ["sweep", "quick", "TEXT", "-o", "PLACE/sweep", "--grid", "training.seed=1,2", "--steps", "1"],
    ],
)
def test_no_command_writes_there(charrnn, untouched, tiny_run, text_file, words):
    given = {"RUN": tiny_run, "TEXT": text_file}
    typed = [given.get(word, word.replace("PLACE", str(untouched))) for word in words]
    refused(charrnn(*typed), 1, "ships with charrnn, which writes nothing there")


def test_neither_does_a_command_typed_in_that_folder(charrnn, untouched, tiny_run, text_file, monkeypatch):
    monkeypatch.chdir(untouched)
    refused(charrnn("export", tiny_run), 1, "ships with charrnn")
    refused(charrnn("train", text_file, *OPTIONS), 1, "ships with charrnn")


def test_a_run_that_was_put_there_does_not_go_on(charrnn, shipped_english, tiny_run):
    shutil.copytree(tiny_run, shipped_english.parent / "run")
    refused(charrnn("train", "--resume", shipped_english.parent / "run"), 1, "ships with charrnn, which writes nothing")


COMMON = {
    *[
        "the",
        "of",
        "and",
        "to",
        "a",
        "in",
        "that",
        "he",
        "was",
        "it",
        "his",
        "i",
        "with",
        "as",
        "had",
        "for",
        "be",
        "not",
        "but",
        "on",
        "is",
        "at",
        "her",
        "she",
        "you",
        "him",
        "they",
        "all",
        "by",
        "my",
    ]
}
REAL = shipped("corpora") / "english.safetensors"
real = pytest.mark.skipif(not REAL.exists(), reason="corpora/english.safetensors is not in this checkout yet")


@real
def test_the_model_that_ships_is_small_and_of_half_precision(charrnn):
    assert REAL.stat().st_size <= 4_000_000
    assert load(REAL).weights_only
    assert b'"F16"' in REAL.read_bytes()[:65536]
    assert b'"F32"' not in REAL.read_bytes()[:65536]


@real
def test_the_model_that_ships_names_no_folder():
    assert not any(os.sep in source for source in load(REAL).text.sources)


@real
@pytest.mark.slow
def test_the_model_that_ships_writes_english(charrnn):
    """A third of what it writes are among the commonest words."""
    words = (
        charrnn("sample", "builtin:english", "-p", "It was", "-n", 600, "-t", 0.5, "--seed", 1).stdout.lower().split()
    )
    assert len(words) > 80
    assert sum(word.strip(".,;:!?\"'") in COMMON for word in words) > len(words) / 3
