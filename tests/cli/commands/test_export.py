"""`export`: what it writes, and under which names."""

import json
import shutil
from pathlib import Path
from typing import get_args, get_type_hints

import fresh
import on_terminal
import pytest
import safetensors
from refusals import refused

from charrnn.cli.commands.export import export
from charrnn.errors import NetworkError
from charrnn.models.export import FORMATS, write
from charrnn.network.architecture import CELLS
from charrnn.system.platform_features import OPENER, PYTHON
from charrnn.system.shell import shell_word
from charrnn.text.vocabulary import Vocabulary


def test_export(charrnn, tiny_run, tmp_path):
    out = tmp_path / "weights.safetensors"
    result = charrnn("export", tiny_run, "-o", out)
    assert (result.exit_code, result.stdout.strip()) == (0, str(out))
    with safetensors.safe_open(out, framework="np") as file:
        assert set(file.keys()) == {"W_xh", "W_hh", "b_h", "W_hy", "b_y"}
        assert json.loads(file.metadata()["vocabulary"])[0] == "\n"


@pytest.mark.parametrize("to", ["plain", "torch"])
def test_without_a_name_the_file_has_those_of_the_run_and_the_format(charrnn, tiny_run, to):
    assert charrnn("export", tiny_run, "--to", to).stdout == f"run-{to}.safetensors\n"
    assert charrnn("export", tiny_run / "last.safetensors", "--to", to, "--force").stdout == f"run-{to}.safetensors\n"
    shutil.copy(tiny_run / "last.safetensors", "nm.safetensors")
    before = Path("nm.safetensors").read_bytes()
    assert charrnn("export", "nm.safetensors", "--to", to).stdout == f"nm-{to}.safetensors\n"
    assert Path("nm.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "better"), [("nm.pt", "nm.safetensors"), ("nm.pth", "nm.safetensors"), ("nm", "nm.safetensors")]
)
def test_no_other_format_is_promised(charrnn, tiny_run, name, better):
    expected = f"{name}: export writes a safetensors file; name it {better}"
    refused(charrnn("export", tiny_run, "-o", name), 1, expected)
    assert not Path(name).exists()


def test_a_page_has_the_name_of_the_run_and_html_or_htm_at_its_end(charrnn, tiny_run):
    assert charrnn("export", tiny_run, "--to", "html").stdout == "run.html\n"
    html = Path("run.html").read_text("utf-8")
    assert "<h1>run, to write with</h1>" in html
    assert charrnn("export", tiny_run, "--to", "html", "-o", "a.HTM").stdout == "a.HTM\n"
    assert Path("a.HTM").read_text("utf-8") == html
    message = "a.txt: export to html writes a page; name it a.html"
    refused(charrnn("export", tiny_run, "--to", "html", "-o", "a.txt"), 1, message)
    message = "run.html: export writes a safetensors file; name it run.safetensors, or add --to html"
    refused(charrnn("export", tiny_run, "-o", "run.html"), 1, message)
    refused(
        charrnn("export", tiny_run, "--to", "html"),
        1,
        "run.html: exists already; --force replaces it, --out names another",
    )
    assert charrnn("export", tiny_run, "--to", "html", "--force").exit_code == 0
    refused(charrnn("export", tiny_run, "--to", "html", "--half"), 2, "--half is for --to charrnn; give both")


def test_from_python_the_page_is_the_same(charrnn, tiny_run):
    import charrnn as python

    charrnn("export", tiny_run, "--to", "html")
    for number, given in enumerate((tiny_run, python.load(tiny_run))):
        out = python.export(given, f"{number}.html", to="html")
        assert out.read_bytes() == Path("run.html").read_bytes()


def test_a_large_page_gets_a_note(charrnn, tiny_run, monkeypatch):
    monkeypatch.setattr("charrnn.cli.commands.export.MAX_PAGE_MB", 0.01)
    result = charrnn("export", tiny_run, "--to", "html")
    assert (
        "run.html has 0 MB: a phone may not open it; a smaller model.hidden_size makes a smaller page" in result.stderr
    )


def test_the_next_command_for_a_page_opens_it(tiny_run, monkeypatch, tmp_path):
    code, shown = on_terminal.run(monkeypatch, 400, "export", tiny_run, "-o", tmp_path / "p.html", "--to", "html")
    assert code == 0
    assert shown.endswith(f"open it: {OPENER} {tmp_path / 'p.html'}\n")


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_has_each_format_or_is_refused_in_a_line_that_names_another(trained_once, tmp_path, cell, to):
    if to == "onnx":
        pytest.importorskip("onnx")
    saved = fresh.checkpoint(trained_once, Vocabulary.from_text("\nabc"), cell=cell, num_layers=2)
    out, refusal = tmp_path / {"onnx": "weights.onnx", "html": "weights.html"}.get(to, "weights.safetensors"), ""
    try:
        write(saved, out, to)
    except NetworkError as error:
        refusal = str(error)
    assert out.exists() if not refusal else f"cell {cell}" in refusal and refusal.endswith("`to` plain")


def test_the_next_command_is_the_last_line_on_a_terminal(tiny_run, monkeypatch, tmp_path):
    out = tmp_path / "my weights.safetensors"
    code, shown = on_terminal.run(monkeypatch, 400, "export", tiny_run, "-o", out, "--to", "torch")
    assert code == 0
    program = f'from safetensors.torch import load_file; print(load_file("{out}"))'
    assert shown.endswith(f"{out}\nread it: {PYTHON} -c {shell_word(program)}\n")


def test_the_command_has_all_formats_that_there_are():
    assert get_args(get_type_hints(export)["to"]) == tuple(FORMATS)
