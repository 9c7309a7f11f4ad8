"""A real Chromium, headless."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install --group browser")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium, which is not here")
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a page from its file: the page, and all that it complained of or asked for."""
    contexts = []

    def visit_page(html, **options):
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 800}} | options))
        tab, heard = contexts[-1].new_page(), []
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("request", lambda request: heard.append(request.url) if "page.html" not in request.url else None)
        (tmp_path / "page.html").write_text(html, "utf-8")
        tab.goto((tmp_path / "page.html").as_uri())
        return tab, heard

    yield visit_page
    for context in contexts:
        context.close()
