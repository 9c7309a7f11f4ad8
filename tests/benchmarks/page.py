"""How fast the page of `export --to html` writes in a Chromium, and how large it is."""

import shutil
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from charrnn import api
from charrnn.models.writer_page.page import page
from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NETWORKS = (("rnn", 384, 1), ("gru", 384, 1), ("lstm", 384, 1), ("gru", 256, 2))
SECONDS = 2


def run(rounds: int) -> None:
    """Characters per second with fresh weights and the 113 characters of builtin:english; needs playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("playwright is not installed: pip install --group browser")
        return
    saved = api.load("builtin:english").saved
    print("| cell, H, layers | page, MB | characters/s (lowest to highest) |\n|---|---|---|")
    with sync_playwright() as started, tempfile.TemporaryDirectory() as folder:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for cell, H, layers in NETWORKS:
            network = Network.fresh(
                Architecture(len(saved.vocabulary), H, cell, num_layers=layers), np.random.default_rng(0)
            )
            path = Path(folder) / "page.html"
            path.write_text(page(replace(saved, network=network), "fresh"), "utf-8")
            tab, rates = browser.new_page(), []
            for _ in range(rounds):
                tab.goto(path.as_uri())
                tab.evaluate("() => { takeEdited(); run(Infinity); }")
                tab.wait_for_timeout(1000 * SECONDS)
                tab.click("#write")
                rates.append(tab.evaluate("() => 1000 * pieces.length / (performance.now() - begun)"))
            tab.close()
            print(
                f"| {cell}, {H}, {layers} | {path.stat().st_size / 1e6:.1f} | "
                f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) |",
                flush=True,
            )
