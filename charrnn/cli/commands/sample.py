"""`charrnn sample`."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from charrnn.cli.exit_codes import FAILED
from charrnn.cli.options import common, typed_text, values

if TYPE_CHECKING:
    from charrnn.generation.repetition_penalty import RepetitionPenalty

WHAT, HOW, OUTPUT = "What to write", "How", common.OUTPUT  # groups of options
MAX_NEW_SEED = 1_000_000  # short enough to type
CANDIDATES = 5  # of each character of a --trace
NEW_SEED = "without --seed, each text has a new one"
ALL = "without --top-k, all are drawn from"
PENALTY_HELP = "Against loops: a repetition becomes R times less likely. Try 1.1. Default: 1, off."
EXACT_HELP = "Write what each seed writes alone, or many samples faster."


def sample(
    run: common.RunArgument = common.NO_RUN,
    prompt: str = typer.Option(
        "",
        "--prompt",
        "-p",
        metavar="TEXT",
        callback=typed_text.text,
        help="The text to continue: printed before the text, but not in that of --json. \\n is a line break, as in --stop and --only.",
        rich_help_panel=WHAT,
    ),
    prompt_file: str | None = typer.Option(
        None, metavar="FILE", help="Read the prompt from a file; -: standard input.", rich_help_panel=WHAT
    ),
    length: int = typer.Option(
        500,
        "--length",
        "-n",
        help="Characters to write; 0: no limit.",
        rich_help_panel=WHAT,
        metavar="N",
        parser=values.whole(instead="0 has no limit"),
    ),
    temperature: common.TemperatureOption = 0.8,
    top_k: int | None = typer.Option(
        None,
        metavar="K",
        help="Draw from the K likeliest characters.",
        rich_help_panel=HOW,
        parser=values.whole(1, instead=ALL, code=FAILED),
    ),
    top_p: common.TopPOption = None,
    min_p: float | None = typer.Option(
        None,
        metavar="P",
        help="Draw from those at least P times the likeliest.",
        rich_help_panel=HOW,
        parser=values.number(above=0, most=1, code=FAILED),
    ),
    repetition_penalty: float | None = typer.Option(
        None, metavar="R", help=PENALTY_HELP, rich_help_panel=HOW, parser=values.number(least=1, code=FAILED)
    ),
    repetition_ngram: int | None = typer.Option(
        None,
        metavar="N",
        help="What counts as repeated: N characters. Default: 8.",
        rich_help_panel=HOW,
        parser=values.whole(1, code=FAILED),
    ),
    repetition_window: int | None = typer.Option(
        None,
        metavar="W",
        help="How far to look back. Default: 400 characters.",
        rich_help_panel=HOW,
        parser=values.whole(1, code=FAILED),
    ),
    only: list[str] | None = typer.Option(
        None,
        metavar="CLASS,...|CHARS",
        callback=typed_text.texts,
        help="Write only these: letters, lowercase, uppercase, digits, space, ascii, or characters. Repeatable.",
        rich_help_panel=WHAT,
    ),
    stop: list[str] | None = typer.Option(
        None, metavar="TEXT", callback=typed_text.texts, help="End before this text. Repeatable.", rich_help_panel=WHAT
    ),
    count: int = typer.Option(1, help="How many samples.", rich_help_panel=WHAT, metavar="N", parser=values.whole(1)),
    rerank: int | None = typer.Option(
        None,
        metavar="N",
        help="Draw N samples; print the --count likeliest.",
        rich_help_panel=WHAT,
        parser=values.whole(1),
    ),
    force: list[str] | None = typer.Option(
        None, metavar="UNIT=VALUE", help="Hold a unit, named as in view: 17=1. Repeatable.", rich_help_panel=HOW
    ),
    exact: bool = typer.Option(True, help=EXACT_HELP, rich_help_panel=HOW),
    seed: int | None = typer.Option(
        None,
        help="The same seed, the same text. Default: a new one.",
        rich_help_panel=WHAT,
        metavar="N",
        parser=values.whole(instead=NEW_SEED),
    ),
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    stream: bool = typer.Option(True, help="Print each character at once, or all at the end.", rich_help_panel=OUTPUT),
    hide_prompt: bool = typer.Option(
        False, "--hide-prompt", help="Print the text without the prompt.", rich_help_panel=OUTPUT
    ),
    surprisal: bool = typer.Option(
        False, "--surprisal", help="Colour each character by its surprisal.", rich_help_panel=OUTPUT
    ),
    trace: bool = typer.Option(
        False, "--trace", help="Show each character's probability below the text.", rich_help_panel=OUTPUT
    ),
    trace_candidates: int | None = typer.Option(
        None,
        metavar="N",
        help="How many candidates --trace shows. Default: 5.",
        rich_help_panel=OUTPUT,
        parser=values.whole(1),
    ),
    novelty: bool = typer.Option(
        False, "--novelty", help="Show how much is copied from the training text.", rich_help_panel=OUTPUT
    ),
    json: bool = typer.Option(
        False, "--json", help="Print a list of {text, seed, ...} as JSON.", rich_help_panel=OUTPUT
    ),
) -> None:
    """Write text with a trained network.

    charrnn sample runs/harbour -p "JUNE:" -n 300
    charrnn sample runs/harbour -t 0.5 --seed 7 > text.txt
    charrnn sample runs/harbour --count 3 --stop "\\n\\n"
    """
    from charrnn.cli.progress.stage_lines import stage_lines

    alone = count == 1 and not (json or trace or rerank or novelty)
    if rerank is not None and rerank < count:
        raise typer.BadParameter(f"--rerank must be at least --count, {count}; found {rerank}")
    if trace_candidates is not None and not trace:
        raise typer.BadParameter("--trace-candidates needs --trace; give both")
    if not (novelty or ngram or others):
        _refuse_training_text(training_text, encoding)
    if prompt and prompt_file is not None:
        raise typer.BadParameter("give --prompt or --prompt-file, not both")
    if force and (ngram or others):
        raise typer.BadParameter("--force holds a unit of one network; leave out --with and --ngram")
    held = _held(force or ())
    with stage_lines(json, sources=[prompt_file, *(training_text or ())]) as on_stage:
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
        text = unescape(prompt) if prompt_file is None else prompts.read_prompt(prompt_file)
        _, own = common.encodings(encoding, None, both=False)
        model = common.load(run, others, ngram, weights, training_text, checkpoint, own, on_stage)
        if length == 0 and not (alone and stream) and model.vocabulary.end_id is None:
            raise typer.BadParameter(
                "--length 0 has no limit; leave out --count, --no-stream, --json, --trace, --rerank and --novelty"
            )
        corpus = model.training_text.corpus if novelty else None
        generator = model.generator([unescape(each) for each in only or ()] or None, exact, held)
        typed = [prompt, *(stop or ()), *(only or ())]
        request = prompts.make_request(model, text, stop or (), length, options, typed)
        warnings = [f"warning: {warning}" for warning in generator.find_warnings(request)]
        first = secrets.randbelow(MAX_NEW_SEED) if seed is None else seed
        coloured = surprisal and not json and console.supports_colour(console.result_console())
        if not alone:
            seeds = range(first, first + (rerank or count))
            scored = json or coloured or rerank is not None
            traced = (trace_candidates or CANDIDATES) if trace else 0
            on_stage("writing")
            drawn = generator.sample(request, seeds, scored, traced, in_pieces=coloured)
            best = drawn if rerank is None else select_best(drawn, count)
            if corpus:
                on_stage("looking for copies of the training text")
            found = api.novelty(corpus, [each.text for each in best]) if corpus else None
    console.print_note(*warnings, f"{'; '.join(model.notes)}, seed {first}")
    shown = "" if hide_prompt else request.prompt
    if alone:
        samples.stream_sample(generator, request, first, coloured, stream, shown)
        return
    if rerank is not None:
        samples.print_best(best, rerank, model.vocabulary.unit)
    fields = as_fields(found, model.training_text) if found else ()
    samples.show_samples(best, shown, json, coloured, model.vocabulary.end_id is None, fields)
    if found and not json:
        show_novelty(found, [each.seed for each in best], model.training_text)


def _held(force: Iterable[str]) -> dict[str, float]:
    """The values of --force by the names of their units. Raises BadValueError."""
    held: dict[str, float] = {}
    for each in force:
        unit, _, value = (part.strip() for part in each.rpartition("="))
        if unit in held:
            raise values.BadValueError(each, "this unit has a value already", "--force")
        try:
            held[unit] = float(value if unit else "")
        except ValueError:
            raise values.BadValueError(each, "must be UNIT=VALUE, such as 17=1 or c:17=-2", "--force") from None
    return held


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
