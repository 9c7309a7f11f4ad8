"""How a model shows itself in a notebook: what it is, its sizes, its losses, and the learning curve of its run."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import RunError
from charrnn.models.html.card import card
from charrnn.models.html.learning_curve import learning_curve
from charrnn.package import BUILTIN
from charrnn.runs.storage.checkpoint import Checkpoint
from charrnn.runs.storage.history import read_history
from charrnn.text.characters.unit_names import amount, unit_name
from charrnn.training.events import bits, digits
from charrnn.words import plural


def model_card(saved: Checkpoint, names: Sequence[str], weights: Sequence[float]) -> str:
    """HTML of the components `names` with their weights; sizes, losses and curve are those of the first, `saved`."""
    config, best = saved.config.model, saved.progress.best_loss
    layers, unit = plural(config.num_layers, "layer"), saved.config.data.unit
    facts = {
        "network": f"{config.cell}, {layers} of {plural(config.hidden_size, 'unit')}, {len(saved.network.parameters):,} parameters",
        "knows": f"{amount(len(saved.vocabulary), unit)}",
        "trained": f"{plural(saved.progress.step, 'step')} on {amount(saved.text.characters, unit)}",
    }
    if best is not None:
        facts["validation loss"] = f"{digits(best)} nats per {unit_name(unit, 1)}, {digits(bits(best))} bits"
    if len(names) > 1:
        facts["weights"] = ", ".join(f"{weight:.3f}" for weight in weights)
    return card(" + ".join(names), facts, _curve(Path(names[0])))


def _curve(name: Path) -> str:
    """The learning curve in the run directory of a checkpoint; nothing where there is none, for example if it moved."""
    if str(name).startswith(BUILTIN):
        return ""
    try:
        found = read_history(name.parent)
    except RunError:
        return ""
    training = zip(found.steps.tolist(), found.losses.tolist(), strict=True)
    evaluated = zip(found.evaluated_steps.tolist(), found.evaluated_losses.tolist(), strict=True)
    return learning_curve([*training], [*evaluated])
