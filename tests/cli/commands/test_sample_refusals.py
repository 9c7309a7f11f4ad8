"""`sample`, each mistake: a clear line on stderr, exit 1 or 2, no traceback."""

import pytest
from refusals import refused

from charrnn.cli.options import prompts


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-p", "the Ω"], 1, ["'Ω' (U+03A9) at character 5"]),
        (["-t", "-1"], 1, ["-t -1: must be a number of at least 0"]),
        (["-t", "hot"], 2, ["-t hot: must be a number of at least 0"]),
        (["--top-k", "0"], 1, ["--top-k 0: must be a whole number above 0; without --top-k, all are drawn from"]),
        (["--only", "Ω"], 1, ["--only 'Ω': the model knows none of these"]),
        (["-n", "-1"], 2, ["-n -1: must be a whole number of at least 0; 0 has no limit"]),
        (["-n", "0", "--json"], 2, ["--length 0 has no limit"]),
        (["-n", "0", "--count", "2"], 2, ["--length 0 has no limit"]),
        (["-n", "0", "--trace"], 2, ["--length 0 has no limit"]),
        (["-n", "0", "--no-stream"], 2, ["--length 0 has no limit", "--no-stream"]),
        (["--weights", "1"], 1, ["--weights: for a mixture only; add --with RUN or --ngram"]),
        (["-n", "0", "--rerank", "2"], 2, ["--length 0 has no limit"]),
        (["--rerank", "2", "--count", "3"], 2, ["--rerank must be at least --count, 3; found 2"]),
        (["--rerank", "0"], 2, ["--rerank"]),
        (["--trace-candidates", "0"], 2, ["--trace-candidates"]),
        (["--trace-candidates", "3"], 2, ["--trace-candidates needs --trace; give both"]),
        (["--repetition-penalty", "0.9"], 1, ["--repetition-penalty 0.9: must be a number of at least 1"]),
        (["--repetition-ngram", "5"], 2, ["need --repetition-penalty; give it too"]),
        (["--repetition-window", "50"], 2, ["need --repetition-penalty; give it too"]),
        (["--count", "0"], 2, ["--count"]),
        (["--seed", "-1"], 2, ["--seed"]),
        (["--prompt-file", "nothing.txt"], 1, ["--prompt-file nothing.txt: cannot be read: "]),
        (["-p", "a", "--prompt-file", "x"], 2, ["not both"]),
        (["--checkpoint", "worst"], 2, ["--checkpoint"]),
    ],
)
def test_options_of_sample(charrnn, tiny_run, arguments, code, words):
    refused(charrnn("sample", tiny_run, *arguments), code, *words)


def test_a_checkpoint_by_itself_is_neither_the_best_nor_the_last(charrnn, tiny_run):
    best = tiny_run / "best.safetensors"
    refused(charrnn("sample", best, "--checkpoint", "last"), 1, "is a checkpoint; for the last one of its run, name")


@pytest.mark.parametrize("by_pipe", [False, True])
def test_a_prompt_that_is_too_long_is_refused_with_its_size(charrnn, tiny_run, tmp_path, monkeypatch, by_pipe):
    monkeypatch.setattr(prompts, "MAX_PROMPT_BYTES", 1000)
    text = "the cat " * 200
    (tmp_path / "long.txt").write_text(text, "utf-8")
    given = ("-", text) if by_pipe else (tmp_path / "long.txt", None)
    size = "more than 1,000 bytes" if by_pipe else "1,600 bytes"
    done = charrnn("sample", tiny_run, "--prompt-file", given[0], "-n", "5", stdin=given[1])
    refused(done, 1, f"--prompt-file {given[0]}: {size}; a prompt has at most 1,000")
    (tmp_path / "long.txt").write_text(text[:1000], "utf-8")
    assert charrnn("sample", tiny_run, "--prompt-file", tmp_path / "long.txt", "-n", "5").exit_code == 0
    assert charrnn("sample", tiny_run, "--prompt", text, "-n", "5").stdout.startswith(text)


def test_a_run_that_is_not_there(charrnn, tiny_run):
    refused(charrnn("sample", tiny_run.parent / "nothing"), 1, "no such run", f"runs in {tiny_run.parent}: run")
