"""The page of `export --to html` in a real Chromium, headless."""

import fresh
import numpy as np
import pytest

from charrnn.generation.predictors import LabelSmoothingCorrection
from charrnn.generation.sampling import SamplingOptions, choose
from charrnn.models.writer_page.page import page
from charrnn.network.architecture import CELLS
from charrnn.network.readout import log_softmax
from charrnn.network.stepper import Stepper
from charrnn.text.vocabulary import Vocabulary

pytestmark = pytest.mark.browser

WORDS = Vocabulary.from_text("\n abcdefghij")
DOCUMENTS = Vocabulary((*WORDS.symbols, "", "<end>"))
BYTES = Vocabulary.from_bytes()
NETWORKS = {
    **{cell: {"cell": cell} for cell in CELLS},
    "sigmoid": {"nonlinearity": "sigmoid"},
    "relu": {"nonlinearity": "relu"},
    "three layers": {"cell": "gru", "num_layers": 3, "hidden_size": 23},
    "lstm, two layers, deep": {"cell": "lstm", "num_layers": 2, "readout": "deep"},
    "deep": {"readout": "deep", "num_layers": 2, "hidden_size": 1},
    "no bias": {"cell": "gru", "bias": False, "readout": "deep"},
}
STEPS = """(ids) => { const network = new Network(data); return ids.map((id) => { network.step(id); return [...network.logits()]; }); }"""


def logits(saved, ids):
    """Those of charrnn, (n, V)."""
    step = Stepper(saved.network, saved.network.zero_state(1))
    return np.array([step(ids[n : n + 1])[0].copy() for n in range(len(ids))])


def written(tab, text, seed=7, temperature=0.8, top_p=1, most=300):
    """What is written after a text, up to `most` characters."""
    tab.evaluate("(most) => { const whole = run; run = (n, ...id) => whole(Math.min(n, most), ...id); }", most)
    tab.fill("#edit", text)
    for name, value in (("seed", seed), ("temperature", temperature), ("top-p", top_p)):
        tab.fill(f"#{name}", str(value))
    tab.click("#write")
    finished(tab)
    return text_of(tab)


def finished(tab):
    tab.wait_for_function("() => !running")


def text_of(tab):
    return tab.evaluate("() => pieces.map((piece) => piece.character).join('')")


@pytest.mark.parametrize("kind", NETWORKS)
def test_its_logits_are_those_of_the_network(visit, trained_once, kind):
    saved = fresh.checkpoint(trained_once, WORDS, **NETWORKS[kind])
    ids = np.random.default_rng(1).integers(0, len(WORDS), 500)
    tab, heard = visit(page(saved, "run"))
    np.testing.assert_allclose(tab.evaluate(STEPS, ids.tolist()), logits(saved, ids), rtol=0, atol=3e-4)
    assert heard == []


def test_the_logits_of_a_network_in_half_precision_are_those_of_the_network(visit, trained_once):
    saved = fresh.checkpoint(trained_once, WORDS, cell="lstm", scale=4.0)
    saved.network.parameters.flat[:] = saved.network.parameters.flat.astype(np.float16)
    ids = np.random.default_rng(1).integers(0, len(WORDS), 500)
    tab, _ = visit(page(saved, "run"))
    np.testing.assert_allclose(tab.evaluate(STEPS, ids.tolist()), logits(saved, ids), rtol=0, atol=1e-3)


@pytest.mark.parametrize(("smoothing", "scale"), [(0.0, 4.0), (0.3, 4.0), (0.0, 0.0)])
def test_it_chooses_as_charrnn_does_with_the_same_random_number(visit, trained_once, smoothing, scale):
    saved = fresh.checkpoint(trained_once, DOCUMENTS, smoothing, scale, cell="gru", bias=scale > 0)
    tab, _ = visit(page(saved, "run"))
    numbers = np.random.default_rng(2).random(60).tolist()
    for temperature, top_p in ((0, 1), (0.8, 1), (1e-300, 1), (1.5, 1), (1, 0.7), (0.7, 0.2), (2, 0.99), (1, 1)):
        found = tab.evaluate(
            """([numbers, settings]) => numbers.map((u) => {
                const place = reading.ids.length, id = (reading.expect(place), reading.draw(settings, u));
                const logits = [...reading.network.logits()];
                reading.add(id === data.end ? 0 : id);
                return [logits, id];
            })""",
            [numbers, {"temperature": temperature, "topP": top_p}],
        )
        options = SamplingOptions(temperature, top_p=None if top_p == 1 else top_p)
        for (o, chosen), u in zip(found, numbers, strict=True):
            learned = LabelSmoothingCorrection(np.array([o], float), smoothing)(np.array([o], float))[0]
            learned[DOCUMENTS.unknown_id] = -np.inf
            assert choose(learned, options, u) == chosen


def test_the_same_seed_writes_the_same_text_however_often_it_is_stopped(visit, trained_once):
    html = page(fresh.checkpoint(trained_once, WORDS, cell="gru"), "run")
    texts = [written(visit(html)[0], "abc", seed) for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("abc")
    assert len(texts[0]) == 303
    tab, _ = visit(html)
    for _ in range(3):
        written(tab, text_of(tab) or "abc", most=100)
        tab.click("#change")
    assert text_of(tab) == texts[0]


def test_each_character_has_the_colour_of_its_surprisal(visit, trained_once):
    saved = fresh.checkpoint(trained_once, WORDS, scale=3.0)
    tab, _ = visit(page(saved, "run"))
    text = written(tab, "abcabc", most=200)
    ids = WORDS.encode(text)
    o = logits(saved, np.append(WORDS.begin_id, ids[:-1]))
    bits = -log_softmax(o)[np.arange(len(ids)), ids] / np.log(2)
    np.testing.assert_allclose(tab.evaluate("() => pieces.map((piece) => piece.bits)"), bits, atol=0.02)
    classes = tab.evaluate("() => pieces.map((piece) => [piece.bits, piece.className.split(' ')[0]])")
    assert all(name == f"s{np.searchsorted([0.5, 1, 2, 4, 6], found, 'right')}" for found, name in classes)
    assert len({name for _, name in classes}) >= 4


def test_it_can_go_back_to_any_place_that_it_read(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS, cell="lstm", scale=4.0), "run"))
    written(tab, "abc", most=200)
    places = [150, 40, 41, 30, 199, 3, 0, 202, 64, 63, 65]
    bits = "(places) => places.map((i) => [-Math.log2(reading.expect(i)[reading.ids[i]]), reading.bits[i]])"
    for found, expected in tab.evaluate(bits, places):
        assert found == expected


def test_an_alternative_is_chosen_by_mouse_and_the_text_goes_on(visit, trained_once):
    tab, heard = visit(page(fresh.checkpoint(trained_once, WORDS, cell="gru"), "run"))
    before = written(tab, "abc", most=200)
    tab.locator("#text span").nth(150).click()
    assert tab.locator("#where").text_content().endswith("· character 151")
    assert tab.locator("#expected button").count() == 8
    assert tab.locator("#expected .hit").count() <= 1
    shares = tab.evaluate("() => [...reading.expect(150)].sort((a, b) => b - a).slice(0, 8)")
    shown = [button.text_content() for button in tab.locator("#expected button").all()]
    assert [each.split(" ", 1)[1] for each in shown] == [f"{round(100 * p)} %" if p >= 0.01 else "<1 %" for p in shares]
    other = next(n for n, each in enumerate(shown) if each[0] in "abcdefghij" and each[0] != before[150])
    tab.locator("#expected button").nth(other).click()
    finished(tab)
    after = text_of(tab)
    assert after[:151] == before[:150] + shown[other][0]
    assert len(after) == 351
    assert tab.locator("#text").text_content() == after
    assert heard == []


def test_it_can_be_used_by_keyboard_alone(visit, trained_once):
    tab, heard = visit(page(fresh.checkpoint(trained_once, WORDS, cell="gru"), "run"))
    tab.evaluate("() => { const whole = run; run = (n, ...id) => whole(Math.min(n, 50), ...id); }")
    focus = "() => document.activeElement.id || document.activeElement.tagName"
    order = []
    for _ in range(6):
        tab.keyboard.press("Tab")
        order.append(tab.evaluate(focus))
    assert order == ["write", "change", "temperature", "top-p", "seed", "edit"]
    tab.keyboard.type("abc")
    for _ in range(5):
        tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    finished(tab)
    assert (
        tab.locator("#said").text_content()
        == "Done. 50 characters written, 53 characters in all. Point at a character: what else could stand there?"
    )
    tab.locator("#text").focus()
    for key in ("Enter", "ArrowRight", "ArrowRight", "ArrowLeft"):
        tab.keyboard.press(key)
    assert tab.locator("#where").text_content() == "b · character 2"
    assert tab.locator("#said").text_content().startswith("b, ")
    tab.keyboard.press("Enter")
    assert tab.evaluate("() => document.activeElement.getAttribute('aria-label')").startswith("go on with ")
    tab.keyboard.press("Escape")
    assert tab.evaluate(focus) == "text"
    for key, place in (("End", 53), ("Home", 1), ("ArrowUp", 1), ("ArrowLeft", 1)):
        tab.keyboard.press(key)
        assert tab.locator("#where").text_content().endswith(f"character {place}")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    chosen = tab.evaluate("() => document.activeElement.textContent")
    tab.keyboard.press("Enter")
    assert tab.evaluate(focus) == "write"
    finished(tab)
    assert text_of(tab)[0] == chosen[0].replace("␣", " ").replace("↵", "\n")
    assert len(text_of(tab)) == 51
    assert heard == []


def test_up_and_down_go_to_the_nearest_character_of_the_next_row(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    written(tab, "abcdefgh\nij\nabcdefg\n", most=0)
    tab.locator("#text").focus()
    found = []
    for key in ("Enter", *["ArrowRight"] * 4, *["ArrowDown"] * 3, "ArrowUp", "ArrowUp"):
        tab.keyboard.press(key)
        found.append(tab.locator("#where").text_content().split()[0])
    assert found == ["a", "b", "c", "d", "e", "↵", "c", "c", "↵", "c"]


def test_stop_answers_while_it_writes_and_the_text_can_be_changed(visit, trained_once):
    tab, heard = visit(page(fresh.checkpoint(trained_once, WORDS, cell="gru", hidden_size=700), "run"))
    tab.click("#write")
    tab.wait_for_function("() => pieces.length > 100")
    assert tab.locator("#write").text_content() == "Stop"
    assert "a second" in tab.locator("#status").text_content()
    tab.fill("#temperature", "")  # a number that is not valid does not keep it from stopping
    tab.click("#write")
    assert not tab.evaluate("() => running")
    text = text_of(tab)
    assert len(text) < 20_000  # what it writes at a time; a network of this size takes long for that
    tab.locator("#text span").nth(50).click()
    assert tab.locator("#expected button").count() == 8
    tab.click("#change")
    assert tab.locator("#edit").input_value() == text
    assert tab.locator("#expected button").count() == 0  # they belong to characters that may go
    tab.fill("#edit", text[:40] + "jjj")
    tab.click("#change")
    finished(tab)
    assert text_of(tab) == tab.locator("#text").text_content() == text[:40] + "jjj"
    tab.click("#write")
    assert not tab.evaluate("() => running")  # the browser asks for the temperature
    assert heard == []


def test_characters_that_it_does_not_know_are_said_and_skipped_and_forms_are_fitted(visit, trained_once):
    composed = Vocabulary.from_text("\n abc\u00e9")
    tab, _ = visit(page(fresh.checkpoint(trained_once, composed), "run"))
    assert written(tab, "ab e\u0301 xa\u20ac", most=0) == "ab \u00e9 xa\u20ac"
    said = "Done. 0 characters written, 8 characters in all. The model does not know x (U+0078), \u20ac (U+20AC): it skips them. Point at a character: what else could stand there?"
    assert tab.locator("#status").text_content() == tab.locator("#said").text_content() == said
    assert tab.locator("#text .unknown").all_text_contents() == ["x", "\u20ac"]
    assert tab.evaluate("() => reading.ids") == composed.encode("ab \u00e9 a").tolist()
    tab.locator("#text .unknown").first.click()
    assert tab.locator("#value").text_content() == "unknown to the model"
    tab, _ = visit(page(fresh.checkpoint(trained_once, DOCUMENTS), "run"))
    written(tab, "ax", most=0)
    assert tab.evaluate("() => reading.ids") == [*DOCUMENTS.encode("a"), DOCUMENTS.unknown_id]
    assert "does not know x (U+0078): it reads them as a rare character." in tab.locator("#status").text_content()


def test_a_document_ends_and_the_unknown_symbol_is_never_written(visit, trained_once):
    saved = fresh.checkpoint(trained_once, DOCUMENTS, cell="gru", scale=0.5)
    saved.network.parameters["b_y"][DOCUMENTS.unknown_id] = 8
    tab, _ = visit(page(saved, "run"))
    text = written(tab, "", temperature=1, most=2000)
    assert len(text) < 1000
    assert set(text) <= set(WORDS.symbols)
    assert tab.locator("#status").text_content().startswith("The document ends here; another seed may go on. ")
    tab.locator("#text span").first.click()
    assert "" not in [button.text_content() for button in tab.locator("#expected button").all()]
    saved.network.parameters["b_y"][DOCUMENTS.end_id] = 9
    tab, _ = visit(page(saved, "run"))
    written(tab, "ab", most=0)
    tab.locator("#text span").nth(1).click()
    tab.get_by_role("button", name="go on with end of the document").click()
    assert text_of(tab) == "a"
    assert tab.locator("#status").text_content() == (
        "The document ends here; another seed may go on. 0 characters written, 1 character in all. "
        "Point at a character: what else could stand there?"
    )


def test_bytes_are_whole_characters(visit, trained_once):
    saved = fresh.checkpoint(trained_once, BYTES, cell="gru", scale=0.2)
    tab, heard = visit(page(saved, "run"))
    text = written(tab, "h\u00e9 \U0001f600", temperature=2, most=1000)
    ids = bytes(tab.evaluate("() => reading.ids"))
    assert ids.startswith("h\u00e9 \U0001f600".encode())
    assert ids.decode("utf-8", "replace") == text
    assert "\ufffd" in text  # of random bytes few are UTF-8
    spans = tab.evaluate("() => pieces.map((piece) => [piece.begin, piece.end])")
    assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert [ids[begin:end].decode("utf-8", "replace") for begin, end in spans] == list(text)
    assert len(tab.evaluate("() => reading.bits")) == len(ids)
    tab.locator("#text span").nth(1).click()
    names = [button.text_content().split()[0] for button in tab.locator("#expected button").all()]
    assert all(len(name) == 1 or name.startswith("\\x") or name.startswith("<U+") for name in names)
    assert heard == []


def test_without_a_line_break_the_first_character_is_a_blind_guess(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, Vocabulary.from_text("abcd")), "run"))
    written(tab, "ab", most=0)
    assert tab.evaluate("() => pieces[0].bits") == pytest.approx(2)
    assert tab.evaluate("() => pieces[1].bits") != pytest.approx(2)


def test_a_network_that_diverges_says_so(visit, trained_once):
    saved = fresh.checkpoint(trained_once, WORDS, nonlinearity="relu")
    saved.network.parameters.flat[:] = 60_000
    tab, heard = visit(page(saved, "run"))
    written(tab, "abcabcabc" * 4)
    assert tab.locator("#status").text_content().startswith("The network's output is not a finite number. 0 ")
    assert heard == []


HOSTILE = ("\x00", "\n", "\x1b", '"', "&", "'", "<", ">", "\u202e", "\u2028", "\ud800", "\U0001f600")


def test_hostile_symbols_and_names_are_text_and_nothing_else(visit, trained_once):
    saved = fresh.checkpoint(trained_once, Vocabulary(HOSTILE), scale=0.2)
    name = "</title><script>document.body.remove()</script><!-- <img src=x onerror=alert(1)>"
    tab, heard = visit(page(saved, name))
    assert tab.title() == f"{name}, to write with"
    assert tab.locator("h1").text_content() == f"{name}, to write with"
    text = written(tab, "</script><!--<img src=x>", temperature=3, most=200)
    assert len(text) == 224
    assert tab.locator("img, #text script").count() == 0
    shown = tab.locator("#text").text_content()
    assert not set(shown) & {"\x00", "\x1b", "\u202e", "\u2028"}
    assert "\u2400" in shown
    assert "<U+202E>" in shown
    tab.locator("#text span").nth(100).click()
    assert tab.locator("#expected button").count() == 8
    assert heard == []


def test_its_policy_stops_scripts_styles_and_requests(visit, trained_once):
    tab, heard = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    tab.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        fetch('https://example.org/').catch(() => {});
        new Image().src = 'https://example.org/x.png';
    }""")
    tab.wait_for_timeout(100)
    assert tab.title() == "run, to write with"
    assert len([message for message in heard if "Content Security Policy" in message]) >= 3


def test_everything_has_a_name_for_a_screen_reader_and_one_place_speaks(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    for name in ("Temperature", "Top-p", "Seed", "The text so far"):
        assert tab.get_by_label(name, exact=True).count() == 1
    assert tab.locator("[aria-live]").count() == 1
    tab.evaluate("""() => {
        window.said = 0;
        new MutationObserver((changes) => { said += changes.length; }).observe($("said"), { childList: true });
    }""")
    written(tab, "abc", most=500)
    assert tab.evaluate("() => said") <= 2  # one text in place of another
    tab.locator("#text span").first.click()
    names = tab.evaluate("() => [...document.querySelectorAll('#expected button')].map((each) => each.ariaLabel)")
    assert any(name.startswith("go on with space, ") or name.startswith("go on with line break, ") for name in names)


def test_light_and_dark_and_a_phones_width(visit, trained_once):
    html = page(fresh.checkpoint(trained_once, Vocabulary.from_text("\n abc")), "a-long-name-of-a-run" * 5)
    colours = "() => ['body', '#edit', '#write'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)"
    light, _ = visit(html, color_scheme="light")
    dark, _ = visit(html, color_scheme="dark", viewport={"width": 360, "height": 640}, is_mobile=True, has_touch=True)
    assert light.evaluate(colours)[0] == "rgb(255, 255, 255)"
    assert dark.evaluate(colours)[0] == "rgb(22, 22, 22)"
    assert all(a != b for a, b in zip(light.evaluate(colours), dark.evaluate(colours), strict=True))
    wide = "() => document.documentElement.scrollWidth"
    assert dark.evaluate(wide) == 360
    written(dark, "a" * 500, most=500)
    assert dark.evaluate(wide) == 360
    dark.locator("#text span").nth(20).tap()
    assert dark.locator("#where").text_content().endswith("character 21")
    assert dark.evaluate(wide) == 360
    box = dark.locator("#details").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(640, abs=1)
    assert dark.locator("#expected button").first.bounding_box()["height"] >= 44


@pytest.mark.parametrize(("motion", "follows"), [("no-preference", True), ("reduce", False)])
def test_the_page_follows_the_text_unless_less_motion_is_wanted(visit, trained_once, motion, follows):
    html = page(fresh.checkpoint(trained_once, WORDS), "run")
    tab, _ = visit(html, reduced_motion=motion, viewport={"width": 600, "height": 400})
    written(tab, "", most=5000)
    assert (tab.evaluate("() => scrollY") > 400) == follows


PHONES = [(320, 568), (390, 844), (568, 320)]


@pytest.mark.parametrize(("width", "height"), PHONES)
def test_on_a_phone_nothing_covers_what_is_pointed_at_or_said(visit, trained_once, width, height):
    html = page(fresh.checkpoint(trained_once, WORDS, cell="gru"), "run")
    tab, _ = visit(html, viewport={"width": width, "height": height}, is_mobile=True, has_touch=True)
    seen = """(element) => {
        const { left, top, height } = element.getBoundingClientRect();
        return document.elementFromPoint(left + 1, top + height / 2) === element;
    }"""
    assert tab.locator("#details").is_hidden()  # over the text box it would be of no use
    assert tab.evaluate(f"() => {{ $('edit').scrollIntoView(); return ({seen})($('edit')); }}")
    written(tab, "abc", most=1500)
    assert tab.evaluate(f"() => ({seen})($('status'))")
    for share in (0.2, 0.45, 0.7, 0.95):
        tab.evaluate("() => { show(false); scrollTo(0, 500); }")
        tab.touchscreen.tap(60, height * share)
        assert tab.evaluate(f"() => here === null || ({seen})(here)")
    for key in ("Enter", *["ArrowDown"] * 20, "End"):
        tab.locator("#text").press(key)
        assert tab.evaluate(f"() => here === null || ({seen})(here)")


def test_going_on_from_an_alternative_stays_at_the_place_and_follows(visit, trained_once):
    tab, _ = visit(
        page(fresh.checkpoint(trained_once, WORDS, cell="gru"), "run"), viewport={"width": 700, "height": 400}
    )
    written(tab, "abc", most=5000)
    tab.locator("#text span").nth(3000).click()
    tab.locator("#expected button").nth(1).click()
    finished(tab)
    assert tab.evaluate("() => scrollY > 400 && $('status').getBoundingClientRect().bottom < innerHeight + 1")


def test_a_long_text_is_in_blocks_that_are_drawn_only_when_seen(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    text = "abc defg\n" * 1000 + "ab" * 5000
    tab.evaluate("(text) => { $('edit').value = text; takeEdited(); run(0); }", text)
    finished(tab)
    assert text_of(tab) == tab.locator("#text").text_content() == text
    sizes = tab.evaluate("() => [...document.querySelectorAll('.block')].map((block) => block.childNodes.length)")
    assert sum(sizes) == len(text)
    assert max(sizes) <= 4000
    assert tab.evaluate("() => getComputedStyle(document.querySelector('.block')).contentVisibility") == "auto"
    tab.evaluate("() => { for (let n = 0; n < 50; n++) { cut(4000); [...'abc'.repeat(100)].forEach(read); } }")
    assert tab.evaluate("() => [...$('text').children].every((block) => block.size === block.childNodes.length)")
    tab.evaluate("() => { cut(4000); typed = [...'abc']; run(0); }")
    finished(tab)
    assert text_of(tab) == tab.locator("#text").text_content() == text[:4000] + "cba"


def test_up_and_down_go_to_the_nearest_in_a_row_from_right_to_left(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    written(tab, "\u05d0" * 5 + "\n" + "\u05d1" * 5, most=0)
    tab.locator("#text").focus()
    places = []
    for key in ("Enter", "ArrowRight", "ArrowDown", "ArrowUp"):
        tab.keyboard.press(key)
        places.append(tab.evaluate("() => pieces.indexOf(here)"))
    assert places == [0, 1, 7, 1]


def test_an_alternative_that_is_blank_or_a_mark_is_named(visit, trained_once):
    symbols = ("\t", "\n", " ", "a", "\u00a0", "\u0301", "\u200b", "\u3000")
    tab, _ = visit(page(fresh.checkpoint(trained_once, Vocabulary(symbols)), "run"))
    written(tab, "a", most=0)
    tab.locator("#text span").first.click()
    names = {button.text_content().split()[0] for button in tab.locator("#expected button").all()}
    assert names == {"\u21e5", "\u21b5", "\u2423", "a", "<U+00A0>", "<U+0301>", "<U+200B>", "<U+3000>"}
    assert tab.get_by_role("button", name="go on with tab, ").count() == 1


def test_the_speed_is_that_of_writing_not_of_reading(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, WORDS), "run"))
    tab.fill("#edit", "abc" * 20)
    tab.evaluate("""() => {
        let now = 0;
        performance.now = () => now;
        window.read = ((whole) => (character) => { now += 1000; whole(character); })(read);
        read = window.read;
        window.setTimeout = () => {};
    }""")
    tab.evaluate("() => { takeEdited(); run(5); for (let i = 0; i < 60; i++) turn(); }")
    assert tab.evaluate("() => begun") == 60_000


def test_editing_keeps_what_was_read_also_carriage_returns(visit, trained_once):
    tab, _ = visit(page(fresh.checkpoint(trained_once, BYTES, cell="gru"), "run"))
    tab.evaluate("() => { typed = [...'a\\r\\nb\\rc\\0'].reverse(); run(0); }")
    for added in ("", "d"):
        tab.click("#change")
        tab.evaluate("(added) => { $('edit').value += added; }", added)
        tab.click("#change")
        finished(tab)
        assert text_of(tab) == f"a\r\nb\rc\0{added}"
