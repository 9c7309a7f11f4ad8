"""The options of `charrnn sample`."""

from typing import Annotated

import typer

from charrnn.cli.commands import typed_text

PromptOption = Annotated[
    str,
    typer.Option(
        "--prompt",
        "-p",
        metavar="TEXT",
        callback=typed_text.text,
        help="The text to go on from; it is printed first. \\n is a line break, as in --stop and --only.",
    ),
]
PromptFileOption = Annotated[
    str | None,
    typer.Option("--prompt-file", metavar="FILE", help="Read the prompt from a file; - is standard input, to its end."),
]
LengthOption = Annotated[
    int,
    typer.Option(
        "--length",
        "-n",
        min=0,
        help="Characters to write (for a byte model bytes, of whole characters), fewer where a document ends; 0: no end.",
    ),
]
TemperatureOption = Annotated[
    float, typer.Option("--temperature", "-t", help="Below 1 safer, above 1 wilder; 0 always takes the likeliest.")
]
TopKOption = Annotated[
    int | None, typer.Option("--top-k", metavar="K", help="Choose among the K likeliest characters only.")
]
TopPOption = Annotated[
    float | None,
    typer.Option(
        "--top-p", metavar="P", help="Choose among the likeliest characters that together have probability P."
    ),
]
MinPOption = Annotated[
    float | None,
    typer.Option(
        "--min-p", metavar="P", help="Choose among the characters at least P times as likely as the likeliest."
    ),
]
PenaltyOption = Annotated[
    float | None,
    typer.Option(
        "--repetition-penalty",
        metavar="R",
        help="Against loops: R times less likely, for each time, what would repeat a recent sequence. Default: 1, off.",
    ),
]
RepetitionNgramOption = Annotated[
    int | None,
    typer.Option("--repetition-ngram", metavar="N", help="Characters (bytes) of such a sequence. Default: 8."),
]
WindowOption = Annotated[
    int | None,
    typer.Option(
        "--repetition-window",
        metavar="W",
        help="How many characters (bytes) back such a sequence is recent. Default: 400.",
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CLASS,...|CHARS",
        callback=typed_text.texts,
        help="Write only these: letters, lowercase, uppercase, digits, space, ascii, or characters. Repeatable.",
        show_default=False,
    ),
]
StopOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stop",
        metavar="TEXT",
        callback=typed_text.texts,
        help="End where this text would come; it is not printed. Repeatable.",
        show_default=False,
    ),
]
CountOption = Annotated[
    int, typer.Option("--count", min=1, help="Samples to draw side by side, with seeds SEED, SEED + 1, ...")
]
RerankOption = Annotated[
    int | None,
    typer.Option(
        "--rerank",
        min=1,
        metavar="N",
        help="Draw N samples and print the --count with the highest mean log probability, the best first.",
    ),
]
ExactOption = Annotated[
    bool,
    typer.Option(
        "--exact/--no-exact",
        help="Of several texts, write for each seed exactly what that seed alone writes. With --no-exact they are rounded together: "
        "faster for many, but a text may then differ from that of its seed alone.",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, help="The same seed gives the same text. Default: a new one, told on stderr."),
]
StreamOption = Annotated[
    bool, typer.Option("--stream/--no-stream", help="Print each character as it is drawn, or all at the end.")
]
SurprisalOption = Annotated[
    bool,
    typer.Option("--surprisal", help="In a terminal: colour each character by how little the network expected it."),
]
TraceOption = Annotated[
    bool,
    typer.Option("--trace", help="After the text, tell of each character its probability and what it was drawn from."),
]
CandidatesOption = Annotated[
    int | None,
    typer.Option("--trace-candidates", min=1, metavar="N", help="Candidates that a --trace tells of each. Default: 5."),
]
NoveltyOption = Annotated[
    bool,
    typer.Option("--novelty", help="Say how much of the text stands in the training text, and of held-out text."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print a list of {text, seed, finish, log_probability} as JSON.")
]
