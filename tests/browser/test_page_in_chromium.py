"""The page of `view` in a real Chromium, headless."""

import numpy as np
import pytest

from charrnn.cli.page.page import page
from charrnn.models.inspection.activations import Inspection
from charrnn.models.inspection.text_features import features
from charrnn.models.inspection.units import correlate
from charrnn.text.characters.printable import printable
from charrnn.text.vocabulary import Vocabulary

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title = 'taken'</script>\n</script><img src=x onerror=\"document.title='taken'\">\n"
    "<!-- --><style>body{display:none}</style>\n&lt;b&gt; \u2028 \x00 \u202e tail \U0001f600 e\u0301\n"
)


@pytest.fixture
def opened(visit):
    """Open the page of a text: the page, and all that it complained of or asked for."""
    return lambda text, unknown=(), vocabulary=None, **options: visit(html(text, unknown, vocabulary), **options)


def html(text, unknown, vocabulary=None):
    n, random, vocabulary = len(text), np.random.default_rng(0), vocabulary or Vocabulary.from_text(text)
    surprisals = np.log(2) * np.resize([0.2, 0.7, 1.5, 3.0, 5.0, 7.0], n)
    ids = np.array([vocabulary.encode(character)[0] for character in text], np.intp)
    likeliest = np.stack([ids, (ids + 1) % len(vocabulary)], axis=1)
    capital = features(text)["capital"]
    gates = np.column_stack([random.random(n), 0.5 * capital + 0.2 * random.random(n), random.random(n), capital])
    activations = {"h": np.linspace(-1, 1, n)[:, np.newaxis].astype(np.float16), "z": gates}
    first_bytes = bytes(character.encode()[0] for character in text) if vocabulary.unit == "byte" else b""
    made = Inspection(
        list(text),
        np.isin(np.arange(n), unknown),
        surprisals,
        likeliest,
        np.full((n, 2), 0.4),
        activations,
        n,
        first_bytes=first_bytes,
    )
    return page(made, vocabulary, correlate(features(text), activations), "run")


def classes(tab):
    return tab.evaluate(
        "() => [...document.querySelectorAll('#text span')].map((span) => span.className.split(' ')[0])"
    )


def test_a_text_that_is_html_and_script_is_shown_and_does_nothing(opened):
    tab, heard = opened(HOSTILE)
    shown = tab.evaluate("() => document.getElementById('text').textContent")
    assert shown == printable(HOSTILE)
    assert tab.title() == "run, as it reads"
    assert tab.locator("#text img, #text script, #text style").count() == 0
    assert tab.locator("#text").is_visible()
    assert heard == []


def test_its_policy_stops_a_script_that_is_not_its_own(opened):
    tab, heard = opened("abc\n")
    tab.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        fetch('https://example.org/').catch(() => {});
    }""")
    tab.wait_for_timeout(100)
    assert tab.title() == "run, as it reads"
    assert len([message for message in heard if "Content Security Policy" in message]) >= 2


def test_the_colours_show_the_surprisals_or_the_chosen_unit(opened):
    tab, _ = opened("abcdef" * 30)
    assert classes(tab) == ["s0", "s1", "s2", "s3", "s4", "s5"] * 30
    labels = tab.locator("#by option").all_text_contents()
    assert labels[0] == "surprisal"
    tab.select_option("#by", label=next(label for label in labels if label.startswith("h:0 hidden state")))
    found = classes(tab)
    assert (found[0], found[90], found[-1]) == ("u0", "u4", "u8")
    assert found == sorted(found)
    assert "h:0" in tab.locator("#legend").get_attribute("aria-label")
    for place, value in ((0, "-1.00"), (90, "0.00"), (179, "1.00")):
        tab.locator("#text span").nth(place).click()
        assert tab.locator("#value").text_content().endswith(f" bits, h:0 = {value}")


def test_the_actual_character_is_marked_among_the_predictions(opened):
    for vocabulary, name in ((None, "ö"), (Vocabulary.from_bytes(), "\\xc3")):
        tab, heard = opened("aöb", vocabulary=vocabulary)
        tab.locator("#text span").nth(1).click()
        assert tab.locator("tr.hit td").first.text_content() == name
        assert tab.locator("tr.hit").count() == 1
        assert heard == []


def test_a_feature_sorts_the_units_by_how_strongly_they_follow_it(opened):
    tab, _ = opened("The cat sat, on the mat.\n" * 20)
    tab.select_option("#feature", label="capital")
    labels = tab.locator("#by option").all_text_contents()[1:]
    r = [abs(float(label.split(": ")[1].split()[0].replace("\N{MINUS SIGN}", "-"))) for label in labels]
    assert r == sorted(r, reverse=True)
    assert labels[0].startswith("z:3 update gate: +1.00")
    assert labels[1].startswith("z:1 update gate: +")
    assert all(label.endswith("capital") for label in labels)
    assert tab.evaluate("() => document.getElementById('by').selectedIndex") == 1


def test_predictions_are_shown_beside_the_character_under_the_pointer(opened):
    tab, _ = opened("abc\nd f\n", unknown=[6])
    tab.locator("#text span").nth(4).hover()
    assert tab.locator("#where").text_content() == "d · line 2, column 1"
    assert tab.locator("#value").text_content() == "5.0 bits"
    assert tab.locator("#expected tr").all_text_contents() == ["d40 %", "f40 %"]
    assert tab.locator("#expected .hit").text_content() == "d40 %"
    tab.locator("#text span").nth(6).hover()
    assert "unknown to the model" in tab.locator("#value").text_content()
    assert tab.locator("#text .unknown").all_text_contents() == ["f"]
    assert "unknown to the model" in tab.locator("#legend").text_content()


def test_the_keys_move_through_the_text_and_say_where(opened):
    tab, _ = opened("abcdefgh\nij\nklmnop\n")
    tab.locator("#text").focus()
    found = []
    for key in ["ArrowRight", "ArrowRight", "End", "ArrowDown", "ArrowDown", "Home", "ArrowUp", "n", "p", "ArrowLeft"]:
        tab.keyboard.press(key)
        found.append(tab.locator("#said").text_content().split(" · ")[0])
    assert found == ["a", "b", "↵", "↵", "m", "k", "i", "↵", "f", "e"]
    tab.keyboard.press("]")
    assert tab.evaluate("() => document.getElementById('by').selectedIndex") == 1
    tab.keyboard.press("s")
    assert tab.evaluate("() => document.getElementById('by').selectedIndex") == 0


def test_everything_that_can_be_set_has_a_label(opened):
    tab, _ = opened("abc\n")
    for name in ("Colour by", "units that follow", "Theme"):
        assert tab.get_by_label(name, exact=True).count() == 1
    assert tab.locator("html").get_attribute("lang") == "en"


def test_light_or_dark_follows_the_system_or_the_choice(opened):
    paper = "() => getComputedStyle(document.body).backgroundColor"
    light, _ = opened("abc\n", color_scheme="light")
    dark, _ = opened("abc\n", color_scheme="dark")
    assert (light.evaluate(paper), dark.evaluate(paper)) == ("rgb(255, 255, 255)", "rgb(22, 22, 22)")
    dark.select_option("#theme", "light")
    assert dark.evaluate(paper) == "rgb(255, 255, 255)"


def test_on_a_phone_nothing_is_wider_than_the_screen_and_the_details_are_seen(opened):
    tab, _ = opened(
        "a long line of a text " * 50 + "\n", viewport={"width": 360, "height": 700}, is_mobile=True, has_touch=True
    )
    assert tab.evaluate("() => document.documentElement.scrollWidth") == 360
    tab.locator("#text span").nth(3).tap()
    assert tab.locator("#where").text_content().startswith("o")
    box = tab.locator("#details").bounding_box()
    assert 0 < box["y"] < 700
    assert box["y"] + box["height"] == pytest.approx(700, abs=1)


def test_a_long_text_is_in_blocks_that_are_drawn_only_when_seen(opened):
    tab, _ = opened("some words of a line\n" * 500)
    assert tab.locator(".block").count() == 11
    assert tab.evaluate("() => getComputedStyle(document.querySelector('.block')).contentVisibility") == "auto"


def test_on_a_narrow_screen_the_details_do_not_cover_the_character_that_the_keys_come_to(opened):
    tab, _ = opened("some words of a line\n" * 100, viewport={"width": 360, "height": 500})
    tab.locator("#text").focus()
    for _ in range(60):
        tab.keyboard.press("ArrowDown")
    character, details = tab.locator(".here").bounding_box(), tab.locator("#details").bounding_box()
    assert character["y"] + character["height"] <= details["y"]


def test_the_unit_chosen_by_key_is_announced(opened):
    tab, _ = opened("abc\n" * 20)
    tab.locator("#text").focus()
    for key in ("ArrowRight", "]"):
        tab.keyboard.press(key)
    assert tab.locator("#said").text_content() == tab.locator("#by option").nth(1).text_content()
    tab.keyboard.press("s")
    assert tab.locator("#said").text_content() == "surprisal"
