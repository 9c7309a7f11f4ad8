"""How models and texts show themselves in a notebook."""

import os
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny import trained

import charrnn
from charrnn.models.html.learning_curve import POINTS, learning_curve
from charrnn.models.html.surprisal import COLOURS, LIMITS, MAX_CHARS, coloured_text


class Parser(HTMLParser):
    """The text of a page, its titles, and whether every element is closed."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.text, self.titles, self.open, self.tags = "", [], [], set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)
        self.titles += [value for name, value in attributes if name == "title"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


HOSTILE = "<script>alert('\"&')</script>\x1b[31m\u202eab\n\tz"


def test_a_text_is_escaped_and_control_characters_are_shown():
    page = coloured_text(list(HOSTILE), np.full(len(HOSTILE), 0.7), 0.7)
    found = Parser(page)
    assert not found.open
    assert found.tags == {"div", "span"}
    assert found.text.endswith("<script>alert('\"&')</script>␛[31m<U+202E>ab↵\n\tz")
    assert not set(page) & {"\x1b", "\u202e"}
    assert found.titles[0] == "<  1.01 bits"
    assert '"  1.01 bits' in found.titles
    assert 'title="&lt;  1.01 bits"' in page
    assert found.titles[-3:] == ["␊  1.01 bits", "␉  1.01 bits", "z  1.01 bits"]
    assert len(found.titles) == len(HOSTILE)


def test_each_surprisal_has_its_colour():
    bits = np.array([0, *(limit - 0.01 for limit in LIMITS), *LIMITS, np.nan])
    page = coloured_text("x" * len(bits), bits * np.log(2), 1.0)
    colours = re.findall(r'background: rgba\(([^)]*)\)" title', page)
    first, *below = colours[: len(LIMITS) + 1]
    assert [first, *below] == [COLOURS[0], *COLOURS[:-1]]
    assert colours[len(LIMITS) + 1 :] == [*COLOURS[1:], COLOURS[-1]]
    assert page.count("rgba") == len(bits) + len(COLOURS)  # and the legend


def test_a_long_text_is_cut_with_a_note():
    count = MAX_CHARS + 7
    found = Parser(coloured_text("a" * count, np.ones(count), 1.0))
    assert len(found.titles) == MAX_CHARS
    assert found.text.startswith(f"{count:,} characters: 1.0000 nats, 1.4427 bits per character")
    assert found.text.endswith(f"the first {MAX_CHARS:,} of {count:,} characters")
    assert "the first" not in coloured_text("a" * MAX_CHARS, np.ones(MAX_CHARS), 1.0)


def test_a_curve_is_valid_svg_within_its_frame():
    training = [(step, 4 / step**0.5) for step in range(1, 1001)]
    curve = ElementTree.fromstring(learning_curve(training, [(500, 0.5), (1000, 0.2)]))
    line = next(node for node in curve if node.tag == "polyline").get("points").split()
    assert len(line) == POINTS
    places = np.array([point.split(",") for point in line], float)
    assert (places >= 0).all()
    assert (places <= [float(curve.get("width")), float(curve.get("height"))]).all()
    assert (np.diff(places[:, 0]) > 0).all()
    assert (np.diff(places[:, 1]) >= 0).all()  # the loss falls: downwards
    assert len([node for node in curve if node.tag == "circle"]) == 2


@pytest.mark.parametrize("evaluated", [[], [(3, 2.0)]])
def test_a_curve_of_few_or_of_bad_numbers(evaluated):
    assert learning_curve([(1, 2.0), (2, 1.0)], []) == ""
    assert learning_curve([], []) == ""
    flat = learning_curve([(1, 2.0), (2, np.nan), (3, 2.0), (4, np.inf), (5, 2.0)], evaluated)
    assert "nan" not in flat
    assert "inf" not in flat
    ElementTree.fromstring(flat)


def test_a_model_shows_what_it_is(tiny_run):
    page = charrnn.load(tiny_run)._repr_html_()
    assert Parser(re.sub("<circle[^>]*/>|<polyline[^>]*/>", "", page)).open == []
    shown = re.sub("<[^>]*>", " ", page)
    for words in (
        "rnn, 1 layer of 16 units",
        "parameters",
        "18 characters",
        "20 steps on 1,200 characters",
        "nats per",
    ):
        assert words in shown
    assert "<svg" in page
    (tiny_run / "metrics.jsonl").unlink()
    assert "<svg" not in charrnn.load(tiny_run)._repr_html_()


def test_a_mixture_shows_its_weights(tiny_run):
    page = charrnn.load(tiny_run, ngram=True, weights=[3, 1])._repr_html_()
    assert "best.safetensors + " in page
    assert "0.750, 0.250" in page


@pytest.mark.skipif(os.name == "nt", reason="a name that Windows does not have")
def test_a_hostile_name_is_escaped(tmp_path, text_file):
    page = charrnn.load(trained(tmp_path / "<img src=x>\n", text_file))._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x&gt;␊" in page


def test_a_score_says_in_one_line_what_it_is(tiny_run):
    scored = charrnn.load(tiny_run).score("the cat sat on the mat. a dog ran.")
    assert (
        repr(scored) == f"<ScoredText 'the cat sat on the mat. a dog '...: 34 characters, {scored.loss:.4f} nats each>"
    )
    assert Parser(scored._repr_html_()).text.endswith("the cat sat on the mat. a dog ran.")
