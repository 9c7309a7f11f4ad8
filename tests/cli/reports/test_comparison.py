"""A network beside the n-gram, in words."""

from pathlib import Path

import pytest
from shells import as_here
from tiny import OPTIONS

from charrnn.cli.reports.comparison import BASE_IS_BEST, Training, compare, remedy
from charrnn.config.schema import SizedConfig
from charrnn.system.shell import shell_command, shell_word

CHANCE = ": it may be chance"


@pytest.mark.parametrize(
    ("gain", "interval", "loss", "line"),
    [
        (0.1085, (0.0938, 0.1226), 1.2, "better than the n-gram by 0.1085 nats (95 %: 0.0938 to 0.1226)"),
        (0.1085, None, 1.2, "better than the n-gram by 0.1085 nats"),
        (0.0, None, 1.2, "better than the n-gram by 0.0000 nats"),
        (0.01, (-0.01, 0.03), 1.2, f"better than the n-gram by 0.0100 nats (95 %: -0.0100 to 0.0300){CHANCE}"),
        (-0.3613, None, 1.2, "worse than the n-gram by 0.3613 nats: counting alone predicts this text better"),
        (-0.01, (-0.03, 0.01), 1.2, f"worse than the n-gram by 0.0100 nats (95 %: -0.0100 to 0.0300){CHANCE}"),
        (-3.0, None, 4.5, "worse than the n-gram by 3.0000 nats, and worse than guessing: a blind guess has 4.3041"),
    ],
)
def test_the_gain_is_said_in_words(gain, interval, loss, line):
    assert compare(gain, interval, loss, 4.3041) == line


def training(best_step, steps=1000, characters=500_000, run=Path("runs/My Stories"), **model):
    config = SizedConfig().with_values("model", **model)
    return Training(config, ["my play.txt"], characters, best_step, steps, run)


@pytest.mark.parametrize(
    ("of", "line"),
    [
        (
            training(1000),
            f"it was still learning, so a longer training would help: charrnn train --resume {shell_word('runs/My Stories')} --steps 2000",
        ),
        (training(0), BASE_IS_BEST),
        (training(1000, run=None), "it was still learning, so a longer training would help"),
        (
            training(600, characters=10_000),
            "it was at its best at step 600 of 1,000, and then learned this short text by heart: more text would help",
        ),
        (
            training(600),
            f"it was at its best at step 600 of 1,000, so a larger network with more dropout would help: charrnn train {shell_word('my play.txt')} -c best",
        ),
        (
            training(600, hidden_size=512, dropout=0.25),
            "it was at its best at step 600 of 1,000: more text would help, or more dropout (model.dropout is 0.25)",
        ),
    ],
)
def test_the_remedy_follows_from_what_is_true_of_the_training(of, line):
    assert remedy(of) == as_here(line)


def test_a_training_ends_with_the_comparison_and_what_would_help(charrnn, text_file):
    found = charrnn("train", str(text_file), "-o", "run", *OPTIONS)
    *_, line, helpful = found.stderr.splitlines()
    assert line.startswith("worse than the n-gram by ")
    assert line.endswith(": counting alone predicts this text better")
    assert helpful.startswith("it was still learning, so a longer training would help: charrnn train --resume ")
    assert helpful.endswith("run --steps 40")
    command = helpful.partition("train longer: charrnn ")[2].split()
    assert charrnn(*command).exit_code == 0
    assert "comparison" not in found.stdout


def test_a_quiet_training_says_nothing_of_it(charrnn, text_file):
    assert charrnn("train", str(text_file), "-o", "run", "-q", *OPTIONS).stderr == ""


def test_json_has_the_event_and_stderr_the_words(charrnn, text_file):
    found = charrnn("train", str(text_file), "-o", "run", "--json", *OPTIONS)
    assert '"event": "baseline"' in found.stdout.splitlines()[-1]
    assert "worse than the n-gram" in found.stderr


def test_eval_says_what_would_help_on_its_own_text_and_on_another(charrnn, text_file, tmp_path):
    charrnn("train", str(text_file), "-o", "run", "-q", *OPTIONS)
    own = charrnn("eval", "run")
    assert "worse than the n-gram by " in own.stdout.splitlines()[-1]
    assert "it was still learning, so a longer training would help: charrnn train --resume run --steps 40" in own.stderr
    other = tmp_path / "an other.txt"
    other.write_text("the dog sat on the cat. why?\n" * 20, "utf-8")
    found = charrnn("eval", "run", str(other))
    assert (
        f"a training on a text like this one would help: {shell_command('charrnn train', other)} --from run"
        in found.stderr
        or "better than" in found.stdout
    )
