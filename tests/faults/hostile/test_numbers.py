"""Numbers that are finite, and too large to compute with."""

import hashlib

import numpy as np
import pytest
from faults.hostile.judging import MARKS, refused
from faults.sealing import assembled, contents, parts, sealed, small_checkpoint
from slow import mostly_exhaustive

pytestmark = MARKS


NUMBERS = {
    "3e38": lambda n: np.full(n, 3e38),
    "3e38 and -3e38": lambda n: np.where(np.arange(n) % 2, 3e38, -3e38),
    "up to 1e12": lambda n: np.random.default_rng(0).uniform(-1e12, 1e12, n),
    "denormal": lambda n: np.full(n, 1e-42),
}
NETWORKS = {
    "relu": ["model.nonlinearity=relu"],
    "relu, three layers": ["model.nonlinearity=relu", "model.num_layers=3"],
    "gru, deep": ["model.cell=gru", "model.readout=deep", "model.num_layers=2"],
    "lstm, dropout": [
        "model.cell=lstm",
        "model.dropout=0.3",
        "model.weight_dropout=0.2",
        "training.label_smoothing=0.1",
    ],
}
COMPUTING = [
    ["sample", "RUN", "-n", "9", "--count", "2", "--rerank", "3"],
    ["sample", "RUN", "-n", "9", "-t", "0", "--trace", "--novelty"],
    ["score", "RUN", "TEXT"],
    ["eval", "RUN", "--dynamic"],
    ["view", "RUN", "TEXT", "-o", "page.html"],
    ["gradflow", "RUN", "TEXT", "--lags", "20"],
    ["gradcheck", "--run", "RUN", "--entries", "2"],
    ["export", "RUN", "-o", "weights.safetensors"],
    ["train", "TEXT", "--from", "RUN", "--steps", "2", "-q", "-o", "new"],
    ["train", "--resume", "RUN", "--steps", "6", "-q"],
]


@mostly_exhaustive("numbers", NUMBERS, one_in=2)
@mostly_exhaustive("network", NETWORKS, one_in=2)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_that_overflow_end_in_an_error_and_no_warning(charrnn, tmp_path, network, numbers):
    text = tmp_path / "text.txt"
    text.write_text("abba\nab\n" * 40, "utf-8")
    header, data = parts(small_checkpoint(tmp_path / "c.safetensors", *NETWORKS[network]).read_bytes())
    made = sealed(header, NUMBERS[numbers](len(data) // 4).astype("<f4").tobytes())
    content, record, data = contents(made)
    record["text"] = {
        "sources": [str(text)],
        "sha256": hashlib.sha256(text.read_bytes()).hexdigest(),
        "characters": len(text.read_text("utf-8")),
    }
    (tmp_path / "run").mkdir()
    for name in ("last.safetensors", "best.safetensors"):
        (tmp_path / "run" / name).write_bytes(assembled(content, record, data))
    for arguments in COMPUTING:
        result = charrnn(*[{"RUN": tmp_path / "run", "TEXT": text}.get(word, word) for word in arguments])
        assert "Warning" not in result.stderr
        if result.exit_code:
            assert result.exit_code == 1
            assert result.stderr.splitlines()[-1].startswith("error: "), arguments
        if numbers == "3e38" and network == "relu" and arguments[0] in ("sample", "score", "view"):
            refused(result, "no longer a finite number")
