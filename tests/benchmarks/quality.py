"""How well a shipped configuration predicts Tiny Shakespeare's last tenth after 140 s."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from published.text import TEXT

SECONDS = 140
NANOGPT = 1.886  # nats, by its recipe for a CPU, on the machine where it took 141 s


def run(rounds: int) -> None:
    """Tiny Shakespeare, nanoGPT's split (the last tenth), 140 s in all: nats per character (the text's path: TINYSHAKESPEARE)."""
    if not Path(TEXT).exists():
        print(f"left out: {TEXT} is not here; say where it is in the environment variable TINYSHAKESPEARE")
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "charrnn", "train", TEXT, "-c", "shakespeare", "--json", "-q", "-o", str(out)]
        events = subprocess.run(
            [*command, "--time", f"{SECONDS}s"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.splitlines()
    found = [json.loads(event) for event in events]
    losses = [event for event in found if event["event"] == "eval"]
    (finished,) = (event for event in found if event["event"] == "finished")
    passes = next(event["step"] for event in losses if event["loss"] < NANOGPT) / finished["step"]
    print(f"{losses[-1]['loss']:.4f} nats after {finished['seconds']:.0f} s of training, {finished['step']:,} steps")
    print(f"below {NANOGPT} after at most {passes:.1%} of the steps (validations stand at {len(losses)} places)")
