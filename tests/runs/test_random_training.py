"""A benchmark times a training with the given configuration."""

import numpy as np
import pytest

from charrnn.config.resolve import resolve
from charrnn.runs.random_training import random_trainer


def trainer(*settings):
    small = ("model.cell=gru", "model.hidden_size=16", "training.batch_size=4", "training.sequence_length=8")
    return random_trainer(resolve(None, [*small, *settings]).config)


@pytest.mark.parametrize(("unit", "symbols"), [("char", 65), ("byte", 256)])
def test_the_random_text_has_the_symbols_of_the_unit(unit, symbols):
    made = trainer(f"data.unit={unit}")
    assert made.network.architecture.vocab_size == symbols
    ids = np.concatenate([next(made.windows).inputs for _ in range(made.windows.per_epoch)])
    assert ids.shape == (80, 4)
    assert symbols > ids.max() > 20


def test_the_random_training_has_all_configured_options():
    made = trainer(
        *("model.dropout=0.2", "model.weight_dropout=0.1", "training.ema_decay=0.9", "training.label_smoothing=0.1"),
        *("training.optimizer=sgd", "training.max_grad_norm=0.5", "training.precision=float64", "training.stride=2"),
    )
    assert (made.dropout, made.weight_dropout.rate, made.ema.decay, made.label_smoothing) == (0.2, 0.1, 0.9, 0.1)
    assert (type(made.optimizer).__name__, made.clipping.max_grad_norm, made.windows.stride) == ("SGD", 0.5, 2)
    assert made.network.parameters.flat.dtype == np.float64


def test_no_learning_rate_makes_a_measurement_diverge():
    assert trainer("training.learning_rate=1000").learning_rate == 1e-3
