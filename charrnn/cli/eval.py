"""`charrnn eval`."""

from typing import Annotated, Literal

import typer

from charrnn.cli.options import (
    CheckpointOption,
    NgramOption,
    RunArgument,
    TrainingTextOption,
    WeightsOption,
    WithOption,
    numbers,
)


def evaluate(
    run: RunArgument,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, globs, - for standard input, or builtin:NAME. None: a split of the run's own text.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Literal["train", "valid", "test"] | None,
        typer.Option(help="Which split of the run's own text. Default: test, or valid where there is no test."),
    ] = None,
    protocol: Annotated[
        Literal["contiguous", "nanogpt", "char-rnn"] | None,
        typer.Option(help="How that text is cut, for like-for-like figures. Default: as for the training."),
    ] = None,
    slices: Annotated[
        str | None, typer.Option(metavar="B,S", help="The slices and the window of protocol char-rnn.")
    ] = None,
    dynamic: Annotated[
        bool,
        typer.Option("--dynamic", help="Let the weights follow the text: after each window, one step of SGD on it."),
    ] = False,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", min=0, help="Of --dynamic; by default 0.1.", show_default=False)
    ] = None,
    others: WithOption = None,
    ngram: NgramOption = False,
    weights: WeightsOption = None,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Beside it unigram, n-gram and xz of the same text.")
    ] = True,
    training_text: TrainingTextOption = None,
    checkpoint: CheckpointOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tell how well a trained network predicts a text.

    One pass over the text with carried state: nats per character, bits per character and per byte, perplexity, a 95 % interval.
    """
    from charrnn import api
    from charrnn.cli import evaluations
    from charrnn.learning.dynamic import LEARNING_RATE
    from charrnn.runs.texts import read_text

    if learning_rate is not None and not dynamic:
        raise typer.BadParameter("--learning-rate is that of --dynamic; give both")
    if text and (split or protocol or slices is not None):
        raise typer.BadParameter(
            "--split, --protocol and --slices cut the run's own text; leave them out with another TEXT"
        )
    rate = (LEARNING_RATE if learning_rate is None else learning_rate) if dynamic else None
    mixed = None if weights is None else numbers("--weights", weights)
    model = api.load(run, *(others or ()), which=checkpoint, ngram=ngram, weights=mixed, text=training_text or ())
    given = read_text(text, model.saved.config.data) if text else None
    made = model.evaluate(given, split, protocol, None if slices is None else _slices(slices), rate, baselines)
    evaluations.show(made, model, json)


def _slices(text: str) -> tuple[int, int]:
    B, S = numbers("--slices", text, 2, whole=True)
    return int(B), int(S)
