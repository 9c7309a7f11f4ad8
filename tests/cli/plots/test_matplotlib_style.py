"""Figure files: the same bytes each time, complete, and clear errors."""

import sys

import pytest
from slow import mostly_slow

from charrnn.cli.plots.matplotlib_style import open_figure, require_drawable
from charrnn.errors import FigureError, MissingLibraryError


def draw(path, text="loss"):
    require_drawable(path, "charrnn plot -o")
    with open_figure(path, width=3, height=2) as figure:
        axes = figure.subplots()
        axes.plot([1, 2], [3, 4], label=text)
        axes.legend()


@mostly_slow("name", ["a.svg", "a.png", "a.SVG"], one_in=3)
def test_the_same_figure_has_the_same_bytes(tmp_path, name):
    path = tmp_path / name
    draw(path)
    before = path.read_bytes()
    draw(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_the_text_of_an_svg_is_text(tmp_path):
    draw(tmp_path / "a.svg", text="of 512 units")
    assert ">of 512 units</text>" in (tmp_path / "a.svg").read_text("utf-8")
    assert "<dc:date>" not in (tmp_path / "a.svg").read_text("utf-8")


def test_matplotlibrc_is_ignored(tmp_path):
    import matplotlib

    draw(tmp_path / "a.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        draw(tmp_path / "b.png")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.gif", r"must end in \.svg or \.png; found \.gif"),
        ("a", "found no ending"),
    ],
)
def test_a_name_that_cannot_be_written_is_refused(tmp_path, name, message):
    with pytest.raises(FigureError, match=message):
        draw(tmp_path / name)


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingLibraryError, match=r"^charrnn plot -o needs matplotlib: .*install.*plot"):
        draw(tmp_path / "a.svg")


def test_a_drawing_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), open_figure(tmp_path / "a.svg", 3, 2):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
