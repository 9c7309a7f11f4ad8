"""The limit on BLAS threads holds while any context is active, and not longer."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from blas import LIBRARIES, MANY, many_threads, threads

from charrnn.system.blas_threads import one_blas_thread


@pytest.fixture(autouse=True)
def _many_threads():
    with many_threads():
        yield


def test_inside_there_is_one_thread_and_afterwards_as_many_as_before():
    with one_blas_thread():
        assert threads() == {1}
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {MANY}


def test_it_ends_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert threads() == {MANY}


def test_the_last_context_to_exit_lifts_the_limit():
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_blas_thread())
    second.enter_context(one_blas_thread())
    first.close()
    assert threads() == {1}
    second.close()
    assert threads() == {MANY}


def test_a_limit_that_somebody_else_lifted_is_set_again():
    with one_blas_thread():
        LIBRARIES.limit(limits=MANY)
        with one_blas_thread():
            assert threads() == {1}
    assert threads() == {MANY}


def test_it_is_a_decorator_too():
    assert one_blas_thread()(threads)() == {1}
    assert threads() == {MANY}


def test_every_thread_can_set_it_and_lift_it():
    first = ExitStack()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(one_blas_thread()(threads)).result() == {1}
        first.enter_context(one_blas_thread())
        last = ExitStack()
        other.submit(last.enter_context, one_blas_thread()).result()
        first.close()
        assert threads() == {1}
        other.submit(last.close).result()
        assert threads() == {MANY}
