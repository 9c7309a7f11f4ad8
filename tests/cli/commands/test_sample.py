"""`sample`: what it prints."""

import json
import subprocess
import sys

import pytest
from slow import mostly_slow


def test_sample_prints_the_prompt_and_the_same_text_twice(charrnn, tiny_run):
    first, second = (charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "1") for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout == second.stdout
    assert first.stdout.startswith("the ")
    assert len(first.stdout) == len("the ") + 50 + 1
    assert charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "1", "--no-stream").stdout == first.stdout
    assert charrnn("sample", tiny_run, "-p", "the ", "-n", "50", "--seed", "2").stdout != first.stdout


def test_the_seed_that_was_chosen_is_printed_and_repeats_the_text(charrnn, tiny_run):
    first = charrnn("sample", tiny_run, "-n", "50")
    seed = first.stderr.strip().rpartition(" ")[2]
    assert charrnn("sample", tiny_run, "-n", "50", "--seed", seed).stdout == first.stdout


def test_several_samples_have_the_seeds_that_follow(charrnn, tiny_run):
    both = charrnn("sample", tiny_run, "-n", "30", "--count", "2", "--seed", "5").stdout
    single = [charrnn("sample", tiny_run, "-n", "30", "--seed", seed).stdout for seed in (5, 6)]
    assert both == f"--- sample 1 of 2, seed 5 ---\n{single[0]}--- sample 2 of 2, seed 6 ---\n{single[1]}"


def test_samples_as_json(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "--stop", "a", "--min-p", "0.01", "--count", "3"]
    samples = json.loads(charrnn("sample", tiny_run, *options, "--json").stdout)
    assert [sample["seed"] for sample in samples] == [5, 6, 7]
    for sample in samples:
        assert sample.keys() == {"text", "seed", "finish", "log_probability"}
        assert "a" not in sample["text"]
        assert sample["finish"] == ("length" if len(sample["text"]) == 30 else "stop")
        assert sample["log_probability"] < 0
        alone = charrnn("sample", tiny_run, *options[:2], "--seed", sample["seed"], *options[4:-2]).stdout
        assert alone == sample["text"] + "\n"


def test_the_repetition_penalty_breaks_loops(charrnn, tiny_run):
    options = ["-n", "300", "-t", "0", "--seed", "1", "-p", "the "]
    plain = charrnn("sample", tiny_run, *options).stdout
    assert charrnn("sample", tiny_run, *options, "--repetition-penalty", "1").stdout == plain
    guard = ["--repetition-penalty", "3", "--repetition-ngram", "3", "--repetition-window", "100"]
    guarded = charrnn("sample", tiny_run, *options, *guard).stdout
    assert guarded != plain
    assert charrnn("sample", tiny_run, *options, *guard, "--count", "2").stdout.count(guarded) == 2


def test_a_trace_has_a_line_for_each_character_below_the_text(charrnn, tiny_run):
    options = ["-n", "20", "--seed", "3", "--top-k", "4"]
    plain = charrnn("sample", tiny_run, *options).stdout
    lines = charrnn("sample", tiny_run, *options, "--trace", "--trace-candidates", "2").stdout.removeprefix(plain)
    legend, headings, *rows = lines.splitlines()
    assert legend.startswith("network: the network's probability of what was drawn; candidates: ")
    assert headings.split() == ["step", "drawn", "network", "candidates"]
    assert [row.split()[0] for row in rows] == [str(step) for step in range(1, 21)]
    for row, character in zip(rows, plain, strict=False):
        shown = f"'{character}'" if character.isprintable() else repr(character)
        assert row[8:].startswith(shown)
        assert f"*{shown} " in row
        assert row.count("  '") + row.count("  *") <= 4
    (sample,) = json.loads(charrnn("sample", tiny_run, *options, "--trace", "--json").stdout)
    assert "".join(step["character"] for step in sample["trace"]) + "\n" == plain
    assert sample["trace"][0].keys() == {"character", "probability", "candidates"}
    assert sum(p for _, p in sample["trace"][0]["candidates"]) == pytest.approx(1)


def test_reranking_prints_the_likeliest_and_its_seed(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "--stop", "a"]
    samples = json.loads(charrnn("sample", tiny_run, *options, "--json", "--count", "6").stdout)
    drawn = [len(sample["text"]) + (sample["finish"] == "stop") for sample in samples]
    means = [sample["log_probability"] / n for sample, n in zip(samples, drawn, strict=True)]
    order = sorted(range(6), key=lambda i: -means[i])
    done = charrnn("sample", tiny_run, *options, "--rerank", "6")
    assert done.stdout == samples[order[0]]["text"] + "\n"
    assert f"seed {5 + order[0]}, mean log probability {means[order[0]]:.4f} nats" in done.stderr
    both = charrnn("sample", tiny_run, *options, "--rerank", "6", "--count", "2").stdout
    assert [line for line in both.splitlines() if line.startswith("---")] == [
        f"--- sample {place} of 2, seed {5 + i} ---" for place, i in enumerate(order[:2], 1)
    ]
    ranked = json.loads(charrnn("sample", tiny_run, *options, "--rerank", "6", "--count", "2", "--json").stdout)
    assert ranked == [samples[i] for i in order[:2]]


def test_surprisal_without_a_terminal_is_plain_text(charrnn, tiny_run):
    options = ["-n", "30", "--seed", "5", "-p", "the "]
    for more in ([], ["--count", "2"], ["--no-stream"]):
        plain = charrnn("sample", tiny_run, *options, *more)
        assert charrnn("sample", tiny_run, *options, *more, "--surprisal").output == plain.output


def test_only_some_characters(charrnn, tiny_run):
    assert set(charrnn("sample", tiny_run, "-n", "50", "--only", "cat").stdout) == set("cat\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.slow
def test_without_end_until_nobody_reads(tiny_run):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 0 | head -c 3000 | wc -c; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("3000", 0)


def test_prompts_from_files_and_checkpoints_by_name(charrnn, tiny_run, tmp_path):
    (tmp_path / "prompt.txt").write_text("a dog", "utf-8")
    by_file = charrnn(
        "sample", tiny_run, "--prompt-file", tmp_path / "prompt.txt", "-n", "9", "--seed", "1", "--checkpoint", "last"
    )
    by_pipe = charrnn(
        "sample", tiny_run / "last.safetensors", "--prompt-file", "-", "-n", "9", "--seed", "1", stdin="a dog"
    )
    assert by_file.stdout == by_pipe.stdout
    assert by_file.stdout.startswith("a dog")
    assert "last.safetensors" in by_file.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently on Windows")
@pytest.mark.slow
def test_a_closed_pipe_ends_quietly(tiny_run):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 100000 | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert len(done.stdout) == 10


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/full and closed descriptors")
@mostly_slow(("redirect", "code"), [(">&-", 0), ("> /dev/full", 1)], one_in=2)
def test_an_output_that_takes_nothing(tiny_run, redirect, code):
    command = f"{sys.executable} -m charrnn sample {tiny_run} -n 20 {redirect}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert code == 0 or "error: standard output: No space left" in done.stderr
