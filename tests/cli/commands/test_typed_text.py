"""What is typed for `sample`: prompts, stop strings, allowed characters."""

import json
import os
import subprocess
import sys
from unicodedata import normalize

import pytest
from refusals import refused
from tiny import trained

ACCENTS = "é à la plage, où ça mène: très loin\n"


@pytest.fixture
def accents(tmp_path):
    """A run of a text with composed accents."""
    path = tmp_path / "accents.txt"
    path.write_text(normalize("NFC", ACCENTS * 40), "utf-8")
    return trained(tmp_path / "accents", path)


@pytest.fixture
def code(tmp_path):
    """A run of a text with backslashes, tabs and line ends."""
    path = tmp_path / "code.tex"
    path.write_text("\\newline \\section{a}\t\\textbf{b}\n" * 40, "utf-8")
    return trained(tmp_path / "code", path)


def text_of(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)[0]["text"]


def test_a_line_break_can_be_typed_in_a_prompt_and_in_a_stop_string(charrnn, tiny_run, tmp_path):
    typed = charrnn("sample", tiny_run, "-p", r"why?\nthe", "-n", 60, "--seed", 1)
    assert typed.stdout == charrnn("sample", tiny_run, "-p", "why?\nthe", "-n", 60, "--seed", 1).stdout
    assert typed.stdout.startswith("why?\nthe")
    whole = charrnn("sample", tiny_run, "-n", 200, "--seed", 1, "--json")
    stopped = charrnn("sample", tiny_run, "-n", 200, "--seed", 1, "--json", "--stop", r"\n")
    assert text_of(stopped) == text_of(whole).partition("\n")[0] != text_of(whole)
    only = charrnn("sample", tiny_run, "-n", 50, "--only", r"a\n", "--json")
    assert set(text_of(only)) == {"a", "\n"}
    (tmp_path / "prompt").write_text(r"a\nb", "utf-8")  # a file is taken unchanged
    refused(charrnn("sample", tiny_run, "--prompt-file", tmp_path / "prompt"), 1, r"'\\' (U+005C) at character 2")


def test_a_model_that_knows_the_backslash_notes_how_it_is_read(charrnn, code):
    for typed, read, noted in (
        (r"\section", r"\section", False),
        (r"\\newline", r"\newline", True),
        (r"\newline", "\newline", True),
        ("b\n", "b\n", False),
    ):
        result = charrnn("sample", code, "-p", typed, "-n", 5)
        assert result.stdout.startswith(read)
        assert ("for the backslash itself type two" in result.stderr) == noted
    assert "type two" in charrnn("sample", code, "-n", 5, "--stop", r"\n").stderr
    refused(
        charrnn("sample", code, "-p", r"\right"),
        1,
        r"'\r' (U+000D) at character 1",
        "for the backslash itself type two",
    )


def test_a_prompt_in_another_form_is_read_in_the_one_that_the_model_knows(charrnn, accents):
    composed = charrnn("sample", accents, "-p", "où ça", "-n", 20, "--seed", 1)
    typed = charrnn("sample", accents, "-p", normalize("NFD", "où ça"), "-n", 20, "--seed", 1)
    assert typed.stdout == composed.stdout
    assert "Unicode form" in typed.stderr
    assert "Unicode form" not in composed.stderr
    windows = charrnn("sample", accents, "-p", "où\r\nça", "-n", 20, "--seed", 1)
    assert windows.stdout == charrnn("sample", accents, "-p", "où\nça", "-n", 20, "--seed", 1).stdout
    assert "Unicode form" not in windows.stderr
    stop = charrnn("sample", accents, "-n", 300, "--seed", 1, "--stop", normalize("NFD", "é"), "--json")
    assert "never comes" not in stop.stderr
    assert "é" not in text_of(stop)
    only = charrnn("sample", accents, "-n", 30, "--only", normalize("NFD", "é"), "--json")
    assert set(text_of(only)) <= {"é", "e"}


def test_unknown_characters_that_are_read_as_rare_ones_are_named(charrnn, tmp_path):
    path = tmp_path / "rare.txt"
    path.write_text("the cat sat on the mat\n" * 40 + "Q\n", "utf-8")
    run = trained(tmp_path / "rare", path, "data.min_count=2")
    done = charrnn("sample", run, "-p", "Qat Z Z", "-n", 5, "--seed", 1)
    assert done.exit_code == 0
    note = "unknown to the model, and read as its symbol for rare characters: 'Z' (U+005A) 2 times, 'Q' (U+0051)"
    assert note in " ".join(done.stderr.split())
    assert "rare characters" not in charrnn("sample", run, "-p", "cat", "-n", 5, "--seed", 1).stderr


def test_all_unknown_characters_of_a_prompt_are_named(charrnn, accents):
    result = charrnn("sample", accents, "-p", normalize("NFD", "é☃ Ω"))
    refused(result, 1, "'☃' (U+2603) at character 2 and 'Ω' (U+03A9) at character 4 are not among the")
    refused(charrnn("sample", accents, "-p", r"a\ra"), 1, r"'\r' (U+000D) at character 2 is not among the")


@pytest.mark.parametrize("way", [[], ["--json"], ["--count", 2], ["--trace"], ["--no-stream"]])
def test_a_stop_string_that_never_comes_is_a_warning(charrnn, accents, way):
    asked = ["--stop", "Ω", "--stop", "a", "--stop", "é à la plage, où", "--only", "aeΩ", "-n", 12]
    result = charrnn("sample", accents, *asked, *way)
    assert result.exit_code == 0
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: --only: the model does not know 'Ω' (U+03A9)",
        "warning: --stop 'Ω' never comes: the model does not know 'Ω' (U+03A9)",
        "warning: --stop 'é à la plage, où' never comes: it is longer than --length, 12",
    ]


def test_classes_add_up_and_a_slip_is_asked_about(charrnn, tiny_run):
    def written(*only):
        options = [word for each in only for word in ("--only", each)]
        return set(text_of(charrnn("sample", tiny_run, "-n", 300, "-t", 2, "--seed", 1, "--json", *options)))

    letters = set("thecasonmdgrwy")
    assert written("letters,space") == written("Letters", "SPACE") == letters | {" ", "\n"}
    assert written("letters", "?") == letters | {"?"}
    assert written("chars:letters") == set("tesr")
    refused(charrnn("sample", tiny_run, "--only", "letter"), 1, "did you mean letters?")
    result = charrnn("sample", tiny_run, "--only", "ease", "-n", 5, "--seed", 1)
    assert "warning: --only 'ease' is not a class (letters, lowercase," in result.stderr
    assert "is not a class" not in charrnn("sample", tiny_run, "--only", "chars:ease", "-n", 5, "--seed", 1).stderr


@pytest.mark.slow
def test_a_byte_model_writes_whole_characters_however_it_is_asked(charrnn, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("Наша Таня громко плачет\n" * 40, "utf-8")
    run = trained(tmp_path / "bytes", path, "data.unit=byte", "training.steps=300", "training.learning_rate=0.02")
    cut = []
    for length in range(1, 8):
        streamed = charrnn("sample", run, "-n", length, "-t", 0).stdout.removesuffix("\n")
        assert "\N{REPLACEMENT CHARACTER}" not in streamed
        assert charrnn("sample", run, "-n", length, "-t", 0, "--no-stream").stdout == streamed + "\n"
        several = json.loads(charrnn("sample", run, "-n", length, "-t", 0, "--count", 2, "--json").stdout)
        assert {sample["text"] for sample in several} == {streamed}
        lines = charrnn("score", run, "--json", stdin=streamed.encode()).stdout.splitlines() if streamed else []
        total = sum(json.loads(line)["surprisal"] for line in lines)
        assert several[0]["log_probability"] == pytest.approx(-total, abs=1e-3)
        cut.append(len(streamed.encode()) < length)
    assert True in cut
    stderr = charrnn("sample", run, "-p", "\u041d", "-n", 1, "-t", 0, "--rerank", 1, "--seed", 3).stderr
    assert "among the best of 1: seed 3, no whole character" in stderr
    typed = charrnn(
        "sample", run, "-p", "a\r\nb\\n", "-n", 3, "--seed", 1
    )  # bytes are read as they are, and nothing is said of it
    assert typed.stderr.splitlines() == [f"{run / 'best.safetensors'}, seed 1"]


@pytest.mark.skipif(sys.platform == "win32", reason="its command lines are Unicode")
@pytest.mark.slow
def test_text_is_utf_8_whatever_the_locale_and_file_names_stay_as_they_are(accents, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    def run(*arguments):
        command = [sys.executable, "-m", "charrnn", *map(os.fsencode, arguments)]
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    code, stdout, stderr = run(
        "sample", accents, "-p", "où", "--stop", "é", "--only", "éàç", "-n", "200", "--seed", "1"
    )
    assert code == 0
    assert stdout.startswith("où")
    assert set(stdout.removeprefix("où")) <= set("àç\n")
    assert "never comes" not in stderr
    prompt = tmp_path / "où.txt"
    prompt.write_text("très", "utf-8")
    assert run("sample", accents, "--prompt-file", prompt, "-n", "5")[1].startswith("très")
    code, _, stderr = run("train", prompt, "--dry-run")
    assert (code, stderr) == (1, f"error: {prompt}: a file name that this locale cannot read; set PYTHONUTF8=1\n")
    plan = run("train", tmp_path / "accents.txt", "-s", "data.boundary=é", "--dry-run", "--json")
    assert json.loads(plan[1])["config"]["data"]["boundary"] == "é"
    assert "é" in run("sweep", "default", tmp_path / "accents.txt", "--grid", "data.é=1,2")[2]
    code, stdout, stderr = run("sample", accents, "-p", b"a\xff")
    assert (code, stdout) == (2, "")
    assert "its byte 2, 0xff, is not UTF-8" in stderr


def test_a_prompt_of_several_documents_is_a_warning(charrnn, tmp_path):
    path = tmp_path / "poems.txt"
    path.write_text("a boat\ngoes out\n\nthe tide\n\n" * 40, "utf-8")
    run = trained(tmp_path / "poems", path, "data.boundary=blank-line")
    warning = "warning: a blank line ends a document of this model"
    for prompt in (r"a boat\n\nthe", r"a\n \nt", r"\na boat"):
        assert warning in charrnn("sample", run, "-p", prompt, "-n", 3, "--seed", 1).stderr
    for prompt in ("", "a boat", r"a boat\n", r"a\nb"):
        assert warning not in charrnn("sample", run, "-p", prompt, "-n", 3, "--seed", 1).stderr
