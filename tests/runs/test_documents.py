"""Trainings on lists of documents: planned, saved, resumed, refused."""

import json

import pytest
import safetensors.numpy
from slow import mostly_slow
from tiny import TINY, follow

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.errors import CheckpointError, RunError, TextError
from charrnn.generation.sample_request import SampleRequest
from charrnn.models import export
from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.safetensors_file import write
from charrnn.training.divergence import Batch, StepRejectedError
from charrnn.training.parallel.data_parallel import DataParallel

LINES = [*TINY, r"data.boundary=\n"]


@pytest.fixture
def planned(text_file):
    def planned(*settings):
        return api.plan([str(text_file)], resolve(None, [*LINES, *settings]).config)

    return planned


@pytest.fixture
def run(planned, tmp_path):
    made = api.start(planned(), tmp_path / "run")
    list(made.events())
    return made.path


def test_a_plan_notes_the_number_of_documents(planned):
    plan = planned()
    assert plan.notes == ("60 documents, the longest 34 characters",)
    assert plan.corpus.vocabulary.symbols[-1] == "<end>"
    assert "\n" not in plan.corpus.vocabulary.symbols
    one = planned("data.boundary=file", "data.split=[1, 0, 0]")
    assert one.notes == ("1 document, the longest 1,200 characters",)


def test_too_few_documents_for_a_split_are_refused(planned):
    with pytest.raises(TextError, match=r"too few documents: 1 split as .* give train 1, valid 0, test 0"):
        planned("data.boundary=file")


@mostly_slow(
    "settings",
    [(), ("training.stride=3", "model.dropout=0.3", "model.cell=lstm", "runtime.threads=2")],
    one_in=2,
)
def test_resumed_it_ends_with_the_same_bytes(planned, tmp_path, settings):
    list(api.start(planned(*settings), tmp_path / "whole").events())
    follow(api.start(planned(*settings), tmp_path / "parts"), until=13)
    resumed = api.resume(tmp_path / "parts")
    assert resumed.plan.notes == ("60 documents, the longest 34 characters",)
    list(resumed.events())
    for name in ("last", "best"):
        file = f"{name}.safetensors"
        assert (tmp_path / "parts" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_a_text_whose_files_end_elsewhere_is_another(tmp_path):
    for number, content in enumerate(["one\n", "two\n", "three\n"] * 10):
        (tmp_path / f"{number:02}.txt").write_text(content * 5, "utf-8")
    config = resolve(None, [*LINES, "data.boundary=file"]).config
    made = api.start(api.plan([str(tmp_path / "*.txt")], config), tmp_path / "run")
    list(made.events())
    (tmp_path / "00.txt").write_text("one\n" * 4, "utf-8")
    (tmp_path / "01.txt").write_text("one\n" + "two\n" * 5, "utf-8")
    with pytest.raises(RunError, match="the text differs"):
        api.resume(made.path)


def test_a_rollback_reads_the_diverged_batch_as_the_training_did(planned, tmp_path):
    made = api.start(planned("model.cell=gru", "data.split=[1, 0, 0]"), tmp_path / "run")
    trainer = made.trainer
    assert trainer.windows.end_id == made.plan.corpus.vocabulary.end_id
    list(made.events())
    batch = Batch(next(trainer.windows), trainer.state.copy())
    assert batch.window.reset_mask.any()
    split = DataParallel(trainer.network)
    loss = split.loss_and_gradient(batch.window, trainer.state)
    assert trainer.recovery.snapshot_loss(batch) == pytest.approx(loss, rel=1e-5)
    trainer.recovery._write(batch, StepRejectedError(20, "a test"))
    written = safetensors.numpy.load_file(made.path / "diverged.safetensors")
    assert (written["resets"] == batch.window.reset_mask).all()


def test_a_trained_model_generates_documents(run):
    model = api.load(run)
    assert model.vocabulary.end_id == len(model.vocabulary) - 1
    samples = model.generator().sample(SampleRequest("", 200), range(20))
    assert {"stop"} <= {sample.finish for sample in samples}
    assert not any("<" in sample.text or "\n" in sample.text for sample in samples)


def test_the_vocabulary_of_an_export_ends_with_the_end(run, tmp_path):
    export.write(load(run / "last.safetensors"), tmp_path / "weights.safetensors", "torch")
    with safetensors.safe_open(tmp_path / "weights.safetensors", framework="np") as file:
        assert json.loads(file.metadata()["vocabulary"])[-1] == "<end>"


def test_a_checkpoint_with_a_misplaced_or_missing_document_end_is_refused(run, tmp_path):
    last = run / "last.safetensors"
    saved = load(last)
    save(saved, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == last.read_bytes()
    symbols = list(saved.vocabulary.symbols)
    for changed, message in (
        (["<end>", *symbols[:-1]], "must be a list of single, different characters"),
        ([*symbols[:-1], "<stop>"], "must be a list of single, different characters"),
        ([*symbols[:-1], "\n"], r"its vocabulary has no <end>; its configuration has data.boundary '\\\\n'"),
    ):
        with safetensors.safe_open(last, framework="np") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = {"charrnn": file.metadata()["charrnn"], "vocabulary": json.dumps(changed)}
        with (tmp_path / "changed.safetensors").open("wb") as file:
            write(file, tensors, metadata)
        with pytest.raises(CheckpointError, match=message):
            load(tmp_path / "changed.safetensors")


def test_gradients_are_checked_at_document_starts(run):
    assert api.gradcheck(run=run, entries=20).passed
    assert api.gradcheck(resolve(None, [r"data.boundary=\n", "model.cell=gru", "training.stride=3"]).config).passed


def test_the_names_that_are_built_in_are_a_list_of_documents():
    plan = api.plan(["builtin:names"], resolve("names").config)
    assert plan.notes == ("750 documents, the longest 26 characters",)
    assert len(plan.corpus.split("valid")) > 500


@pytest.mark.parametrize("command", ["train", "eval", "score", "view"])
def test_every_command_says_that_a_boundary_is_never_found(charrnn, planned, tmp_path, command):
    (tmp_path / "one").write_text("the cat sat", "utf-8")
    made = api.start(planned("data.boundary=why[?]"), tmp_path / "run")
    list(made.events())
    arguments = {
        "train": [
            tmp_path / "one",
            *["-s", "data.boundary=why[?]", "-s", "data.split=[1,0,0]", "--steps", "1", "-o", "r"],
        ],
        "view": [made.path, tmp_path / "one", "-o", "page.html"],
    }.get(command, [made.path, tmp_path / "one"])
    done = charrnn(command, *arguments)
    assert done.exit_code == 0, done.stderr
    assert "data.boundary='why[?]' matches nowhere: the text is one document" in done.stderr
