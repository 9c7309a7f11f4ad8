"""The page of `export --to html`, as a file; what it does is in tests/browser."""

import base64
import hashlib
import re

import fresh
import numpy as np
import pages
import pytest

from charrnn.models.writer_page.page import page
from charrnn.network.architecture import CELLS
from charrnn.text.vocabulary import Vocabulary

LETTERS = Vocabulary.from_text("\n abc")


def made(run, vocabulary=LETTERS, name="run", **options):
    return page(fresh.checkpoint(run, vocabulary, **options), name)


def test_it_has_what_the_network_is_made_of(trained_once):
    vocabulary = Vocabulary((*LETTERS.symbols, "", "<end>"))
    found = pages.data(made(trained_once, vocabulary, smoothing=0.1, cell="lstm", num_layers=2, readout="deep"))
    names = (
        "cell",
        "num_layers",
        "states",
        "hidden_size",
        "vocab_size",
        "begin",
        "end",
        "unknown",
        "smoothing",
        "bytes",
        "nonlinearity",
    )
    assert [found[name] for name in names] == ["lstm", 2, 2, 24, 7, 6, 6, 5, 0.1, False, "tanh"]
    assert found["symbols"] == [*LETTERS.symbols, "", "<end>"]
    found = pages.data(made(trained_once, Vocabulary.from_bytes(), nonlinearity="relu"))
    assert [found[name] for name in names[5:]] == [10, None, None, 0.0, True, "relu"]
    assert pages.data(made(trained_once, Vocabulary.from_text("ab")))["begin"] is None


def unpacked(html, shapes):
    """The weights of a page by name, as it reads them."""
    weights = {}
    for name, packed in pages.data(html)["weights"].items():
        scales = pages.unpacked(packed["scales"], "<f4")[:, np.newaxis]
        weights[name] = (pages.unpacked(packed["words"], "<i2").reshape(len(scales), -1) * scales).reshape(shapes[name])
    assert weights.keys() == shapes.keys()
    return weights


def rows(network):
    """A row for each output, or for each symbol."""
    return {
        name: np.moveaxis(w, -2, 0) if name == "W_xh" else w.swapaxes(-1, -2) if name[0] == "W" else w
        for name, w in network.parameters.items()
    }


@pytest.mark.parametrize("architecture", [{}, {"cell": "gru", "num_layers": 2}, {"cell": "lstm", "readout": "deep"}])
def test_the_weights_have_16_bits(trained_once, architecture):
    saved = fresh.checkpoint(trained_once, LETTERS, **architecture)
    expected = rows(saved.network)
    found = unpacked(page(saved, "run"), {name: weight.shape for name, weight in expected.items()})
    for name, weight in expected.items():
        largest = np.abs(weight).max(axis=-1, keepdims=True)
        assert (np.abs(found[name] - weight) <= 0.51 * largest / 32767).all(), name


@pytest.mark.parametrize(("large", "small"), [(70_000, 1.0), (1e30, 1e-45), (1e-40, -1e-42)])
def test_weights_of_any_size_are_packed(trained_once, large, small):
    saved = fresh.checkpoint(trained_once, LETTERS)
    w = saved.network.parameters["b_h"]
    w[:2], w[2:] = large, small
    found = unpacked(page(saved, "run"), {name: weight.shape for name, weight in rows(saved.network).items()})
    np.testing.assert_allclose(found["b_h"][:2], large, atol=1e-30)
    np.testing.assert_allclose(found["b_h"][2:], small, atol=max(1e-30, large / 32767))


def test_nothing_but_its_own_script_and_style_may_run(trained_once):
    html = made(trained_once)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.keys() == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert {parts[name] for name in ("default-src", "base-uri", "form-action")} == {"'none'"}
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert parts[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not re.search(r"\son\w+\s*=|javascript:|https?:|url\(|@import|style=", html)


def test_no_symbol_and_no_name_leaves_its_place(trained_once):
    symbols = ("\x00", "&", "<", ">", "\u2028", "\u2029", "\ud800", "\U0001f600")
    html = made(trained_once, Vocabulary(symbols), "</title><script>alert(1)</script>\x1b $title")
    assert html.encode()  # a lone surrogate would not be
    assert tuple(pages.data(html)["symbols"]) == symbols
    raw = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1]
    assert not set(raw) & set("<>&\u2028\u2029")
    title = "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;␛ $title, to write with"
    assert f"<title>{title}</title>" in html
    assert f"<h1>{title}</h1>" in html
    assert html.count("<script") == 2


def test_the_page_has_the_equations_of_every_cell(trained_once):
    equations = re.search(r"const CELLS = {(.*?)\n};", made(trained_once), re.DOTALL)[1]
    assert set(re.findall(r"^  (\w+)\(", equations, re.MULTILINE)) == set(CELLS)


def test_the_page_says_what_it_is_made_of(trained_once):
    html = made(trained_once, cell="gru", num_layers=2)
    assert "<h1>run, to write with</h1>" in html
    assert "<p>GRU, 2 layers of 24 units, 5 characters; exported by charrnn " in html
