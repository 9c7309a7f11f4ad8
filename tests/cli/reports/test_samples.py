"""`charrnn sample --count N` prints what each seed alone prints."""

import json

import pytest
from slow import mostly_slow
from tiny import trained

from charrnn.network import stepper
from charrnn.runs.storage.checkpoint import load, save


@pytest.fixture
def amplifying_run(tmp_path, text_file):
    """A run with weights so large that a state that differs in the last bit soon writes another text."""
    folder = trained(tmp_path / "run", text_file, "model.hidden_size=80", "training.steps=2")
    saved = load(folder / "best.safetensors")
    for name, view in saved.network.parameters.items():
        view *= {"W_xh": 4, "W_hh": 12, "W_hy": 4}.get(name, 1)
    save(saved, folder / "best.safetensors")
    return folder


@pytest.fixture
def sample(charrnn, amplifying_run):
    """The samples of some options, as JSON."""

    def run(*options):
        result = charrnn("sample", amplifying_run, "-p", "the", "-n", "150", "--json", *options)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run


@mostly_slow(
    "more",
    [[], ["--ngram", "--weights", "3,1"], ["--top-p", "0.95", "--repetition-penalty", "1.2"]],
    one_in=3,
)
def test_count_gives_the_texts_of_the_single_seeds(sample, more):
    alone = [sample("--seed", seed, *more)[0] for seed in range(5, 12)]
    assert len({each["text"] for each in alone}) == 7
    for count in (2, 3, 5, 7):
        assert sample("--seed", "5", "--count", count, *more) == alone[:count]


def test_a_streamed_text_equals_that_of_count(charrnn, amplifying_run, sample):
    printed = charrnn("sample", amplifying_run, "-p", "the", "-n", "150", "--seed", "7").stdout
    assert printed == "the" + sample("--seed", "5", "--count", "4")[2]["text"] + "\n"


def test_rerank_chooses_among_the_texts_of_the_single_seeds(sample):
    alone = [sample("--seed", seed)[0] for seed in range(5, 12)]
    chosen = sample("--seed", "5", "--rerank", "7", "--count", "3")
    assert chosen == sorted(alone, key=lambda each: -each["log_probability"])[:3]


def test_without_exact_they_are_rounded_together(sample, monkeypatch):
    together, made = stepper.plain_matmul, []
    monkeypatch.setattr(stepper, "plain_matmul", lambda W, out: made.append(len(out)) or together(W, out))
    alone = sample("--seed", "5")
    assert sample("--seed", "5", "--count", "3", "--exact")[0] == sample("--seed", "5", "--no-exact")[0] == alone[0]
    assert not made
    first = sample("--seed", "5", "--count", "3", "--no-exact")[0]
    assert made
    assert first["text"][:3] == alone[0]["text"][:3]
