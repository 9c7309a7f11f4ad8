"""An equation is judged by its relative error; a wrong shape, NaN or infinity is an error."""

import numpy as np
import pytest

from charrnn.derivations.equation import (
    ABSENT,
    MISFIT,
    NOT_FINITE,
    OVERFLOWS,
    SATURATED,
    TOLERANCE,
    Equation,
    Verdict,
    at_each,
    flat,
    judge,
    relative_error,
    sizes,
)

TRUTH = np.array([1.0, -4.0])


def equation(printed, corrected=None):
    return Equation("(1)", "says", lambda: TRUTH, printed and (lambda: printed()), corrected, "right")


def misfit():
    return np.ones(3) + np.ones(2)


def test_the_error_is_relative_to_the_largest_entry():
    assert relative_error(np.array([1.0, -3.0]), TRUTH) == 0.25
    assert relative_error(np.array([3.0, -4.0]), TRUTH) == 0.5
    assert relative_error(TRUTH, TRUTH) == 0.0
    assert relative_error(np.array([1j]), np.array([2.0])) == np.sqrt(5) / 2


def test_the_error_is_absolute_if_the_true_value_is_zero():
    assert relative_error(np.array([0.0, 0.5]), np.zeros(2)) == 0.5
    assert relative_error(np.zeros(2), np.zeros(2)) == 0.0


def test_a_value_that_is_not_finite_has_an_infinite_error():
    for value in (np.nan, np.inf, -np.inf):
        found = np.array([1.0, value])
        assert relative_error(found, TRUTH) == np.inf
        assert judge(equation(lambda found=found: found)).printed == Verdict(False, None, NOT_FINITE)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(1,\) is compared with \(2,\)"):
        relative_error(np.ones(1), TRUTH)


def test_a_print_that_holds():
    finding = judge(equation(lambda: TRUTH))
    assert finding.printed == Verdict(True, 0.0)
    assert finding.corrected is None
    assert finding.passed
    assert (finding.number, finding.says, finding.right) == ("(1)", "says", "right")


def test_a_print_that_does_not_hold_and_has_no_correction():
    finding = judge(equation(lambda: 2 * TRUTH))
    assert finding.printed == Verdict(False, 1.0)
    assert not finding.passed


def test_a_correction_decides():
    right, wrong = judge(equation(lambda: 2 * TRUTH, lambda: TRUTH)), judge(equation(lambda: TRUTH, lambda: 2 * TRUTH))
    assert (right.corrected, right.passed) == (Verdict(True, 0.0), True)
    assert (wrong.corrected, wrong.passed) == (Verdict(False, 1.0), False)


def test_no_print_and_no_fit_have_a_reason_and_no_error():
    assert judge(equation(None, lambda: TRUTH)).printed == Verdict(False, None, ABSENT)
    assert judge(equation(misfit)).printed == Verdict(False, None, MISFIT)
    assert judge(equation(lambda: np.ones(3))).printed == Verdict(False, None, MISFIT)


def test_the_tolerance_is_far_from_rounding_and_from_any_mistake():
    assert TOLERANCE == 1e-10
    assert not judge(equation(lambda: TRUTH * (1 + 2e-10))).printed.holds
    assert judge(equation(lambda: TRUTH * (1 + 5e-11))).printed.holds


def test_an_error_at_the_tolerance_does_not_hold():
    exact = Equation("", "", lambda: np.array([1.0, 0.0]), lambda: np.array([1.0, TOLERANCE]))
    assert not judge(exact).printed.holds


def of(truth, form, corrected=None):
    return Equation("", "", lambda: np.asarray(truth), lambda: np.asarray(form), corrected)


def test_a_difference_within_rounding_decides_nothing():
    for found in ([2e-17, 0.0], [1e-17, 9e-15]):
        finding = judge(of([1e-17, 0.0], found), 1e-14)
        assert finding.printed == Verdict(False, None, SATURATED)
        assert finding.printed.open
        assert finding.passed
        assert not judge(of([1e-17, 0.0], found)).passed
    assert judge(of(-1e-3, -1e-3 - 9e-12), 1e-11).printed.open
    exact = judge(of([1e-17, 0.0], [1e-17, 0.0]), 1e-14)
    assert exact.printed == Verdict(True, 0.0)
    assert not exact.printed.open


def test_a_difference_that_rounding_does_not_make_is_a_mistake():
    for found in ([1e-17, 1e-14], [1e-17, -1e-14], [5e-14, 0.0]):
        finding = judge(of([1e-17, 0.0], found), 1e-14)
        assert finding.printed.error > 100
        assert not finding.printed.open
        assert not finding.passed
    assert judge(of(1.0, 1 + 1e-9), 1e-14).printed == Verdict(False, pytest.approx(1e-9, rel=1e-6))


def test_a_true_value_that_is_not_finite_decides_nothing():
    for truth in ([np.inf, 1.0], [1.0, np.nan]):
        assert judge(of(truth, [1.0, 1.0])).printed == Verdict(False, None, OVERFLOWS)
        assert judge(of(truth, [np.inf, 1.0])).passed
        assert judge(of(truth, [1.0])).printed.reason == MISFIT


def test_an_overflow_or_underflow_decides_nothing():
    large, none = np.array([1e200, 1.0]), np.array([0.0, 1.0])
    too_large = Equation("", "", lambda: TRUTH, lambda: large**2 - large**2)
    too_small = Equation("", "", lambda: TRUTH, lambda: none * np.log(np.exp(-400 - 400 * (1 - none))))
    assert judge(too_large).printed == judge(too_small).printed == Verdict(False, None, OVERFLOWS)
    assert judge(Equation("", "", lambda: TRUTH, lambda: none / none)).printed == Verdict(False, None, NOT_FINITE)


def test_an_overflow_of_one_form_is_not_a_failure_of_the_other():
    finding = judge(Equation("", "", lambda: TRUTH, lambda: np.array([1e200, 1.0]) ** 2, lambda: TRUTH))
    assert finding.printed.open
    assert finding.corrected.holds
    wrong = judge(Equation("", "", lambda: TRUTH, lambda: TRUTH, lambda: 2 * TRUTH))
    assert not wrong.passed


def test_other_errors_are_not_hidden():
    def broken():
        raise KeyError("x")

    with pytest.raises(KeyError):
        judge(equation(broken))


def test_flat_and_sizes():
    np.testing.assert_array_equal(flat([np.array([[1, 2]]), np.array(3)]), [1, 2, 3])
    np.testing.assert_array_equal(sizes(np.ones((2, 3)), np.ones(()), np.ones(4)), [2, 3, 4])


def test_a_function_of_a_time_or_of_a_pair_is_evaluated_at_each():
    assert at_each([1, 2], lambda t: t + 10)().tolist() == [11, 12]
    assert at_each([(1, 2), (3, 4)], lambda t, k: 10 * t + k)().tolist() == [12, 34]
