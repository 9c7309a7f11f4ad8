"""`export`: what it writes."""

import json

import safetensors


def test_export(charrnn, tiny_run, tmp_path):
    out = tmp_path / "weights.safetensors"
    result = charrnn("export", tiny_run, "-o", out)
    assert (result.exit_code, result.stdout.strip()) == (0, str(out))
    with safetensors.safe_open(out, framework="np") as file:
        assert set(file.keys()) == {"W_xh", "W_hh", "b_h", "W_hy", "b_y"}
        assert json.loads(file.metadata()["vocabulary"])[0] == "\n"
