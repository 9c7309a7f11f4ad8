"""The modules quote exactly the wrong formulas that the documents print."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from derivations.figures import ABSENT, FIGURES, HOLDS, MISFIT, WHERE_SIZES_ARE_EQUAL
from derivations.fragments import FRAGMENTS, without_spaces
from derivations.rows import DEFAULT, SQUARE, row, rows
from derivations.transcriptions import PRINTED

from charrnn.derivations.case import Case
from charrnn.derivations.documents import DOCUMENTS, SYSTEMS
from charrnn.derivations.equation import judge

DOCUMENTS_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "seeds"
SMALL = Case(T=3, M=2, D=3, C=4, B=3)
AVERAGED = replace(SQUARE, averaged=True)
DOES_NOT_FIT = [key for key, (_, _, error) in FIGURES.items() if error == MISFIT]


def named(key):
    return " ".join(map(str, key))


def test_each_print_that_does_not_hold_is_transcribed():
    wrong = {key for key, (_, _, error) in FIGURES.items() if error not in (HOLDS, ABSENT)}
    assert set(PRINTED) == wrong
    assert set(FRAGMENTS) == wrong


@pytest.mark.parametrize("key", PRINTED, ids=named)
@pytest.mark.parametrize(("case", "seed"), [(DEFAULT, 0), (DEFAULT, 5), (SMALL, 1), (SQUARE, 2), (AVERAGED, 3)])
def test_a_print_is_its_transcription(key, case, seed):
    """Where shapes do not fit, the transcription is compared where all sizes are equal."""
    if key in DOES_NOT_FIT and case not in (SQUARE, AVERAGED):
        assert judge(row(key, case, seed)).printed.reason == MISFIT
        return
    rnn = SYSTEMS[key[0]].make(case, np.random.default_rng(seed))
    transcribed = PRINTED[key](rnn)
    found = np.asarray(row(key, case, seed).printed())
    assert found.shape == np.shape(transcribed)
    np.testing.assert_allclose(found, transcribed, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_errors_of_the_prints_have_these_values(name):
    for key, equation in rows(name):
        _, _, error = FIGURES[key]
        printed = judge(equation).printed
        if isinstance(error, str):
            assert (printed.holds, printed.reason) == (error == HOLDS, "" if error == HOLDS else error), key
        else:
            assert not printed.holds, key
            assert printed.error == pytest.approx(error, rel=1e-6), key


@pytest.mark.parametrize("key", WHERE_SIZES_ARE_EQUAL, ids=named)
def test_the_errors_at_equal_sizes_have_these_values(key):
    printed, error = judge(row(key, SQUARE)).printed, WHERE_SIZES_ARE_EQUAL[key]
    if error == HOLDS:
        assert printed.holds
    else:
        assert printed.error == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("key", FRAGMENTS, ids=named)
def test_the_document_prints_it(key):
    number = sorted(DOCUMENTS).index(SYSTEMS[key[0]].document)
    found = list(DOCUMENTS_FOLDER.glob(f"{number:03}_*.txt"))
    if not found:
        pytest.skip(f"needs the four documents, which are not in {DOCUMENTS_FOLDER}")
    [document] = found
    assert without_spaces(FRAGMENTS[key]) in without_spaces(document.read_text("utf-8"))
