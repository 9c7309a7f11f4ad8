"""Lessons: training of the systems by D3's rules, without and with clipping."""

import doctest
import math
import re
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from slow import mostly_exhaustive

from charrnn.derivations import in_words
from charrnn.derivations.complex_step import by
from charrnn.derivations.documents import SYSTEMS
from charrnn.derivations.tasks import leaky, lessons, recall, signs, sums, texts, words
from charrnn.derivations.tasks.descent import Descent
from charrnn.derivations.tasks.lessons import TASKS, train

pytestmark = pytest.mark.filterwarnings("error")  # also where a training diverges

FEW = 10  # updates, after which rounding has not grown


@cache
def lesson(name, seed=0):
    return train(name, seed)


@cache
def few(name):
    return train(name, 3, {"updates": FEW})


def runs(found):
    return {run.name: run for run in found.runs}


def made(name, seed=0, **settings):
    kind = TASKS[name]
    return kind.make(replace(kind.DEFAULTS, **settings), np.random.default_rng(seed))


# ------------------------------------------------------------ what is learned


def test_every_system_has_a_task():
    assert set(TASKS) == set(SYSTEMS)


@mostly_exhaustive(("name", "seed"), [("mean-loss", 0), ("vanishing", 1), ("vanishing", 0)], one_in=2)
@pytest.mark.slow
def test_a_sum_of_the_past_is_learned(name, seed):
    clipped = runs(lesson(name, seed))["clipped"]
    assert clipped.score < 0.01
    assert lesson(name, seed).score > 0.3
    assert made(name, seed).last_alone() > 0.5
    assert not clipped.diverged


@pytest.mark.slow
def test_the_sum_is_learned_without_clipping_if_gradients_do_not_explode():
    assert runs(lesson("mean-loss"))["unclipped"].score < 0.01


@mostly_exhaustive("seed", [0, 1, 2], one_in=3)
@pytest.mark.slow
def test_only_clipping_learns_if_gradients_explode(seed):
    unclipped = runs(lesson("vanishing", seed))["unclipped"]
    assert unclipped.diverged
    assert unclipped.updates < 5
    assert unclipped.loss is None
    assert unclipped.score is None
    assert unclipped.largest_norm > 1e20
    assert math.isfinite(unclipped.largest_norm)
    assert f"after {unclipped.updates} updates" in lesson("vanishing", seed).learned[-1]


@mostly_exhaustive("seed", range(20), one_in=7)
@pytest.mark.slow
def test_a_rule_of_signs_is_learned_from_the_wrong_sign(seed):
    """In fewer updates than it needs to learn the past."""
    found = train("scalar", seed, {"updates": 60})
    unclipped, clipped, _ = found.runs
    assert found.score < 0.35
    assert min(unclipped.score, clipped.score) > 0.6
    assert max(unclipped.loss, clipped.loss) < found.loss


@mostly_exhaustive("seed", [0, 1], one_in=2)
@pytest.mark.slow
def test_a_rule_of_signs_is_learned_and_needs_the_past(seed):
    found, by_name = lesson("scalar", seed), runs(lesson("scalar", seed))
    rule = made("scalar", seed)
    alone = np.mean((rule.fresh > 0) == (leaky.leaky_sums(rule.fresh) > 0))
    assert by_name["clipped"].score > alone + 0.08
    assert by_name["clipped"].loss < 0.8 * found.loss
    assert by_name[signs.PRINTED].loss > 2 * by_name["clipped"].loss
    assert by_name[signs.PRINTED].score < 0.65
    assert "the system says 1 at 100% of the numbers" in found.learned[2]


@pytest.mark.slow
def test_the_first_character_is_remembered():
    for run in lesson("mini-batch").runs:
        assert run.score > 0.95
    assert lesson("mini-batch").score < 0.6


@mostly_exhaustive("name", ["vector", "update-rules"], one_in=2)
@pytest.mark.slow
def test_a_text_is_learned_by_heart(name):
    assert runs(lesson(name))["clipped"].score == 1
    assert lesson(name).score < 0.5
    assert f"Trained clipped, it writes {texts.TEXT!r}." in lesson(name).learned


@pytest.mark.slow
def test_the_printed_rule_does_not_learn_the_text():
    printed, clipped = runs(lesson("update-rules"))[texts.PRINTED], runs(lesson("update-rules"))["clipped"]
    assert printed.score < 0.7
    assert printed.loss > 3 * clipped.loss


def test_the_printed_rule_is_impossible_if_the_shapes_do_not_fit():
    found = train("update-rules", settings={"updates": 2, "D": 7})
    assert [run.name for run in found.runs] == ["unclipped", "clipped"]
    assert found.learned[-2] == (
        "V = U - α ∂L/∂V, as printed, needs U, 7 × 10, in the shape of V, 10 × 7: impossible with 7 units."
    )
    rnn = made("update-rules", D=7).start
    with pytest.raises(ValueError, match="broadcast"):
        texts.printed_rule(rnn, {name: rnn.gradient(name) for name in rnn.PARAMETERS}, 0.1)


def test_the_words_are_spelled():
    assert runs(lesson("multiple"))["clipped"].score == 1
    assert lesson("multiple").score < 0.5
    assert lesson("multiple").learned[0].endswith("spells banana, potato, tomato, carrot now.")


# ------------------------------------------------------------ the numbers of a few updates

GOLDEN = {  # loss and score before; by training: loss, score, longest gradient, updates, clipped, last loss
    "mean-loss": (
        (1.06315324597, 0.813485602091),
        {
            "unclipped": (0.618017776614, 0.472884379573, 2.69672986075, 10, 0, 0.184705870716),
            "clipped": (0.830343894106, 0.63534848358, 2.63460737426, 10, 5, 0.254451111658),
        },
    ),
    "mini-batch": (
        (1.06774507011, 0.415),
        {
            "unclipped": (0.775994816403, 0.605, 1.58042712981, 10, 0, 0.687152765745),
            "clipped": (0.830970850688, 0.555, 1.58120742091, 10, 4, 0.790768985668),
        },
    ),
    "vanishing": (
        (1.84429049461e53, 1.41978530689e53),
        {
            "unclipped": (None, None, 6.87832631475e57, 2, 0, math.inf),
            "clipped": (1.30097868253e40, 1.00152900177e40, 16902.0048733, 10, 10, 53.9211291577),
        },
    ),
    "scalar": (
        (0.750655862251, 0.18),
        {
            "unclipped": (0.630738837029, 0.8025, 4.42566316143, 10, 0, 7.63357023029),
            "clipped": (0.689005051994, 0.8175, 4.42566316143, 10, 10, 8.19143625397),
            "(3) as printed": (0.69945782724, 0.17, 2.26430499862, 10, 6, 6.13915697281),
        },
    ),
    "vector": (
        (2.43641695644, 0.166666666667),
        {
            "unclipped": (1.7796585525, 0.125, 10.6105810252, 10, 0, 14.2528579833),
            "clipped": (2.05730315862, 0.166666666667, 7.22686133038, 10, 10, 16.0167643185),
        },
    ),
    "multiple": (
        (2.35160228655, 0.05),
        {
            "unclipped": (0.624823167538, 0.8, 23.9684551906, 10, 0, 17.1538676682),
            "clipped": (1.90371837823, 0.15, 9.20254197249, 10, 10, 38.9845280385),
        },
    ),
    "update-rules": (
        (2.43641695644, 0.166666666667),
        {
            "unclipped": (1.7796585525, 0.125, 10.6105810252, 10, 0, 14.2528579833),
            "clipped": (2.05730315862, 0.166666666667, 7.22686133038, 10, 10, 16.0167643185),
            "V = U - α ∂L/∂V": (1.99621771803, 0.208333333333, 8.26790435784, 10, 10, 16.7424817391),
        },
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_the_numbers_of_a_few_updates(name):
    before, after = GOLDEN[name]
    assert few(name).loss == pytest.approx(before[0], rel=1e-9)
    assert few(name).score == pytest.approx(before[1], rel=1e-9)
    assert [run.name for run in few(name).runs] == list(after)
    for run in few(name).runs:
        loss, score, largest, updates, clipped, last = after[run.name]
        if loss is None:
            assert (run.loss, run.score) == (None, None)
        else:
            assert (run.loss, run.score) == pytest.approx((loss, score), rel=1e-9)
        assert run.largest_norm == pytest.approx(largest, rel=1e-9)
        assert (run.updates, run.clipped, run.diverged) == (updates, clipped, loss is None)
        assert run.losses[-1] == pytest.approx(last, rel=1e-9)
        assert len(run.losses) == updates + run.diverged


SAID = {
    "mean-loss": (
        "give r_t = x_t + 0.8 r_{t-1}, a sum that forgets, by linear units",
        "error / that of the mean",
        "Of the error that the mean makes, the best multiple of x_t alone leaves 79%, the system 64%.",
        "|λ_1| of W_hh was 0.50, and is 0.58; that of the sum is 0.8.",
        "Clipping at 1 shortens 5 of 10 gradients. The loss ends at 0.83 with it, and at 0.62 without.",
    ),
    "mini-batch": (
        "say at every step which of 3 characters was the first of 5",
        "right at the last step",
        "4 characters after the first it is remembered in 56% of fresh sequences; the last characters say nothing of it, and a guess is right in 33%.",
        "Clipping at 1 shortens 4 of 10 gradients. The loss ends at 0.83 with it, and at 0.78 without.",
    ),
    "vanishing": (
        "give r_t = x_t + 0.8 r_{t-1}, a sum that forgets, by linear units, from |λ_1| = 2, where gradients explode",
        "error / that of the mean",
        "Of the error that the mean makes, the best multiple of x_t alone leaves 79%, the system 1e+40 times.",
        "|λ_1| of W_hh was 2.00, and is 1.69; that of the sum is 0.8.",
        "Unclipped, it diverges: after 2 updates the loss or its gradient is not finite. Clipping at 1 prevents that: the loss was 1.8e+53, and ends at 1.3e+40.",
    ),
    "scalar": (
        "say 1 where r_t = x_t + 0.8 r_{t-1}, a sum that forgets, is above zero",
        "right, fresh numbers",
        "The sign of x_t alone is right on 72% of the fresh numbers; the system was on 18% before, and is on 82% now.",
        "Before, U = -0.26, W = 0.41, V = 0.63. Now U = 0.02 and V = 0.56: a positive number speaks for a 1. W = 0.38: the state fades without new numbers.",
        "In (3) as printed a label 0 costs nothing. Trained by it, the system says 1 at 46% of the numbers; 62% are a 1.",
        "Clipping at 1 shortens 10 of 10 gradients. The loss ends at 0.69 with it, and at 0.63 without.",
    ),
    "vector": (
        "write a text by heart: 'the cat and the hat sat. '",
        "characters written right",
        "From 't' it wrote 'teatt     eettnadhttna ht' before.",
        "Trained unclipped, it writes 't saeeatttt aa  sseeetttt'.",
        "Trained clipped, it writes 't na enadnadttcaca.ttht s'.",
        "Clipping at 3 shortens 10 of 10 gradients. The loss ends at 2.1 with it, and at 1.8 without.",
    ),
    "multiple": (
        "spell banana, potato, tomato, carrot, each from its first letter, learned side by side",
        "letters right",
        "It spelled bmopmc, pmbcmb, tpmonn, cbmopm before, and spells bmotom, pmbomm, tpmoto, cbmora now.",
        "Clipping at 1 shortens 10 of 10 gradients. The loss ends at 1.9 with it, and at 0.62 without.",
    ),
    "update-rules": (
        "write a text by heart: 'the cat and the hat sat. '",
        "characters written right",
        "From 't' it wrote 'teatt     eettnadhttna ht' before.",
        "Trained unclipped, it writes 't saeeatttt aa  sseeetttt'.",
        "Trained clipped, it writes 't na enadnadttcaca.ttht s'.",
        "V = U - α ∂L/∂V, as printed, needs U, 10 × 10, in the shape of V, 10 × 10: so it is with 10 units. By that rule it writes 't sat cat cat tatnt cat s'.",
        "Clipping at 3 shortens 10 of 10 gradients. The loss ends at 2.1 with it, and at 1.8 without.",
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_the_sentences_of_each_lesson(name):
    goal, measure, *learned = SAID[name]
    assert (few(name).goal, few(name).measure) == (goal, measure)
    assert list(few(name).learned) == learned


def test_the_default_settings():
    assert {name: tuple(lessons._numbers(kind.DEFAULTS).values()) for name, kind in TASKS.items()} == {
        "mean-loss": (0.03, 250, 1.0, 2),
        "mini-batch": (0.5, 150, 1.0, 6),
        "vanishing": (0.05, 250, 1.0, 1),
        "scalar": (0.03, 300, 1.0),
        "vector": (0.05, 450, 3.0, 10),
        "multiple": (0.1, 300, 1.0, 10),
        "update-rules": (0.05, 450, 3.0, 10),
    }
    assert train("vector", settings={"updates": 1}) == train("vector", 0, {"updates": 1})


def test_the_settings_and_the_seed_are_reported():
    assert few("vector").settings == {"alpha": 0.05, "updates": FEW, "clip": 3.0, "D": 10}
    assert few("scalar").settings == {"alpha": 0.03, "updates": FEW, "clip": 1.0}
    assert (few("vector").system, few("vector").seed) == ("vector", 3)


def test_a_seed_gives_the_same_lesson_again_and_another_another():
    settings = {"updates": 3}
    assert train("vector", 5, settings) == train("vector", 5, settings)
    assert train("vector", 5, settings).loss != train("vector", 6, settings).loss


@pytest.mark.parametrize("name", TASKS)
def test_a_bound_that_is_never_reached_changes_nothing(name):
    found = train(
        name, settings={"clip": 1e9, **({"updates": 1, "alpha": 1e-6} if name == "vanishing" else {"updates": 5})}
    )
    unclipped, clipped, *_ = found.runs
    assert clipped == replace(unclipped, name="clipped")
    assert found.learned[-1] == "No gradient is longer than 1e+09: clipping makes no difference."


def test_only_divergence_is_reported_if_both_diverge():
    found = train("vanishing", settings={"clip": 1e9, "updates": 30, "alpha": 10})
    assert found.learned == ("Clipped at 1e+09, it diverges too: try a smaller clip, or a smaller alpha.",)


def test_an_end_that_is_not_finite_has_diverged():
    found = train("vanishing", settings={"updates": 1, "alpha": 1000})
    assert [(run.loss, run.score, run.updates, run.diverged) for run in found.runs] == [(None, None, 1, True)] * 2
    assert found.learned == ("Clipped at 1, it diverges too: try a smaller clip, or a smaller alpha.",)
    found = train("vanishing", settings={"updates": 1})
    assert found.runs[0].diverged
    assert not found.runs[1].diverged
    assert "Unclipped, it diverges: after 1 update the loss or its gradient" in found.learned[-1]


@pytest.mark.parametrize(("loss", "score"), [(math.inf, 0.5), (0.5, math.nan)])
def test_a_loss_or_a_score_that_is_not_finite_has_diverged(loss, score):
    task_ = made("vector", updates=1)
    descent = Descent(task_.start, (1.0,), (2.0,), 0, False)
    with patch.object(texts.Text, "score", lambda self, system: score), patch.object(lessons, "_loss", lambda *_: loss):
        run = lessons._run("clipped", task_, descent)
    assert (run.loss, run.score, run.diverged) == (None, None, True)


def test_clipping_is_credited_only_if_the_loss_falls():
    unclipped, clipped, *_ = few("vanishing").runs
    chosen = replace(TASKS["vanishing"].DEFAULTS, clip=2.5)
    for before, words_ in (
        (0.5, "Clipped at 2.5, the loss was 0.5, and ends at 0.5: try a smaller clip, or a smaller alpha."),
        (0.6, "Clipping at 2.5 prevents that: the loss was 0.6, and ends at 0.5."),
    ):
        said = lessons._of_clipping(before, unclipped, replace(clipped, loss=0.5), chosen)
        assert said == f"Unclipped, it diverges: after 2 updates the loss or its gradient is not finite. {words_}"


# ------------------------------------------------------------ the tasks


def test_the_leaky_sum():
    x = np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(leaky.leaky_sums(x), [1, -2 + 0.8, 3 - 2 * 0.8 + 0.64])
    np.testing.assert_allclose(leaky.leaky_sums(x[:, np.newaxis])[:, 0], leaky.leaky_sums(x))


@pytest.mark.parametrize("module", [in_words, leaky])
def test_examples(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


def test_the_printed_loss_is_learned_by_its_own_gradient():
    rule = made("scalar")
    start = rule.batch(1, rule.variants()[0].start)
    assert set(start.y) == {0, 1}
    for name in start.PARAMETERS:
        gradient = by(start, name, lambda rnn: sum(rnn.printed_E(t) for t in rnn.times))
        np.testing.assert_allclose(start.gradient(name), gradient, rtol=1e-12)
    assert start.loss() == sum(start.printed_E(t) for t in start.times)


def test_the_printed_rule_starts_v_from_u():
    rnn = made("update-rules").start
    g = {name: rnn.gradient(name) for name in rnn.PARAMETERS}
    found = texts.printed_rule(rnn, g, 0.1)
    np.testing.assert_array_equal(found.V, rnn.U - 0.1 * g["V"])
    np.testing.assert_array_equal(found.U, rnn.U - 0.1 * g["U"])
    np.testing.assert_array_equal(found.W, rnn.W - 0.1 * g["W"])


@pytest.mark.parametrize("name", ["vector", "update-rules"])
def test_windows_follow_each_other_and_the_text_begins_again(name):
    text = made(name)
    system, read = text.start, []
    for n in range(4):
        before = text.last(system)
        system = text.batch(n, system)
        read.append("".join(texts.LETTERS[i] for i in system.x.argmax(axis=1)))
        targets = "".join(texts.LETTERS[i] for i in system.y.argmax(axis=1))
        assert targets == texts.TEXT[n % 3 * 8 + 1 : n % 3 * 8 + 9]
        np.testing.assert_array_equal(getattr(system, text.STATE), before if n % 3 else np.zeros(10))
    assert "".join(read) == texts.TEXT[:24] + texts.TEXT[:8]


def test_the_sequences_of_a_batch_are_words():
    spelling = made("multiple")
    letters = words.one_hot(words.WORDS)
    assert letters.shape == (6, len(words.LETTERS), 4)
    found = ["".join(words.LETTERS[i] for i in letters[:, :, b].argmax(axis=1)) for b in range(4)]
    assert tuple(found) == words.WORDS
    np.testing.assert_array_equal(spelling.start.X, letters[:-1])
    np.testing.assert_array_equal(spelling.start.Y, letters[1:])


def test_the_words_that_the_mini_batch_recalls():
    task_ = made("mini-batch")
    system = task_.batch(1, task_.start)
    assert system.X.shape == (recall.T, recall.INSTANCES, 2 * recall.CLASSES)
    assert not np.array_equal(system.X, task_.start.X)
    which = system.X.argmax(axis=2)
    assert (which[0] < recall.CLASSES).all()
    assert (which[1:] >= recall.CLASSES).all()
    assert set(task_.fresh.argmax(axis=2).ravel()) == set(range(2 * recall.CLASSES))
    np.testing.assert_array_equal(system.y.argmax(axis=2), np.tile(which[0], (recall.T, 1)))


def test_the_sums_begin_with_their_rate():
    assert sums.dominant(made("mean-loss", D=3).start.W_hh) == pytest.approx(0.5)
    assert sums.dominant(made("vanishing", D=3).start.W_hh) == pytest.approx(2.0)


def test_a_task_begins_with_its_first_data():
    systems = (
        ("scalar", "x", "y"),
        ("mean-loss", "X", "d"),
        ("mini-batch", "X", "y"),
        ("vector", "x", "y"),
        ("update-rules", "x", "y"),
    )
    for name, given, wanted in systems:
        task_ = made(name)
        first = task_.batch(0, task_.start)
        np.testing.assert_array_equal(getattr(task_.start, given), getattr(first, given))
        np.testing.assert_array_equal(getattr(task_.start, wanted), getattr(first, wanted))
    np.testing.assert_array_equal(made("mini-batch").start.b_y, np.zeros(recall.CLASSES))


def test_a_sum_of_zero_is_not_above_zero():
    task_ = replace(made("scalar"), fresh=np.array([0.0, -0.5]))
    np.testing.assert_array_equal(task_.test(task_.start).y, [0, 0])
    np.testing.assert_array_equal(task_.answers(replace(task_.start, V=np.zeros(()))), [0, 0])  # ŷ is 1/2
    said = task_.describe(dict.fromkeys(("clipped", signs.PRINTED), Descent(task_.start, (), (), 0, False)))
    assert said[0].startswith("The sign of x_t alone is right on 100%")
    assert said[1].startswith("Before, U = ")


@pytest.mark.parametrize(
    ("U", "V", "W", "sign", "memory"),
    [
        (1, 1, 1.5, "positive", "keeps"),
        (-1, -0.5, 1.0, "positive", "fades"),
        (-1, 0.5, 0.5, "negative", "fades"),
        (0, 1, 0.5, "negative", "fades"),
        (1, 0, 0.5, "negative", "fades"),
    ],
)
def test_the_weights_in_words(U, V, W, sign, memory):
    task_ = made("scalar")
    system = replace(task_.start, U=np.array(U), V=np.array(V), W=np.array(W))
    said = task_.describe(dict.fromkeys(("clipped", signs.PRINTED), Descent(system, (), (), 0, False)))
    assert f": a {sign} number" in said[1]
    assert f"the state {memory}" in said[1]


# ------------------------------------------------------------ settings, progress, a minute


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alfa": 1}, "there is no setting 'alfa' here; there are alpha, updates, clip, D"),
        ({"alpha": 0}, "alpha must be a number above 0, up to 1,000; found 0"),
        ({"alpha": "1_0"}, "alpha must be a number above 0, up to 1,000; found 1_0"),
        ({"D": "1_0"}, "D must be a whole number from 1 up to 100; found 1_0"),
        ({"alpha": "x"}, "alpha must be a number above 0, up to 1,000; found x"),
        ({"alpha": "nan"}, "alpha must be a number above 0, up to 1,000; found nan"),
        ({"clip": "inf"}, "clip must be a number above 0, up to 1,000,000,000; found inf"),
        ({"clip": -1}, "clip must be a number above 0, up to 1,000,000,000; found -1"),
        ({"updates": 0}, "updates must be a whole number from 1 up to 1,000,000; found 0"),
        ({"updates": "2.5"}, "updates must be a whole number from 1 up to 1,000,000; found 2.5"),
        ({"updates": 2.5}, "updates must be a whole number from 1 up to 1,000,000; found 2.5"),
        ({"updates": math.inf}, "updates must be a whole number from 1 up to 1,000,000; found inf"),
        ({"D": 101}, "D must be a whole number from 1 up to 100; found 101"),
        ({"D": None}, "D must be a whole number from 1 up to 100; found None"),
    ],
)
def test_invalid_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        train("vector", settings=settings)


def test_one_unit_has_no_number_to_choose():
    with pytest.raises(ValueError, match=r"there is no setting 'D' here; there are alpha, updates, clip$"):
        train("scalar", settings={"D": 2})


def test_settings_may_be_texts():
    settings = {"updates": "2", "alpha": "0.1", "clip": "2", "D": "3"}
    found = train("vector", settings=settings)
    assert found.settings == {"alpha": 0.1, "updates": 2, "clip": 2.0, "D": 3}
    assert found == train("vector", settings={"updates": 2, "alpha": 0.1, "clip": 2.0, "D": 3})


def test_progress_is_reported_before_each_update():
    calls = []
    train("scalar", settings={"updates": 2}, on_progress=lambda done, total: calls.append((done, total)))
    assert calls == [(n, 6) for n in range(6)]


def test_a_lesson_of_more_than_a_minute_is_refused():
    times = iter([0, 21, 30, 50, 60, 99] * 3)  # the quickest of three updates takes 20 seconds
    with patch.object(lessons, "perf_counter", lambda: next(times)):
        assert train("scalar", settings={"updates": 1}).settings["updates"] == 1  # three times 20 seconds
        with pytest.raises(ValueError, match=r"^2 updates would take about 2 minutes; updates=1 would take a minute$"):
            train("update-rules", settings={"updates": 2})
        with pytest.raises(
            ValueError, match=r"^2,000 updates would take about 22 hours; updates=2 would take a minute$"
        ):
            train("vector", settings={"updates": 2000})


def test_an_update_is_timed_by_its_gradients():
    with patch.object(lessons, "gradients", wraps=lessons.gradients) as made_:
        train("vector", settings={"updates": 1})
    assert made_.call_count == lessons.TRIES


def test_the_default_seed_is_0():
    assert train("vector", settings={"updates": 1}) == train("vector", 0, {"updates": 1})


@pytest.mark.parametrize(
    ("share", "words_"),
    [
        (0, "0%"),
        (0.000999, "<0.1%"),
        (0.001, "0.1%"),
        (0.0312, "3.1%"),
        (0.0994, "9.9%"),
        (0.0995, "10%"),
        (0.996, "100%"),
        (1, "100%"),
        (9.99, "999%"),
        (10, "10 times"),
        (1.5e30, "1.5e+30 times"),
    ],
)
def test_a_share_in_words(share, words_):
    assert in_words.percent(share) == words_
