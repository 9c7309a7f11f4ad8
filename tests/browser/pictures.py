"""Photograph the page of `export --to html`, in a wide window and on a phone in the dark:

charrnn export builtin:english --to html
python tests/browser/pictures.py english.html .readme
"""

import io
import sys
from pathlib import Path

from conftest import CHROMIUM
from PIL import Image
from playwright.sync_api import sync_playwright

WINDOWS = {
    "write-page.png": {"viewport": {"width": 1000, "height": 520}, "color_scheme": "light"},
    "write-page-phone.png": {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark", "is_mobile": True},
}
BEGINNING = "It was a quiet evening, and the old man "


def main(page: str, folder: str) -> None:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, options in WINDOWS.items():
            tab = browser.new_context(**options).new_page()
            tab.goto(Path(page).resolve().as_uri())
            for control, value in (("edit", BEGINNING), ("temperature", "0.6"), ("seed", "5")):
                tab.fill(f"#{control}", value)
            tab.evaluate("(most) => { takeEdited(); run(most); }", 900 if "phone" not in name else 430)
            tab.wait_for_function("() => !running")
            tab.evaluate("""() => {
                select(pieces.find((piece, i) => i > 60 && piece.bits > 3 && /[a-z]/.test(piece.character)));
                scrollTo(0, 0);
                document.activeElement.blur();
            }""")
            Image.open(io.BytesIO(tab.screenshot())).quantize(64).save(Path(folder) / name, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
