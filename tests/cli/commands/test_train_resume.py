"""`train --resume`."""

from dataclasses import replace

from tiny import OPTIONS as TINY

from charrnn.runs.storage.checkpoint import load, save
from charrnn.runs.storage.checkpoint_record import Lineage


def test_standard_input_and_resume(charrnn, text_file):
    text = text_file.read_text("utf-8")
    assert charrnn("train", "-", *TINY, "-o", "r", stdin=text).exit_code == 0
    refused = charrnn("train", "--resume", "r", "--steps", "25")
    assert refused.exit_code == 1
    assert "charrnn train --resume r TEXT" in refused.stderr
    resumed = charrnn("train", "--resume", "r", "-", "--steps", "25", stdin=text)
    assert resumed.exit_code == 0
    assert "resuming after step 20" in resumed.stderr
    assert "the end moves from step 20 to 25" in resumed.stderr


def test_control_characters_in_a_checkpoint_cannot_move_the_cursor(charrnn, tiny_run):
    saved = load(tiny_run / "last.safetensors")
    lineage = Lineage(path="\x1b[2J/best.safetensors", step=3, text_sha256="", weights_sha256="")
    save(replace(saved, base=lineage), tiny_run / "last.safetensors")
    resumed = charrnn("train", "--resume", tiny_run, "--steps", "21")
    assert "from \u241b[2J/best.safetensors: step 3" in resumed.stderr
    assert "\x1b" not in resumed.stderr


def test_an_ended_patience_can_be_taken_up_again(charrnn, text_file):
    ended = charrnn(
        "train",
        text_file,
        *TINY,
        "-s",
        "training.patience=1",
        "-s",
        "training.learning_rate=1e-12",
        "-s",
        "training.seed=3",
        "-o",
        "r",
    )
    resumed = charrnn("train", "--resume", "r", "--steps", "40")
    assert (ended.exit_code, resumed.exit_code) == (0, 0)
    assert "step 30: validation" in resumed.stderr


def test_a_pattern_is_resumed_from_a_folder_whose_name_looks_like_one(charrnn, text_file, tmp_path, monkeypatch):
    folder = tmp_path / "h[1]"
    folder.mkdir()
    (folder / "letters.txt").write_text(text_file.read_text("utf-8"), "utf-8")
    monkeypatch.chdir(folder)
    assert charrnn("train", "*.txt", *TINY, "-o", "r").exit_code == 0
    assert charrnn("train", "--resume", "r", "--steps", "22").exit_code == 0


def test_a_damaged_last_is_not_kept_as_previous(charrnn, tiny_run):
    last, previous = tiny_run / "last.safetensors", tiny_run / "previous.safetensors"
    last.write_bytes(last.read_bytes()[:100])
    assert charrnn("train", "--resume", tiny_run, "--steps", "25").exit_code == 0
    assert load(last).progress.step == 25
    assert load(previous).progress.step == 20
