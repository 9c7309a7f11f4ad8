"""A training in plain lines: its introduction, its events, and its steps where no display can be drawn."""

import time

from rich.console import Console
from rich.text import Text

from charrnn.cli.output.styled_text import mark_unsafe_line
from charrnn.cli.output.surprisal_colours import colour_by_surprisal
from charrnn.cli.progress.running_averages import RunningAverages
from charrnn.cli.reports import gradflow
from charrnn.durations import short_duration
from charrnn.runs.planning.plan import Plan
from charrnn.runs.run import Run
from charrnn.text.characters.unit_names import Unit, amount, bits_label
from charrnn.training.events import Evaluated, Event, Finished, Flowed, Recovered, Sampled, Stepped, digits
from charrnn.training.health import HealthMonitor
from charrnn.words import epochs, plural

LINE_EVERY = 10.0  # seconds between plain lines
WARNING = "bold yellow"
ENDINGS = {
    "steps": "all steps done",
    "patience": "no improvement within training.patience",
    "stopped": "stopped; checkpoint saved",
}


def introduction(run: Run) -> list[Text]:
    """The text, the network and the training, a line each, and the notes of the plan."""
    plan, config = run.plan, run.plan.config
    model, training = config.model, config.training
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    lines = [
        f"text: {', '.join(plan.sources)}: {_size(plan)}",
        f"network: {model.cell} ({model.nonlinearity}), {layers}{plural(model.hidden_size, 'unit')}, {plan.parameters:,} parameters, {training.precision}",
        f"training: {plural(plan.steps, 'step')} of {plural(training.batch_size, 'stream')} x {amount(training.sequence_length, config.data.unit)}, {epochs(plan.steps / plan.windows_per_epoch)}, {_who(plan)}; run directory {run.path}",
        *plan.notes,
    ]
    done = run.trainer.progress.step
    return [mark_unsafe_line(line) for line in ([*lines, f"resuming after step {done:,}"] if done else lines)]


def _size(plan: Plan) -> str:
    """The size of the text, and of its vocabulary; a byte model always has 256, and a fine-tune has its base's too."""
    vocabulary = plan.corpus.vocabulary
    size = amount(len(plan.corpus.ids), vocabulary.unit)
    return size if vocabulary.unit == "byte" or plan.lineage else f"{size}, {len(vocabulary):,} different"


def _who(plan: Plan) -> str:
    cores = plural(plan.threads, "core")
    return cores if plan.ranks.size == 1 else f"{plan.ranks.size} ranks of {cores} each"


class PlainLines:
    """A line every few seconds, and one for each event that is not a step."""

    def __init__(self, console: Console, steps: int, max_grad_norm: float | None, unit: Unit = "char") -> None:
        self._console, self._steps, self._unit = console, steps, unit
        self._averages, self._health = RunningAverages(max_grad_norm, unit), HealthMonitor()
        self._printed = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Print an event, or skip it."""
        self._averages.add(event)
        lines = describe(event, self._unit) + warnings(self._health.observe(event))
        if isinstance(event, Sampled):
            lines = [Text("  ") + line for line in sample(event).split("\n", allow_blank=True)]
        elif isinstance(event, Stepped) and time.monotonic() - self._printed >= LINE_EVERY:
            self._printed = time.monotonic()
            lines = [Text(" · ".join([f"step {event.step:,} of {self._steps:,}", *self._averages.figures()]))]
        for line in lines:
            self._console.print(line, soft_wrap=True)


def describe(event: Event, unit: Unit = "char") -> list[Text]:
    """An event in words, except a step or a sample; `unit` is what the losses are the mean over."""
    match event:
        case Evaluated():
            best = " · the best so far" if event.best else ""
            line = f"step {event.step:,}: validation loss {digits(event.loss)} nats, {digits(event.bpc, 3)} {bits_label(unit)}{best}"
            return [Text(line, style="bold")]
        case Flowed():
            return [Text(gradflow.describe_probe(event, unit))]
        case Recovered():
            line = f"step {event.diverged_step:,}: {event.reason}: back to step {event.step:,}, at half the learning rate, {event.learning_rate:.2e} (try {event.tries})"
            return [Text(line, style=WARNING)]
        case Finished():
            best = f" · best validation loss {digits(event.best_loss)}" if event.best_loss is not None else ""
            return [
                Text(
                    f"step {event.step:,}: {ENDINGS[event.reason]}{best} · {short_duration(round(event.seconds))}",
                    style="bold",
                )
            ]
    return []


def warnings(lines: list[str]) -> list[Text]:
    """Warnings of the HealthMonitor."""
    return [Text(line, style=WARNING) for line in lines]


def sample(event: Sampled) -> Text:
    """A sample in the colours of its surprisals, without empty lines before and after it."""
    begin = len(event.text) - len(event.text.lstrip("\n"))
    text = event.text[begin:].rstrip("\n")
    surprisals = event.surprisals[begin : begin + len(text)] or (0.0,) * len(text)
    return colour_by_surprisal(text, surprisals)
