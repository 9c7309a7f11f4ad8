"""The output for a byte model counts bytes in every line, table, label and field."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from event_files import shown
from pages import data
from rich.console import Console
from slow import mostly_slow
from tiny import trained

from charrnn.cli.progress import tensorboard
from charrnn.cli.progress.running_averages import RunningAverages
from charrnn.cli.sweep.table import Row, as_json, table
from charrnn.runs.storage.history import read_history
from charrnn.runs.storage.metrics_log import as_json as event_as_json
from charrnn.runs.storage.status import RunStatus
from charrnn.sweeps.jobs import JobResult
from charrnn.text.characters.unit_names import amount, bits_label, bits_name, unit_name
from charrnn.training.benchmark import Bench
from charrnn.training.events import Evaluated, Flowed, Stepped

TEXT = "die Tür ist zu, tut mir leid. €\n"
CHARACTERS, BYTES = len(TEXT), len(TEXT.encode())
TINY = ["-s", "model.hidden_size=8", "-s", "runtime.threads=1", "-s", "training.batch_size=4", "-s", "data.unit=byte"]
STEP = Stepped(1, 0.1, 1.0, 0.5, False, 1e-3, 1000.0)
EVAL = Evaluated(1, "valid", 1.0, 1.44, True)


@pytest.fixture
def many(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text(TEXT * 60, "utf-8", newline="")
    return path


@pytest.fixture
def one(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text(TEXT, "utf-8", newline="")
    return path


@pytest.fixture
def run(tmp_path, many):
    return trained(tmp_path / "bytes", many, "data.unit=byte", "data.split=[0.6,0.2,0.2]")


def test_the_words():
    assert [unit_name("char", count) for count in (0, 1, 2)] == ["characters", "character", "characters"]
    assert [amount(count, "byte") for count in (1, 1234)] == ["1 byte", "1,234 bytes"]
    assert [bits_name("char"), bits_label("char")] == ["bits per character", "bpc"]
    assert [bits_name("byte"), bits_label("byte")] == ["bits per byte", "bpb"]


def test_score_and_eval_agree_on_how_long_a_text_is(charrnn, run, one):
    size = f"{CHARACTERS} characters, {BYTES} bytes"
    scored = charrnn("score", run, one).stdout.splitlines()[-1]
    assert re.fullmatch(rf"{size}: [\d.]+ nats, [\d.]+ bits per byte, [\d.]+ bits per character", scored)
    evaluated = charrnn("eval", run, one).stdout
    assert evaluated.startswith(f"the text: {size}\n")
    found = json.loads(charrnn("eval", run, one, "--json").stdout)
    assert (found["unit"], found["bytes"], found["characters"]) == ("byte", BYTES, BYTES)
    assert (found["read"], found["characters_read"]) == (BYTES, CHARACTERS)
    assert found["bpc"] == pytest.approx(found["bits_per_byte"])
    assert found["bits_per_character"] == pytest.approx(found["bits_per_byte"] * BYTES / CHARACTERS)
    nats, of_bytes, of_characters = map(float, re.findall(r"[\d.]+(?= (?:nats|bits))", scored))
    assert of_characters * CHARACTERS == pytest.approx(of_bytes * BYTES, rel=1e-3)
    assert nats == pytest.approx(found["loss"], abs=1e-4)


def test_a_character_model_has_both_counts_too(charrnn, tiny_run, text_file):
    found = json.loads(charrnn("eval", tiny_run, text_file, "--json").stdout)
    assert (found["unit"], found["characters"], found["bytes"], found["read"]) == ("char", 1200, 1200, 1200)
    assert found["bits_per_character"] == pytest.approx(found["bpc"])


@mostly_slow("size", [1, 2, 3, 7], one_in=4)
def test_the_characters_of_bytes_are_counted_however_they_come(charrnn, run, tmp_path, monkeypatch, size):
    monkeypatch.setattr("charrnn.text.reading.sources.PIECE", size)
    (tmp_path / "odd").write_bytes(TEXT.encode() + b"\x80\xe2\x82a")
    assert f"{CHARACTERS + 3} characters, {BYTES + 4} bytes\n" in charrnn("eval", run, tmp_path / "odd").stdout
    assert f"{CHARACTERS + 3} characters, {BYTES + 4} bytes: " in charrnn("score", run, tmp_path / "odd").stdout


def test_a_comparison_is_per_byte(charrnn, run, one):
    printed = charrnn("score", run, one, "--against", run / "last.safetensors").stdout
    assert " per byte; if both were equally likely" in printed


ALLOWED = r"[\d,]+ characters, [\d,]+ bytes|bits per character|eval_characters"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "{many}", "--dry-run", *TINY],
        ["train", "{many}", "--steps", "2", "-s", "training.gradflow_every=1", "-o", "r", *TINY],
        ["train", "{many}", "--steps", "2", "-s", "training.batch_size=5000", "-o", "r", *TINY],
        ["eval", "{run}"],
        ["eval", "{run}", "--protocol", "char-rnn", "--slices", "4,10", "--split", "valid"],
        ["score", "{run}", "{one}"],
        ["view", "{run}", "{one}", "-o", "v.html", "--length", "5"],
        ["gradflow", "{run}", "--lags", "6"],
        ["plot", "{run}", "--what", "loss,bpc"],
        ["sample", "{run}", "-n", "30", "--count", "2", "--rerank", "3", "--novelty"],
        pytest.param(
            ["sweep", "default", "{many}", "--grid", "model.cell=rnn", "--steps", "2", "-o", "s", *TINY],
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_command_speaks_of_characters(charrnn, run, many, one, arguments):
    given = [argument.format(run=run, many=many, one=one) for argument in arguments]
    done = charrnn(*given)
    assert done.exit_code == 0, done.stderr
    printed = re.sub(ALLOWED, "", done.stdout + done.stderr)
    assert re.search(r"\bbytes?\b|\bbpb\b", printed + "".join(re.findall(ALLOWED, done.stdout + done.stderr)))
    assert not re.search(r"character|\bbpc\b|different", printed), printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gradflow", "{run}", "{one}", "--lags", "900"], "900 lags need a text of 901 bytes; found 35"),
        (["train", "{short}", "-o", "r", *TINY], "1 byte split as"),
    ],
)
def test_errors_speak_of_bytes(charrnn, run, one, tmp_path, arguments, message):
    (tmp_path / "short").write_text("a", "utf-8")
    given = [argument.format(run=run, one=one, short=tmp_path / "short") for argument in arguments]
    done = charrnn(*given, stdin=b"a")
    assert done.exit_code == 1
    assert message in done.stderr


def test_events_have_the_right_names_beside_the_old_ones(charrnn, run, many):
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    for event in steps:
        assert event.get("bytes_per_second") == event.get("chars_per_second")
        assert event.get("bits_per_byte") == event.get("bpc")
    assert {"step", "eval"} <= {event["event"] for event in steps}
    printed = charrnn("train", many, "--steps", "2", "--json", "-o", "r", *TINY).stdout
    assert '"bytes_per_second": ' in printed
    assert '"bits_per_byte": ' in printed
    assert "bytes_per_second" not in event_as_json(STEP, "char")


def test_json_says_which_unit(charrnn, run, many):
    planned = json.loads(charrnn("train", many, "--dry-run", "--json", *TINY).stdout)["text"]
    assert (planned["unit"], planned["bytes"], planned["characters"]) == ("byte", 60 * BYTES, 60 * BYTES)
    assert json.loads(charrnn("gradflow", run, "--lags", "6", "--json").stdout)["unit"] == "byte"


def test_a_measured_speed_says_which(charrnn, monkeypatch):
    found = Bench("gru", 8, 1, 256, 4, 16, 8, 1, 1, 0.1, 5000.0, *[1.0] * 7)
    monkeypatch.setattr("charrnn.api.measure", lambda trainer, seconds, unit, *_: replace(found, unit=unit))
    printed = charrnn("bench", *TINY).stdout
    assert "4 streams x 16 bytes (8 of them new), 1 core" in printed
    assert "5,000 bytes/s: " in printed
    measured = json.loads(charrnn("bench", "--json", *TINY).stdout)
    assert (measured["unit"], measured["bytes_per_second"], measured["chars_per_second"]) == ("byte", 5000, 5000)
    assert "bytes_per_second" not in json.loads(charrnn("bench", "--json", "-s", "model.hidden_size=8").stdout)


def test_tensorboards_tags_say_which():
    assert set(tensorboard.scalars(EVAL, "byte")) == {"valid/loss", "valid/bits_per_byte"}
    assert "train/bytes_per_second" in tensorboard.scalars(STEP, "byte")
    assert "train/chars_per_second" in tensorboard.scalars(STEP)
    assert "valid/bpc" in tensorboard.scalars(EVAL)


def test_the_running_figures_say_which():
    figures = RunningAverages(1.0, "byte")
    figures.add(STEP)
    assert "loss 1.0000 (1.443 bpb)" in figures.figures()
    assert "1k bytes/s" in figures.figures()


def test_a_history_knows_its_unit_with_and_without_a_configuration(run, tiny_run):
    assert (read_history(run).unit, read_history(tiny_run).unit) == ("byte", "char")
    events = run.with_name("events.jsonl")
    events.write_bytes((run / "metrics.jsonl").read_bytes())
    assert read_history(events).unit == "byte"


def test_a_plot_of_both_names_both(charrnn, run, tiny_run):
    drawn = charrnn("plot", run, tiny_run, "--what", "loss").stdout
    assert "loss (nats per character or byte)" in drawn
    assert re.search(r"\(\d\.\d+ bpb\)", drawn)
    assert re.search(r"\(\d\.\d+ bpc\)", drawn)


def test_a_sweep_over_the_unit_names_both():
    rows = [
        Row(Path(unit), {"data.unit": unit}, JobResult("done"), RunStatus(1.0, 1, 1.0, True, unit))
        for unit in ("char", "byte")
    ]
    console = Console(file=io.StringIO())
    table(rows).show(console)
    assert "bpc or bpb" in console.file.getvalue()
    assert [(row["unit"], row.get("bits_per_byte")) for row in as_json(rows)] == [
        ("char", None),
        ("byte", as_json(rows)[1]["bpc"]),
    ]


def test_a_look_at_the_gradients_is_in_bytes():
    from charrnn.cli.reports.gradflow import describe_probe

    flowed = Flowed(
        step=5,
        layer=1,
        lags=20,
        half_life=3,
        horizon=9,
        log10_norm_1=-0.1,
        log10_norm_last=-2.0,
        lyapunov=-0.2,
        spectral_radius=0.9,
        saturated=0.1,
    )
    assert "after 3 bytes, 1 % after 9" in describe_probe(flowed, "byte")


def test_the_page_is_in_bytes(charrnn, run, one):
    assert charrnn("view", run, one, "-o", "v.html").exit_code == 0
    html = Path("v.html").read_text("utf-8")
    assert re.search(rf"{CHARACTERS} characters, {BYTES} bytes: [\d.]+ nats, [\d.]+ bits per byte", html)
    assert data(html)["text"] == TEXT


def test_the_live_display_says_which(charrnn, many, monkeypatch):
    monkeypatch.setattr("charrnn.cli.progress.follow.can_draw_on", lambda console, json: True)
    printed = charrnn("train", many, "--steps", "2", "-o", "r", *TINY).stderr
    assert re.search(r"validation loss [\d.]+ nats, [\d.]+ bpb", printed)
    assert re.search(r"loss [\d.]+ \([\d.]+ bpb\)", printed)
    assert "k bytes/s" in printed
    assert "bpc" not in printed
    assert "characters" not in printed


def test_what_tensorboard_reads_says_which(charrnn, many):
    pytest.importorskip("tensorboardX")
    assert charrnn("train", many, "--steps", "2", "-o", "r", "--tensorboard", *TINY).exit_code == 0
    tags = set(shown(Path("r/tensorboard")))
    assert {"train/bytes_per_second", "valid/bits_per_byte"} <= tags
    assert not {"train/chars_per_second", "valid/bpc"} & tags


def test_unknown_characters_are_those_that_were_predicted(charrnn, tiny_run):
    found = json.loads(charrnn("eval", tiny_run, "-", "--json", stdin="éthe é ü é".encode()).stdout)
    assert found["unknown_characters"] == {"é": 3, "ü": 1}
    assert found["unknown"] == 4


@pytest.mark.slow
def test_a_sweep_over_the_unit_says_that_its_losses_do_not_compare(charrnn, many):
    settings = ["-s", "model.hidden_size=8", "-s", "runtime.threads=1", "-s", "training.batch_size=4", "--steps", "2"]
    result = charrnn("sweep", "default", many, "--grid", "data.unit=char,byte", "-o", "s", "--jobs", "1", *settings)
    assert result.exit_code == 0, result.stderr
    assert "losses per character and per byte cannot be compared" in result.stderr
