"""The network and the text for which gradient flow is computed."""

import numpy as np
import pytest

from charrnn.config.resolve import resolve
from charrnn.models import gradflow_input
from charrnn.network.network import Network


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_fresh_network_is_the_one_that_a_training_would_begin_with(text_file, precision):
    settings = ["model.hidden_size=8", "training.seed=3", f"training.precision={precision}"]
    config = resolve(None, [*settings, "training.batch_size=4", "training.sequence_length=8"]).config
    case = gradflow_input.from_config(config, [str(text_file)])
    expected = Network.fresh(case.network.architecture, np.random.default_rng(3), precision)
    np.testing.assert_array_equal(case.network.parameters.flat, expected.parameters.flat)
    assert case.network.parameters.flat.dtype == precision
    assert (len(case.ids), case.unknown) == (60, 0)  # a twentieth of 1,200 characters validates
