"""The report of a measurement of speed."""

from dataclasses import asdict

from rich.text import Text

from charrnn.cli.output.console import print_note, result_console, write_json
from charrnn.cli.output.tables import Name, Table
from charrnn.durations import short_duration
from charrnn.text.characters.unit_names import amount, unit_name
from charrnn.training.benchmark import UPDATES_SHARE, Bench
from charrnn.words import plural

WHERE_TIME_GOES = {
    "forward": "forward, of one core's streams",
    "backward": "backward, of one core's streams",
    "update": "clipping and optimizer",
    "rest": "windows, waiting for other cores, adding their gradients",
}


def show_bench(found: Bench, seconds: float, json: bool) -> None:
    """Print a measurement that should take `seconds`, or its JSON."""
    if 2 * found.seconds > UPDATES_SHARE * seconds:
        print_note(
            f"one update takes {short_duration(found.seconds)}: --seconds {seconds:g} is too short to time it twice"
        )
    if json:
        also = {"bytes_per_second": found.chars_per_second} if found.unit == "byte" else {}
        write_json({**asdict(found), **also})
        return
    layers = f", {found.num_layers} layers" if found.num_layers > 1 else ""
    cores = plural(found.threads, "core")
    new = f" ({found.stride} of them new)" if found.stride < found.sequence_length else ""
    different = "" if found.unit == "byte" else f"{found.vocab_size} different, "
    parts = f" in {found.accumulate} parts" if found.accumulate > 1 else ""
    lines = (
        f"{found.cell}, {plural(found.hidden_size, 'unit')}{layers}, {plural(found.batch_size, 'stream')}{parts} x {amount(found.sequence_length, found.unit)}{new}, "
        f"{different}{cores}",
        f"{found.chars_per_second:,.0f} {unit_name(found.unit)}/s: {short_duration(found.seconds)} for each update",
        f"matrix products: {found.gflops:,.1f} GFLOP/s, {found.share_of_peak:.0%} of the {found.sgemm_peak_gflops:,.0f} that a large one reaches here",
    )
    for line in lines:
        result_console().print(Text(line), soft_wrap=True)
    table = Table(Name("where the time goes"), "ms", "share")
    for name in ("forward", "backward", "update", "rest"):
        seconds = getattr(found, name)
        table.add_row(WHERE_TIME_GOES[name], f"{seconds * 1e3:.2f}", f"{seconds / found.seconds:.0%}")
    table.show(result_console())
