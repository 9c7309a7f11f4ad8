"""Units that are held at a value while a text is written: against the equations written plainly, step by step."""

import numpy as np
import pytest

from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NetworkPredictor
from charrnn.generation.sample_request import SampleRequest
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network
from charrnn.network.stepper import Stepper
from charrnn.text.vocabulary import Vocabulary

V, H, B = 7, 5, 3
HELD = {
    "rnn": {(0, "h", 2): 0.5, (1, "h", 4): -1.5},
    "gru": {(0, "h", 2): 0.5, (1, "h", 0): 0.25},
    "lstm": {(1, "h", 2): 0.1, (0, "h", 1): 0.5, (1, "c", 3): -2.0, (1, "c", 2): 9.0},
}


def network(cell, **options):
    return Network.fresh(Architecture(V, H, cell, num_layers=2, **options), np.random.default_rng(0), np.float64)


def plain_step(net, ids, state, held):
    """One layer after the other, each by a network's own window, with its units set before the next one reads them."""
    S = len(state) // 2
    architecture = net.architecture
    below, after = None, []
    for layer in range(2):
        w = net.layers[layer]
        cell = architecture.make_cell()
        ws = cell.workspace(1, len(ids), H, np.float64)
        for own, incoming in zip(ws.states, state[layer * S : (layer + 1) * S], strict=True):
            own[0] = incoming
        x = np.eye(V)[ids] if layer == 0 else below
        ws.x_a[..., 0, :, :] = x @ w["W_xh"] + cell.bias(w)[..., np.newaxis, :]
        cell.forward(w, ws)(0)
        for (number, name, unit), value in held.items():
            if number == layer and name == "c":
                ws.activations["c"][0, :, unit] = value
                ws.activations["h"][0, :, unit] = ws.activations["o"][0, :, unit] * np.tanh(value)
        for (number, name, unit), value in held.items():
            if number == layer and name == "h":
                ws.activations["h"][0, :, unit] = value
        after += [states[1].copy() for states in ws.states]
        below = after[-S]
    p = net.parameters
    r = below
    if architecture.readout == "deep":
        r = below + np.maximum(0, below @ p["W_hr"] + p["b_r"])
    return r @ p["W_hy"] + p["b_y"], np.stack(after)


@pytest.mark.parametrize("cell", HELD)
@pytest.mark.parametrize("readout", ["linear", "deep"])
@pytest.mark.parametrize("exact", [True, False])
def test_each_step_is_that_of_the_equations_with_the_units_set(cell, readout, exact):
    net, held = network(cell, readout=readout), HELD[cell]
    state = np.random.default_rng(1).normal(size=net.zero_state(B).shape)
    step = Stepper(net, state, exact, held)
    for ids in np.random.default_rng(2).integers(0, V, (6, B)):
        expected, state = plain_step(net, ids, state, held)
        np.testing.assert_allclose(step(ids), expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(step.state, state, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", HELD)
@pytest.mark.parametrize("length", [1, 2, 9])
def test_what_is_drawn_first_knows_of_the_units_and_the_rest_of_the_prompt_does_not(cell, length):
    net, held = network(cell), HELD[cell]
    prompt = np.random.default_rng(3).integers(0, V, (length, B))
    logits, step = NetworkPredictor(net, held=held).begin(prompt)
    state = net.zero_state(B)
    for ids in prompt[:-1]:
        _, state = plain_step(net, ids, state, {})
    expected, state = plain_step(net, prompt[-1], state, held)
    np.testing.assert_allclose(logits, expected, rtol=1e-12, atol=1e-14)
    expected, _ = plain_step(net, prompt[0], state, held)
    np.testing.assert_allclose(step(prompt[0]), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("characters", ["\nabcdef", "abcdefg"])
@pytest.mark.parametrize("prompt", ["", "a", "abc"])
def test_texts_side_by_side_are_those_of_their_seeds(characters, prompt):
    made = Generator(NetworkPredictor(network("lstm"), held=HELD["lstm"]), Vocabulary.from_text(characters))
    request = SampleRequest(prompt, 40)
    together = made.sample(request, [1, 2, 3])
    assert [each.text for each in together] == ["".join(made.stream(request, seed)) for seed in (1, 2, 3)]
    free = Generator(NetworkPredictor(network("lstm")), Vocabulary.from_text(characters))
    assert [each.text for each in free.sample(request, [1, 2, 3])] != [each.text for each in together]
