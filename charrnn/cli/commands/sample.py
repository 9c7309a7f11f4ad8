"""`charrnn sample`."""

import os
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from charrnn.cli.commands import common_options as common
from charrnn.cli.commands import sampling_options as given

if TYPE_CHECKING:
    from charrnn.generation.repetition_penalty import RepetitionPenalty

MAX_PROMPT_BYTES = 1 << 24  # bytes
CANDIDATES = 5  # of each character of a --trace


def sample(
    run: common.RunArgument,
    prompt: given.PromptOption = "",
    prompt_file: given.PromptFileOption = None,
    length: given.LengthOption = 500,
    temperature: given.TemperatureOption = 0.8,
    top_k: given.TopKOption = None,
    top_p: given.TopPOption = None,
    min_p: given.MinPOption = None,
    repetition_penalty: given.PenaltyOption = None,
    repetition_ngram: given.RepetitionNgramOption = None,
    repetition_window: given.WindowOption = None,
    only: given.OnlyOption = None,
    stop: given.StopOption = None,
    count: given.CountOption = 1,
    rerank: given.RerankOption = None,
    exact: given.ExactOption = True,
    seed: given.SeedOption = None,
    others: common.WithOption = None,
    ngram: common.NgramOption = False,
    weights: common.WeightsOption = None,
    training_text: common.TrainingTextOption = None,
    encoding: common.EncodingOption = None,
    checkpoint: common.CheckpointOption = None,
    stream: given.StreamOption = True,
    surprisal: given.SurprisalOption = False,
    trace: given.TraceOption = False,
    trace_candidates: given.CandidatesOption = None,
    novelty: given.NoveltyOption = False,
    json: given.JsonOption = False,
) -> None:
    """Write text with a trained network.

    The text goes to stdout, everything else to stderr.
    """
    from charrnn import api
    from charrnn.cli.commands import prompts
    from charrnn.cli.output import console
    from charrnn.cli.reports import samples
    from charrnn.cli.reports.novelty import as_fields, show_novelty
    from charrnn.generation.samples import best
    from charrnn.generation.sampling import SamplingOptions
    from charrnn.generation.stop_strings import require_stops
    from charrnn.text.characters.escapes import unescape

    repetition = _repetition(repetition_penalty, repetition_ngram, repetition_window)
    options = SamplingOptions(temperature, top_k, top_p, min_p, repetition)
    alone = count == 1 and not (json or trace or rerank or novelty)
    if rerank is not None and rerank < count:
        raise typer.BadParameter(f"--rerank must be at least --count, {count}; found {rerank}")
    if trace_candidates is not None and not trace:
        raise typer.BadParameter("--trace-candidates is how many a --trace tells of; give both")
    if training_text and not (novelty or ngram or others):
        raise typer.BadParameter(
            "--text says where the run's text stands now, for --novelty, --ngram and --with: give one of them too"
        )
    if encoding and not (novelty or ngram or others):
        raise typer.BadParameter(
            "--encoding is that of the run's text, for --novelty, --ngram and --with: give one of them too; a prompt is UTF-8"
        )
    typed = [prompt, *(stop or ()), *(only or ())]
    prompt = unescape(prompt) if prompt_file is None else _read_prompt(prompt, prompt_file)
    stops = [unescape(each) for each in stop or ()]
    require_stops(stops)
    _, own = common.encodings(encoding, None, both=False)
    model = common.load(run, others, ngram, weights, training_text, checkpoint, own)
    if length == 0 and not (alone and stream) and model.vocabulary.end_id is None:
        raise typer.BadParameter(
            "--length 0 writes without end: one text alone, as it comes; "
            "not --count, --no-stream, --json, --trace, --rerank or --novelty"
        )
    corpus = model.training_text.corpus if novelty else None
    generator = model.generator([unescape(each) for each in only] if only else None, exact)
    hint = prompts.hint(typed, model.vocabulary)
    prompt, stops = prompts.fit(prompt, stops, model.vocabulary, hint)
    prompts.warn_of_boundary(prompt, model.saved.config.data.boundary)
    for line in filter(None, [hint, *(f"warning: {doubt}" for doubt in generator.doubts(stops, length))]):
        console.print_note(line)
    first = console.new_seed() if seed is None else seed
    told = f"{'; '.join(model.notes)}, seed {first}"
    coloured = surprisal and not json and console.supports_colour(console.result_console())
    if alone and coloured:
        pieces = generator.generate_scored(prompt, length, options, first, stops)
        console.print_note(told)
        samples.show_coloured(prompt, pieces, stream)
        return
    if alone:
        text = generator.generate(prompt, length, options, first, stops)
        console.print_note(told)
        console.show_sample(prompt, text, stream)
        return
    seeds = range(first, first + (rerank or count))
    scored = json or coloured or rerank is not None
    traced = (trace_candidates or CANDIDATES) if trace else 0
    drawn = generator.generate_many(prompt, length, options, seeds, stops, scored, traced, in_pieces=coloured)
    console.print_note(told)
    if rerank is not None:
        drawn = best(drawn, count)
        samples.print_best(drawn, rerank, model.vocabulary.unit)
    found = api.novelty(corpus, [each.text for each in drawn]) if corpus else None
    headings = model.vocabulary.end_id is None
    samples.show_samples(
        drawn, prompt, json, coloured, headings, as_fields(found, model.training_text) if found else ()
    )
    if corpus and found and not json:
        show_novelty(found, [each.seed for each in drawn], model.training_text)


def _repetition(penalty: float | None, ngram: int | None, window: int | None) -> "RepetitionPenalty | None":
    from charrnn.generation.repetition_penalty import RepetitionPenalty

    if penalty is None and (ngram, window) != (None, None):
        raise typer.BadParameter(
            "--repetition-ngram and --repetition-window say how --repetition-penalty works; give it too, for example 1.1"
        )
    given = RepetitionPenalty(
        1.0 if penalty is None else penalty,
        RepetitionPenalty.ngram if ngram is None else ngram,
        RepetitionPenalty.window if window is None else window,
    )
    return given if given.penalty > 1 else None


def _read_prompt(prompt: str, file: str) -> str:
    """The prompt of a file, as it stands there."""
    from charrnn.errors import SamplingError
    from charrnn.system.plain_files import open_named
    from charrnn.text.reading.encodings import UTF_8, detect_by_mark, family
    from charrnn.text.reading.sources import standard_input

    if prompt:
        raise typer.BadParameter("give --prompt or --prompt-file, not both")
    try:
        with nullcontext(standard_input()) if file == "-" else open_named(Path(file)) as given:
            content = given.read(MAX_PROMPT_BYTES + 1)
        if len(content) > MAX_PROMPT_BYTES:
            raise SamplingError(f"--prompt-file {file}: {_size(file)}; a prompt has at most {MAX_PROMPT_BYTES:,}")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise SamplingError(f"--prompt-file {file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        mark = family(detect_by_mark(content) or UTF_8)
        encoding = "cp1252" if mark == UTF_8 else mark
        raise SamplingError(
            f"--prompt-file {file}: byte {error.start} is not UTF-8, which a prompt is; convert it, for example: "
            f"iconv -f {encoding} -t utf-8 {shlex.quote(file)} > prompt.txt"
        ) from None


def _size(file: str) -> str:
    """Of a prompt that is too long: a pipe is not read to its end to know it."""
    return f"{os.path.getsize(file):,} bytes" if os.path.isfile(file) else f"more than {MAX_PROMPT_BYTES:,} bytes"
