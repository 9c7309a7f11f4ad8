"""`charrnn sample`."""

import secrets
from typing import TYPE_CHECKING

import typer

from charrnn.cli.options import common, typed_text, values

if TYPE_CHECKING:
    from charrnn.generation.repetition_penalty import RepetitionPenalty

MAX_NEW_SEED = 1_000_000  # short enough to type
CANDIDATES = 5  # of each character of a --trace
NEW_SEED = "without --seed, each text has a new one"
ALL = "without --top-k, all are drawn from"
PENALTY_HELP = (
    "Against loops: what would repeat a recent sequence becomes R times less likely, each time. Default: 1, off."
)
EXACT_HELP = "Make each sample identical to what its seed writes alone. --no-exact is faster for many samples, but they may differ."


def sample(
    run: common.RunArgument,
    prompt: str = typer.Option(
        "",
        "--prompt",
        "-p",
        metavar="TEXT",
        callback=typed_text.text,
        help="The text to continue; it is printed first. \\n is a line break, as in --stop and --only.",
    ),
    prompt_file: str | None = typer.Option(
        None, metavar="FILE", help="Read the prompt from a file, or with - from standard input."
    ),
    length: int = typer.Option(
        500,
        "--length",
        "-n",
        metavar="N",
        parser=values.whole(instead="0 has no limit"),
        help="Characters to write (bytes, for a byte model). A document may end earlier. 0: no limit.",
    ),
    temperature: float = typer.Option(
        0.8,
        "--temperature",
        "-t",
        metavar="X",
        parser=values.number(least=0),
        help="Below 1 safer, above 1 wilder; 0 always takes the likeliest.",
    ),
    top_k: int | None = typer.Option(
        None, metavar="K", parser=values.whole(1, instead=ALL), help="Draw from the K likeliest characters only."
    ),
    top_p: float | None = typer.Option(
        None,
        metavar="P",
        parser=values.number(above=0, most=1),
        help="Draw from the likeliest characters that together have probability P.",
    ),
    min_p: float | None = typer.Option(
        None,
        metavar="P",
        parser=values.number(above=0, most=1),
        help="Draw from the characters at least P times as likely as the likeliest.",
    ),
    repetition_penalty: float | None = typer.Option(
        None, metavar="R", parser=values.number(least=1), help=PENALTY_HELP
    ),
    repetition_ngram: int | None = typer.Option(
        None,
        metavar="N",
        parser=values.whole(1),
        help="The length of a repeated sequence, in characters (bytes). Default: 8.",
    ),
    repetition_window: int | None = typer.Option(
        None, metavar="W", parser=values.whole(1), help="How far back to look, in characters (bytes). Default: 400."
    ),
    only: list[str] | None = typer.Option(
        None,
        metavar="CLASS,...|CHARS",
        callback=typed_text.texts,
        help="Write only these: letters, lowercase, uppercase, digits, space, ascii, or characters. Repeatable.",
    ),
    stop: list[str] | None = typer.Option(
        None, metavar="TEXT", callback=typed_text.texts, help="End before this text, and do not print it. Repeatable."
    ),
    count: int = typer.Option(
        1, metavar="N", parser=values.whole(1), help="The number of samples; their seeds are SEED, SEED + 1, ..."
    ),
    rerank: int | None = typer.Option(
        None,
        parser=values.whole(1),
        metavar="N",
        help="Draw N samples and print the --count with the highest mean log probability, the best first.",
    ),
    exact: bool = typer.Option(True, help=EXACT_HELP),
    seed: int | None = typer.Option(
        None,
        metavar="N",
        parser=values.whole(instead=NEW_SEED),
        help="The same seed gives the same text. Default: a new one, printed on stderr.",
    ),
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    stream: bool = typer.Option(True, help="Print each character as it is drawn, or all at the end."),
    surprisal: bool = typer.Option(
        False, "--surprisal", help="In a terminal: colour each character by its surprisal to the network."
    ),
    trace: bool = typer.Option(
        False, "--trace", help="Print each character's probability and its alternatives below the text."
    ),
    trace_candidates: int | None = typer.Option(
        None, parser=values.whole(1), metavar="N", help="How many candidates --trace prints. Default: 5."
    ),
    novelty: bool = typer.Option(
        False, "--novelty", help="Show how much of the sample is copied from the training text, beside held-out text."
    ),
    json: bool = typer.Option(
        False, "--json", help="Print a list of {text, seed, finish, log_probability} as JSON on stdout."
    ),
) -> None:
    """Write text with a trained network.

    The text goes to stdout, everything else to stderr.
    """
    from charrnn import api
    from charrnn.cli.options import prompts
    from charrnn.cli.output import console
    from charrnn.cli.reports import samples
    from charrnn.cli.reports.novelty import as_fields, show_novelty
    from charrnn.generation.samples import select_best
    from charrnn.generation.sampling import SamplingOptions
    from charrnn.text.characters.escapes import unescape

    repetition = _repetition(repetition_penalty, repetition_ngram, repetition_window)
    options = SamplingOptions(temperature, top_k, top_p, min_p, repetition)
    alone = count == 1 and not (json or trace or rerank or novelty)
    if rerank is not None and rerank < count:
        raise typer.BadParameter(f"--rerank must be at least --count, {count}; found {rerank}")
    if trace_candidates is not None and not trace:
        raise typer.BadParameter("--trace-candidates needs --trace; give both")
    if not (novelty or ngram or others):
        _refuse_training_text(training_text, encoding)
    if prompt and prompt_file is not None:
        raise typer.BadParameter("give --prompt or --prompt-file, not both")
    text = unescape(prompt) if prompt_file is None else prompts.read_prompt(prompt_file)
    _, own = common.encodings(encoding, None, both=False)
    model = common.load(run, others, ngram, weights, training_text, checkpoint, own)
    if length == 0 and not (alone and stream) and model.vocabulary.end_id is None:
        raise typer.BadParameter(
            "--length 0 has no limit; leave out --count, --no-stream, --json, --trace, --rerank and --novelty"
        )
    corpus = model.training_text.corpus if novelty else None
    generator = model.generator([unescape(each) for each in only or ()] or None, exact)
    typed = [prompt, *(stop or ()), *(only or ())]
    request = prompts.make_request(model, text, stop or (), length, options, typed)
    console.print_note(*(f"warning: {warning}" for warning in generator.find_warnings(request)))
    first = secrets.randbelow(MAX_NEW_SEED) if seed is None else seed
    origin = f"{'; '.join(model.notes)}, seed {first}"
    coloured = surprisal and not json and console.supports_colour(console.result_console())
    if alone:
        console.print_note(origin)
        samples.stream_sample(generator, request, first, coloured, stream)
        return
    seeds = range(first, first + (rerank or count))
    scored = json or coloured or rerank is not None
    traced = (trace_candidates or CANDIDATES) if trace else 0
    drawn = generator.sample(request, seeds, scored, traced, in_pieces=coloured)
    console.print_note(origin)
    if rerank is not None:
        drawn = select_best(drawn, count)
        samples.print_best(drawn, rerank, model.vocabulary.unit)
    found = api.novelty(corpus, [each.text for each in drawn]) if corpus else None
    fields = as_fields(found, model.training_text) if found else ()
    samples.show_samples(drawn, request.prompt, json, coloured, model.vocabulary.end_id is None, fields)
    if found and not json:
        show_novelty(found, [each.seed for each in drawn], model.training_text)


def _refuse_training_text(text: object, encoding: object) -> None:
    if text:
        raise typer.BadParameter("--text is for --novelty, --ngram and --with; give one of them too")
    if encoding:
        raise typer.BadParameter(
            "--encoding is that of the training text, for --novelty, --ngram and --with; give one of them too (a prompt is UTF-8)"
        )


def _repetition(penalty: float | None, ngram: int | None, window: int | None) -> "RepetitionPenalty | None":
    from charrnn.generation.repetition_penalty import RepetitionPenalty

    given = {name: value for name, value in (("ngram", ngram), ("window", window)) if value is not None}
    if penalty is None and given:
        raise typer.BadParameter(
            "--repetition-ngram and --repetition-window need --repetition-penalty; give it too, for example 1.1"
        )
    repetition = RepetitionPenalty(1.0 if penalty is None else penalty, **given)
    return repetition if repetition.penalty > 1 else None
