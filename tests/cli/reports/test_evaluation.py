"""The report of `eval` for known figures."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from charrnn.cli.reports import evaluation
from charrnn.models.evaluation.baselines import Baselines
from charrnn.models.evaluation.evaluation import ComponentLoss, Evaluation
from charrnn.models.scoring.unknown_characters import describe_unknown

FOUND = Evaluation(
    loss=1.0,
    bpc=1 / math.log(2),
    bits_per_byte=1.25,
    bits_per_character=1 / math.log(2),
    perplexity=math.e,
    unit="char",
    characters=1234,
    bytes=1300,
    read=1235,
    characters_read=1235,
    unknown=0,
    unknown_characters={},
    interval=(0.9, 1.1),
    baselines=Baselines(4.0, 3.0, 1.5, 2.0),
    ngram_order=7,
    gain=0.5,
    gain_interval=(0.4, 0.6),
    notes=("a note on it",),
)
MODEL = SimpleNamespace(components=[SimpleNamespace(name="runs/a/best.safetensors")], notes=("where it is from",))


def shown(capsys, **changes):
    evaluation.show(replace(FOUND, **changes), MODEL, json=False)
    return capsys.readouterr()


def rows(printed):
    return [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in printed.out.splitlines() if line.startswith("│")
    ]


def test_the_table_has_a_row_for_the_model_and_each_baseline(capsys):
    printed = shown(capsys)
    assert rows(printed) == [
        ["runs/a/best.safetensors", "1.0000", "1.4427", "0.9000 to 1.1000"],
        ["uniform", "4.0000", "5.7708", ""],
        ["unigram", "3.0000", "4.3281", ""],
        ["7-gram (Kneser-Ney)", "1.5000", "2.1640", ""],
        ["xz -9e", "2.0000", "2.8854", ""],
    ]
    assert printed.out.startswith("the text: 1,235 characters; 1,234 predicted\n")
    assert printed.out.splitlines()[-2:] == [
        "1.2500 bits per byte, perplexity 2.7183",
        "better than the n-gram by 0.5000 nats (95 %: 0.4000 to 0.6000)",
    ]
    assert printed.err == "where it is from\na note on it\n"


@pytest.mark.parametrize(
    ("gain", "interval", "line"),
    [
        (0.5, (-0.1, 1.1), "better than the n-gram by 0.5000 nats (95 %: -0.1000 to 1.1000): it may be chance"),
        (
            -0.5,
            (-0.6, -0.4),
            "worse than the n-gram by 0.5000 nats (95 %: 0.4000 to 0.6000): counting alone predicts this text better",
        ),
        (-0.5, (-1.1, 0.1), "worse than the n-gram by 0.5000 nats (95 %: -0.1000 to 1.1000): it may be chance"),
        (0.5, None, "better than the n-gram by 0.5000 nats"),
    ],
)
def test_the_interval_is_in_the_printed_unit(capsys, gain, interval, line):
    assert shown(capsys, gain=gain, gain_interval=interval).out.splitlines()[-1] == line


def test_missing_baselines_have_no_row(capsys):
    printed = shown(capsys, baselines=Baselines(4.0), interval=None, gain=None)
    assert [row[0] for row in rows(printed)] == ["runs/a/best.safetensors", "uniform"]
    assert rows(printed)[0][3] == "too short"
    assert "n-gram" not in printed.out


def test_a_dynamic_evaluation_is_listed_above_the_static_one(capsys):
    table = rows(shown(capsys, dynamic=0.1, static=1.2))
    assert table[0][0] == "runs/a/best.safetensors, dynamic (0.1)"
    assert table[1] == ["the same without --dynamic", "1.2000", "1.7312", ""]


def test_the_members_of_a_mixture_have_a_row_each(capsys):
    table = rows(shown(capsys, members=[ComponentLoss("a", 0.75, 1.1), ComponentLoss("7-gram", 0.25, 1.5)]))
    assert [row[0] for row in table[:3]] == ["mixture of 2", "0.750 x a, alone", "0.250 x 7-gram, alone"]
    assert [row[1] for row in table[:3]] == ["1.0000", "1.1000", "1.5000"]


def test_a_split_is_named_with_its_protocol_and_unknown_characters_are_counted(capsys):
    counts = {"\t": 1, "é": 11}
    printed = shown(capsys, split="valid", protocol="nanogpt", unknown=12, unknown_characters=counts)
    assert printed.out.startswith(
        "split valid, protocol nanogpt: 1,235 characters; 1,234 predicted, 12 of them unknown to the model: "
        "'é' (U+00E9) 11 times, '\\t' (U+0009)\n"
    )


def test_the_most_frequent_unknown_characters_are_named():
    assert describe_unknown({chr(0x4E00 + number): 1 + number for number in range(13)}).endswith("4 times and 3 more")


def test_a_byte_model_is_reported_in_bytes_and_in_characters(capsys):
    printed = shown(capsys, unit="byte", read=1235, characters_read=1000, bits_per_character=1.75)
    assert printed.out.startswith("the text: 1,000 characters, 1,235 bytes; 1,234 predicted\n")
    assert "nats per byte" in printed.out
    assert printed.out.splitlines()[-2] == "1.7500 bits per character, perplexity 2.7183 per byte"


def test_dynamic_evaluation_at_a_rate_of_0_changes_nothing(charrnn, tiny_run):
    found = json.loads(
        charrnn("eval", tiny_run, "--dynamic", "--learning-rate", "0", "--no-baselines", "--json").stdout
    )
    assert (found["dynamic"], found["loss"]) == (0, pytest.approx(found["static"], rel=1e-6))
    default = json.loads(charrnn("eval", tiny_run, "--dynamic", "--no-baselines", "--json").stdout)
    assert (default["dynamic"], default["static"]) == (0.1, found["static"])
    assert default["loss"] != pytest.approx(default["static"], rel=1e-6)
