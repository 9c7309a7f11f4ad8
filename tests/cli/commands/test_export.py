"""`export`: what it writes, and under which names."""

import json
import shutil
from pathlib import Path
from typing import get_args, get_type_hints

import on_terminal
import pytest
import safetensors
from refusals import refused

from charrnn.cli.commands.export import export
from charrnn.models.export import FORMATS


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


def test_the_next_command_is_the_last_line_on_a_terminal(tiny_run, monkeypatch, tmp_path):
    out = tmp_path / "my weights.safetensors"
    code, shown = on_terminal.run(monkeypatch, 400, "export", tiny_run, "-o", out, "--to", "torch")
    assert code == 0
    assert shown.endswith(
        f"""{out}\nread it: python3 -c 'from safetensors.torch import load_file; print(load_file("{out}"))'\n"""
    )


def test_the_command_has_all_formats_that_there_are():
    assert get_args(get_type_hints(export)["to"]) == tuple(FORMATS)
