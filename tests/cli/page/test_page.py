"""The content of a page of `view`; tests/browser checks it in a browser."""

import base64
import hashlib
import math
import re

import numpy as np
import pytest
from pages import data, unpacked

from charrnn.cli.output.surprisal_colours import LIMITS
from charrnn.cli.page.page import PER_BIT, _range, page
from charrnn.models.inspection.activations import Inspection
from charrnn.models.inspection.units import HiddenUnit, correlate
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.text.vocabulary import Vocabulary

HOSTILE = "</script><script>alert(1)</script><!-- <b>&amp;\u2028\u2029\x00\"'`${x}\n"
BIT = math.log(2)


def inspection(text, V=4, unknown=()):
    n, random = len(text), np.random.default_rng(0)
    return Inspection(
        list(text),
        np.isin(np.arange(n), unknown),
        random.exponential(2, n),
        random.integers(0, V, (n, 3)),
        random.random((n, 3)),
        {"h": random.normal(0, 2, (n, 4)).astype(np.float16), "z": random.random((n, 4)).astype(np.float16)},
        n,
    )


def written(text, vocabulary=None, name="run", first=None, unknown=()):
    vocabulary = vocabulary or Vocabulary.from_text("abcd")
    made = inspection(text, len(vocabulary), unknown)
    followed = correlate({"even": np.arange(len(text)) % 2}, made.activations)
    return made, page(made, vocabulary, followed.select(5, [first] if first else []), name, *([first] if first else []))


def test_packed_numbers_are_exact_to_a_step_of_their_scale():
    made, html = written("abc\nd" * 20)
    found = data(html)
    np.testing.assert_allclose(unpacked(found["surprisals"]) / PER_BIT, made.surprisals / BIT, atol=0.5 / PER_BIT)
    np.testing.assert_array_equal(unpacked(found["likeliest"]).reshape(100, 3), made.likeliest)
    np.testing.assert_allclose(unpacked(found["probabilities"]).reshape(100, 3) / 255, made.probabilities, atol=0.002)
    assert len(found["units"]) == 5
    for unit in found["units"]:
        array, number = unit["name"].split(":")
        shown = unit["low"] + (unit["high"] - unit["low"]) * unpacked(unit["values"]) / 255
        half = 0.51 * (unit["high"] - unit["low"]) / 255
        np.testing.assert_allclose(shown, made.activations[array][:, int(number)], atol=half)
        assert (unit["low"], unit["high"]) == (0, 1) if array == "z" else unit["low"] == -unit["high"]
        assert len(unit["r"]) == len(found["features"]) == 1


@pytest.mark.parametrize("cell", CELLS)
def test_a_gate_has_the_range_of_the_sigmoid_and_all_else_has_0_in_its_middle(cell):
    network = Network.fresh(Architecture(5, 4, cell, num_layers=2), np.random.default_rng(0))
    network.parameters.flat[:] *= 20
    ws = network.workspace(50, 2)
    network.logits(np.random.default_rng(1).integers(0, 5, (50, 2)), network.zero_state(2), ws)
    for name, values in ws.activations.items():
        assert (_range(values[:2] * 0, name) == (0, 1)) == (values.min() >= 0), name
    for other in ("h", "c", "n", "g", "h_2"):
        assert _range(np.array([0.2, -0.3]), other) == (-1, 1)
        assert _range(np.array([2.0, -3.0]), other) == (-3, 3)


@pytest.mark.parametrize("cell", CELLS)
def test_every_state_and_gate_of_a_cell_has_a_name(cell):
    named = re.search(r"const ARRAYS = {(.*?)};", written("abc")[1], re.DOTALL)[1]
    found = Network.fresh(Architecture(5, 4, cell), np.random.default_rng(0)).workspace(1, 1).activations
    assert set(found) <= set(re.findall(r"(\w+): \"", named))


@pytest.mark.parametrize(("V", "size"), [(256, 1), (257, 2), (65_536, 2), (65_537, 4), (1 << 18, 4)])
def test_ids_are_as_wide_as_the_vocabulary_needs(V, size):
    symbols = tuple(chr(point) for point in range(0x10000, 0x10000 + V))
    made, _ = written("abc" * 9, Vocabulary(symbols))
    made.likeliest[0, 0] = V - 1
    html = page(made, Vocabulary(symbols), correlate({}, made.activations).select(1, []), "run")
    assert data(html)["id_bytes"] == size
    np.testing.assert_array_equal(unpacked(data(html)["likeliest"], f"<u{size}").reshape(27, 3), made.likeliest)


def test_it_opens_with_the_unit_asked_for():
    assert data(written("abcdef")[1])["open"] is None
    found = data(written("abcdef", first=HiddenUnit("z", 3))[1])
    assert found["units"][found["open"]]["name"] == "z:3"


def test_unknown_characters_are_marked():
    assert data(written("abcd", unknown=(1, 3))[1])["unknown"] == [1, 3]


def test_a_text_that_is_html_and_script_stays_text():
    _, html = written(HOSTILE, Vocabulary.from_text(HOSTILE))
    found = data(html)
    assert found["text"] == HOSTILE
    assert html.count("</script>") == html.count("<script") == 2
    assert "\u2028" not in html
    assert "<!--" not in html


def test_a_name_that_is_html_stays_a_name():
    _, html = written("abc", name='</title><img src=x onerror="alert(1)">')
    assert "<img" not in html


def test_the_policy_lets_only_the_pages_own_script_and_style_run():
    _, html = written("abc")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    for kind, element in (("script", r"<script>(.*?)</script>"), ("style", r"<style>(.*?)</style>")):
        content = re.search(element, html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "\r" not in html  # which a browser would turn into a line's end, and the digest would not be that any more


def test_the_page_loads_nothing():
    _, html = written("abc")
    assert not re.search(r"\b(?:src|href|action)\s*=|url\(|@import|https?:", html)


def test_the_script_writes_text_as_text():
    _, html = written("abc")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|setAttribute\(.on", html)


def test_the_colours_change_where_those_of_the_terminal_do():
    _, html = written("abc")
    assert f"const LIMITS = {[float(f'{limit:g}') if limit % 1 else int(limit) for limit in LIMITS]};" in html


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_text_has_contrast_on_every_colour(theme):
    _, html = written("abc")
    found = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", html)
    colours = {name: pair[theme] for name, *pair in found}
    assert len([name for name in colours if re.fullmatch(r"[su]\d", name)]) == 15
    for name, colour in colours.items():
        if re.fullmatch(r"[su]\d|paper|panel", name):
            assert contrast(colours["ink"], colour) >= 4.5, name  # WCAG 2.2, 1.4.3
    for name in ("edge", "mark"):
        assert contrast(colours[name], colours["paper"]) >= 3, name  # 1.4.11
