"""Encodings of texts, through every command that reads one."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from refusals import refused
from slow import mostly_slow
from tiny import TINY as SETTINGS

from charrnn import api
from charrnn.system.platform_features import IS_WINDOWS
from charrnn.text.reading.encodings import Encodings

TINY = [word for setting in SETTINGS for word in ("-s", setting)]
FRENCH = "« Où est-il », dit-il déjà ; 5 €.\n" * 40
ENGLISH = "It’s the café – « oui ».\n" * 40


@pytest.fixture
def mixed(charrnn):
    """A run on two texts, one of them not UTF-8, trained here."""
    Path("u8.txt").write_bytes(ENGLISH.encode())
    Path("notes.txt").write_bytes(FRENCH.encode("cp1252"))
    done = charrnn("train", "u8.txt", "notes.txt", *TINY, "--encoding", "notes.txt=cp1252", "-o", "mixed")
    assert done.exit_code == 0, done.stderr
    return Path("mixed")


@pytest.fixture
def french(charrnn):
    """A run on a text in cp1252, trained here."""
    Path("notes.txt").write_bytes(FRENCH.encode("cp1252"))
    assert charrnn("train", "notes.txt", *TINY, "--encoding", "cp1252", "-o", "french").exit_code == 0
    return Path("french")


def evaluated(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def _content(text):
    """All of a text that is read once."""
    return "".join(block.characters for block in text.blocks())


def text_of(result):
    assert result.exit_code == 0, result.stderr
    return "".join(json.loads(line)["character"] for line in result.stdout.splitlines())


def test_each_file_has_its_own_encoding_and_the_run_remembers(charrnn, mixed, tmp_path, monkeypatch):
    expected = set(ENGLISH + FRENCH)
    assert api.load(mixed).vocabulary.characters == expected
    assert api.load(mixed).training_text.corpus.sha256 == api.load(mixed).saved.text.sha256
    run = mixed.resolve()
    monkeypatch.chdir(tmp_path)
    assert evaluated(charrnn("eval", run, "--ngram", "--json"))["unknown"] == 0
    assert charrnn("sample", run, "--novelty", "-n", "20").exit_code == 0
    assert charrnn("gradflow", run, "--lags", "5", "--positions", "1").exit_code == 0
    assert charrnn("train", "--resume", run, "--steps", "25").exit_code == 0
    assert "notes.txt=cp1252" in (run / "config.yaml").read_text("utf-8")


def test_a_file_that_is_named_from_the_folder_above_is_found_again_from_anywhere(charrnn, tmp_path, monkeypatch):
    Path("here").mkdir()
    Path("notes.txt").write_bytes(FRENCH.encode("cp1252"))
    monkeypatch.chdir("here")
    assert charrnn("train", "../notes.txt", *TINY, "--encoding", "../notes.txt=cp1252", "-o", "r").exit_code == 0
    run = Path("r").resolve()
    monkeypatch.chdir(tmp_path)
    assert evaluated(charrnn("eval", run, "--json"))["unknown"] == 0


@pytest.mark.slow
def test_a_file_that_does_not_fit_is_named_with_the_option_for_it(charrnn, tiny_run, tmp_path):
    path = tmp_path / "my notes.txt"
    path.write_bytes(b"caf\xe9 au lait\n" * 40)
    commands = [
        ["train", "builtin:names", path, *TINY],
        ["sweep", "default", path, "--grid", "training.seed=1,2"],
        ["eval", tiny_run, path],
        ["score", tiny_run, path],
        ["view", tiny_run, path, "-o", "p.html"],
        ["gradflow", tiny_run, path],
        ["gradflow", "--text", path],
        ["sample", tiny_run, "--novelty", "--text", path],
    ]
    for command in commands:
        words = "my notes.txt: byte 0xe9 at offset 3 (line 1) is not utf-8", "--encoding 'my notes.txt=cp1252'"
        result = charrnn(*command)
        refused(result, 1, *words)
        assert "data.encoding" not in result.stderr
        if command[0] in ("eval", "score", "view"):
            assert charrnn(*command, "--encoding", "my notes.txt=cp1252").exit_code == 0


def test_a_wrong_name_in_encoding_is_refused(charrnn, text_file, tiny_run):
    train = ["train", text_file, *TINY, "--encoding"]
    refused(charrnn(*train, "nots.txt=cp1252"), 1, "encoding nots.txt=cp1252: no text has this file name", "text.txt")
    refused(charrnn(*train, "klingon"), 1, "--encoding: data.encoding: klingon: not an encoding")
    refused(charrnn("eval", tiny_run, text_file, "--encoding", "a=klingon"), 1, "a=klingon: not an encoding")
    refused(charrnn("score", tiny_run, text_file, "--encoding", "nots.txt=cp1252"), 1, "no text has this file name")
    refused(charrnn("sample", tiny_run, "--encoding", "cp1252"), 2, "--novelty, --ngram and --with")


@mostly_slow("encoding", ["cp1252", "utf-16", "utf-8", "utf-7"], one_in=4)
def test_standard_input_is_utf_8_whatever_the_run_s_text_was_in(charrnn, encoding):
    Path("notes.txt").write_bytes(FRENCH.encode(encoding))
    assert charrnn("train", "notes.txt", *TINY, "-s", f"data.encoding={encoding}", "-o", "r").exit_code == 0
    written = charrnn("sample", "r", "-n", "60", "--seed", "1").stdout
    for source in ([], ["-"]):
        result = charrnn("score", "r", *source, "--json", stdin=written.encode())
        assert text_of(result) == written
        assert "20.0" not in result.stdout
    assert evaluated(charrnn("eval", "r", "-", "--json", stdin=written.encode()))["unknown"] == 0
    assert evaluated(charrnn("eval", "r", "--json"))["unknown"] == 0
    if encoding == "cp1252":
        result = charrnn("score", "r", "--json", "--encoding", "cp1252", stdin=FRENCH.encode("cp1252"))
        assert text_of(result) == FRENCH


@pytest.mark.slow
def test_a_text_is_utf_8_unless_its_encoding_is_named(charrnn, french):
    Path("u8.txt").write_bytes(FRENCH.encode())
    Path("wide.txt").write_bytes(FRENCH.encode("utf-16"))
    expected = evaluated(charrnn("eval", french, "u8.txt", "--json"))
    assert expected["unknown"] == 0
    for source in (
        ["notes.txt", "--encoding", "cp1252"],
        ["notes.txt", "--encoding", "notes.txt=cp1252"],
        ["wide.txt"],
    ):
        assert evaluated(charrnn("eval", french, *source, "--json"))["loss"] == expected["loss"]
        assert text_of(charrnn("score", french, *source, "--json")) == FRENCH
        assert charrnn("view", french, *source, "-o", "p.html", "--force").exit_code == 0
    model = api.load(french)
    assert _content(model.read(["u8.txt"])) == _content(model.read(["u8.txt"], once=True)) == FRENCH
    assert _content(model.read(["notes.txt"], Encodings.parse(["cp1252"]), once=True)) == FRENCH


@pytest.mark.slow
def test_every_command_says_when_utf_8_is_read_as_something_else(charrnn, french, tmp_path):
    Path("u8.txt").write_bytes(FRENCH.encode())
    note = "u8.txt is valid UTF-8 but read as cp1252, as you asked; if that is wrong, name only what is not UTF-8"
    said = ["--encoding", "cp1252"]
    grid = ["--grid", "training.seed=1", "--steps", "2"]
    for command in (
        ["train", "u8.txt", "notes.txt", *TINY, *said],
        ["train", "u8.txt", *TINY, "--encoding", "u8.txt=cp1252"],
        ["train", "u8.txt", *TINY, "-s", "data.encoding=cp1252"],
        ["eval", french, "u8.txt", *said],
        ["score", french, "u8.txt", *said],
        ["score", french, "u8.txt", "--json", *said],
        ["view", french, "u8.txt", *said, "-o", "p.html"],
        ["gradflow", french, "u8.txt", *said, "--lags", "5", "--positions", "1"],
        ["gradflow", *TINY, "--text", "u8.txt", *said, "--lags", "5", "--positions", "1"],
        ["sweep", "default", "u8.txt", *TINY[:-6], *grid, *said, "-o", tmp_path / "s"],
    ):
        done = charrnn(*command)
        assert done.exit_code == 0, done.stderr
        assert note in " ".join(done.stderr.split()), command
    assert "valid UTF-8" not in charrnn("train", "notes.txt", *TINY, *said).stderr
    assert "valid UTF-8" not in charrnn("eval", french).stderr


def test_a_training_text_that_was_converted_is_still_the_same_text(charrnn, french):
    expected = evaluated(charrnn("eval", french, "--json"))["loss"]
    Path("notes.txt").rename("old.txt")
    for encoding, option in (("utf-8", []), ("utf-16", []), ("cp850", ["--encoding", "cp850"])):
        text = FRENCH.replace("€", "EUR") if encoding == "cp850" else FRENCH
        Path("moved.txt").write_bytes(text.encode(encoding))
        done = charrnn("eval", french, "--text", "moved.txt", *option, "--json")
        if encoding == "cp850":
            refused(done, 1, "the text differs")
        else:
            assert evaluated(done)["loss"] == expected
    assert (
        charrnn("train", "--resume", french, "old.txt", "--steps", "25", "--encoding", "old.txt=cp1252").exit_code == 0
    )
    assert evaluated(charrnn("eval", french, "--text", "old.txt", "--json"))["unknown"] == 0


@pytest.mark.slow
def test_every_command_reads_the_training_text_in_the_encoding_that_it_is_in_now(charrnn, french):
    Path("notes.txt").write_bytes(FRENCH.encode("utf-16-le"))
    Path("u8.txt").write_bytes(FRENCH.encode())
    for command in (
        ["eval", french],
        ["score", french, "u8.txt", "--ngram"],
        ["view", french, "-o", "p.html"],
        ["gradflow", french, "--lags", "5", "--positions", "1"],
        ["sample", french, "--novelty", "-n", "20"],
        ["train", "--resume", french, "--steps", "25"],
    ):
        refused(charrnn(*command), 1, "notes.txt: looks like UTF-16 without a byte order mark")
        done = charrnn(*command, "--encoding", "notes.txt=utf-16-le")
        assert done.exit_code == 0, done.stderr
    done = charrnn("eval", french, "u8.txt", "--encoding", "notes.txt=utf-16-le", "--json")
    assert evaluated(done)["baselines"]["ngram"] is not None


def test_a_text_in_another_encoding_than_the_training_text(charrnn, french):
    """NAME is for TEXT alone, and FILE=NAME for whichever has that name."""
    Path("old.txt").write_bytes(FRENCH.encode("cp1252"))
    Path("notes.txt").rename("moved.txt")
    Path("t.txt").write_bytes(FRENCH.encode("utf-16-le"))
    eval_ = ["eval", french, "t.txt", "--text", "moved.txt", "--json"]
    both = evaluated(charrnn(*eval_, "--encoding", "utf-16-le"))
    assert both["baselines"]["ngram"] is not None
    assert evaluated(charrnn(*eval_, "--encoding", "t.txt=utf-16-le", "--encoding", "moved.txt=cp1252")) == both


def test_bytes_have_no_encoding(charrnn, text_file):
    done = charrnn("train", text_file, *TINY, "-s", "data.unit=byte", "--encoding", "cp1252")
    assert "bytes are read as they are: their encoding makes no difference" in done.stderr


@pytest.mark.slow
def test_a_sweep_reads_each_file_in_its_encoding(charrnn):
    Path("u8.txt").write_bytes(ENGLISH.encode())
    Path("notes.txt").write_bytes(FRENCH.encode("cp1252"))
    sweep = ["sweep", "default", "u8.txt", "notes.txt", *TINY, "--grid", "training.seed=1", "-o", "s"]
    done = charrnn(*sweep, "--encoding", "notes.txt=cp1252")
    assert done.exit_code == 0, done.stderr
    assert api.load(done.stdout.strip()).vocabulary.characters == set(ENGLISH + FRENCH)
    refused(charrnn(*sweep, "--grid", "data.encoding=utf-8", "--encoding", "cp1252"), 1, "set the same")


def test_a_text_of_a_run_s_own_encoding_is_named_with_it(charrnn, french):
    Path("more.txt").write_bytes(FRENCH.encode("cp1252"))
    for command in (["score"], ["eval", "--no-baselines"], ["view", "-o", "page.html"]):
        advice = "if it is cp1252, as the training text was, say so: --encoding more.txt=cp1252"
        refused(charrnn(command[0], french, "more.txt", *command[1:]), 1, advice)
        done = charrnn(command[0], french, "more.txt", *command[1:], "--encoding", "more.txt=cp1252")
        assert done.exit_code == 0, done.stderr


def test_an_encoding_that_makes_another_text_is_named_as_the_cause(charrnn, tmp_path):
    Path("u8.txt").write_bytes(ENGLISH.encode())
    assert charrnn("train", "u8.txt", *TINY, "-o", "r").exit_code == 0
    for command in (["eval", "r"], ["gradflow", "r"], ["train", "--resume", "r", "--steps", "30"]):
        refused(charrnn(*command, "--encoding", "latin-1"), 1, "or leave out --encoding")


@pytest.mark.slow
def test_bytes_that_are_not_utf_8_get_a_note_about_characters(charrnn):
    Path("wide.txt").write_bytes(ENGLISH.encode("utf-16"))
    Path("u8.txt").write_bytes(ENGLISH.encode())
    assert charrnn("train", "wide.txt", *TINY, "-s", "data.unit=byte", "-o", "r").exit_code == 0
    doubt = "of these characters are bytes that are not UTF-8"
    for command in (["score", "r"], ["eval", "r", "--no-baselines"]):
        assert doubt in charrnn(*command, "wide.txt").stderr
        assert doubt not in charrnn(*command, "u8.txt").stderr
    assert doubt in evaluated(charrnn("eval", "r", "--no-baselines", "--json"))["notes"][-1]


def test_eval_prints_each_note_about_the_text_once(charrnn, french):
    Path("letters").mkdir()
    Path("letters/a.txt").write_text("« Où est-il », dit-il.\n", "utf-8")
    assert charrnn("eval", french, "letters", "--no-baselines").stderr.count("1 file read") == 1


def test_score_names_unknown_characters(charrnn, french):
    Path("other.txt").write_text("QOù QZ\n", "utf-8")
    done = charrnn("score", french, "other.txt")
    assert "unknown to the model: 3 characters: 'Q' (U+0051) 2 times, 'Z' (U+005A)" in done.stderr
    Path("same.txt").write_text(FRENCH, "utf-8")
    assert "unknown" not in charrnn("score", french, "same.txt").stderr


@pytest.mark.skipif(IS_WINDOWS or not shutil.which("iconv"), reason="needs iconv")
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_the_proposed_command_converts_a_prompt_that_is_not_utf_8(charrnn, french, encoding):
    Path("it's a prompt.txt").write_bytes("« Où".encode(encoding))
    done = charrnn("sample", french, "--prompt-file", "it's a prompt.txt", "-n", "1")
    refused(done, 1, "is not UTF-8; convert it, for example: iconv")
    subprocess.run(done.stderr.strip().rpartition(": ")[2], shell=True, check=True)
    assert charrnn("sample", french, "--prompt-file", "prompt.txt", "-n", "1").stdout.startswith("« Où")
