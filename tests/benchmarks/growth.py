"""How time and memory grow with the length of the text and with T, and how long a command takes to start."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHARRNN = [sys.executable, "-m", "charrnn"]
MEGABYTES = (1, 10, 100, 1000)
STEPS = 300
SIZES = ("model={cell: rnn, hidden_size: 256, dropout: 0}", "training.batch_size=32")  # the same for every text


def run(rounds: int) -> None:
    """Time per character by the length of the text and by T; encoding speed; memory; start-up time."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CHARRNN_CACHE_DIR": str(Path(folder) / "cache")}
        for megabytes in MEGABYTES:
            path = Path(folder) / f"{megabytes}.txt"
            _write(path, megabytes)
            encoding = _encoding(path, environment)
            us, memory = _train(path, folder, environment)
            print(
                f"text of {megabytes:,} MB: {us:.2f} µs per character, {memory:,.0f} MB of memory at most, "
                f"read and encoded in {encoding:.3f} s ({megabytes / encoding:,.0f} MB/s)",
                flush=True,
            )
            if megabytes > 1:
                path.unlink()
        for T in (16, 32, 64, 128, 256):
            us, _ = _train(Path(folder) / "1.txt", folder, environment, f"training.sequence_length={T}")
            print(f"T {T}: {us:.2f} µs per character", flush=True)
    print(f"charrnn --help: {statistics.median(_seconds([*CHARRNN, '--help']) for _ in range(rounds)):.3f} s")
    print(f"from command to first update: {statistics.median(_first_update() for _ in range(rounds)):.2f} s")


def _write(path: Path, megabytes: int) -> None:
    """Write random words, a million characters a line."""
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("etaoinshrdlu"), random.integers(1, 9))) for _ in range(5000)]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(megabytes):
            text = " ".join(words[i] for i in random.integers(0, len(words), 250_000))
            file.write(text[:999_999] + "\n")


def _encoding(path: Path, environment: dict[str, str]) -> float:
    """Seconds to read and encode a text for the first time, without a cache."""
    code = (
        "import sys, time; from charrnn.text.corpus import build; from charrnn.text.source_text import read_text; from charrnn.text.splits import Split; began = time.perf_counter(); "
        "text = read_text([sys.argv[1]]); build(text, text.vocabulary(1), Split((1, 0, 0))); print(time.perf_counter() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    return float(done.stdout)


def _train(path: Path, folder: str, environment: dict[str, str], *settings: str) -> tuple[float, float]:
    """Train; return microseconds per character and the peak memory of the process in megabytes."""
    out = Path(folder) / f"run-{time.monotonic_ns()}"
    command = [*CHARRNN, "train", str(path), "-q", "-o", str(out), "--steps", str(STEPS), "-s", "data.split=[1, 0, 0]"]
    for setting in (*SIZES, *settings):
        command += ["-s", setting]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    events = map(json.loads, (out / "metrics.jsonl").read_text("utf-8").splitlines())
    rates = [event["chars_per_second"] for event in events if event["event"] == "step"]
    return 1e6 / statistics.median(rates), usage.ru_maxrss / 1e3


def _seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _first_update() -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [*CHARRNN, "train", "--json", "-q", "--steps", "1000000", "-o", str(Path(folder) / "run")]
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, encoding="utf-8", env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        assert process.stdout
        while json.loads(process.stdout.readline())["event"] != "step":
            pass
        passed = time.perf_counter() - began
        process.kill()
        process.communicate()
        return passed
