"""`charrnn eval`."""

from typing import Literal

import typer

from charrnn.cli.options import common, values
from charrnn.text.splits import Protocol


def evaluate(
    run: common.RunArgument,
    text: list[str] | None = common.text_argument("None: a split of the training text."),
    split: Literal["train", "valid", "test"] | None = typer.Option(
        None, help="Which split of the training text. Default: test, or valid if there is no test."
    ),
    protocol: Protocol | None = typer.Option(
        None, help="How to split that text, for comparable figures. Default: as in the training."
    ),
    slices: str | None = typer.Option(
        None,
        metavar="B,S",
        help="For protocol char-rnn: B slices, in windows of S characters (bytes, for a byte model). Default: as in the training.",
    ),
    dynamic: bool = typer.Option(
        False, "--dynamic", help="Adapt the weights to the text: one step of SGD after each window."
    ),
    learning_rate: float | None = typer.Option(
        None,
        "--learning-rate",
        metavar="X",
        parser=values.number(least=0),
        help="The learning rate of --dynamic. Default: 0.1.",
        show_default=False,
    ),
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    baselines: bool = typer.Option(
        True, "--baselines/--no-baselines", help="Compare with a unigram, an n-gram and xz on the same text."
    ),
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    json: common.JsonOption = False,
) -> None:
    """Measure how well a trained network predicts a text.

    Reads the text once, from beginning to end, without forgetting in between. Prints nats per character, bits per
    character and per byte, perplexity, and a 95 % interval.
    """
    from charrnn.cli.reports import evaluation
    from charrnn.models.mixture.dynamic_scorer import LEARNING_RATE

    if learning_rate is not None and not dynamic:
        raise typer.BadParameter("--learning-rate needs --dynamic; give both")
    if text and (split or protocol or slices is not None):
        raise typer.BadParameter(
            "--split, --protocol and --slices are for the training text; leave them out with another TEXT"
        )
    rate = (LEARNING_RATE if learning_rate is None else learning_rate) if dynamic else None
    encodings, own = common.encodings(encoding, text, both=baselines or ngram or bool(others))
    model = common.load(run, others, ngram, weights, training_text, checkpoint, own)
    given = model.read(text, encodings) if text else None
    cut = None
    if slices is not None:
        B, S = common.numbers("--slices", slices, 2, whole=True)
        cut = int(B), int(S)
    made = model.evaluate(given, split, protocol, cut, rate, baselines)
    evaluation.show(made, model, json)
