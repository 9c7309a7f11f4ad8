from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import TextError
from charrnn.text.windows import Windows, fit


def test_streams_windows_and_targets():
    windows = Windows(np.arange(21, dtype=np.uint8), batch_size=2, sequence_length=4)
    first, second = next(windows), next(windows)
    assert first.inputs.T.tolist() == [[0, 1, 2, 3], [10, 11, 12, 13]]
    assert first.targets.T.tolist() == [[1, 2, 3, 4], [11, 12, 13, 14]]
    assert second.inputs.T.tolist() == [[4, 5, 6, 7], [14, 15, 16, 17]]
    assert [window.fresh_streams.tolist() for window in (first, second, next(windows))] == [
        [True] * 2,
        [False] * 2,
        [True] * 2,
    ]


@given(st.integers(2, 400), st.integers(1, 9), st.integers(1, 20))
def test_a_window_continues_the_one_before_until_the_streams_wrap(length, B, T):
    if (length - 1) // B < T:
        with pytest.raises(TextError, match="does not fill one window"):
            Windows(np.zeros(length, np.uint8), B, T)
        return
    windows = Windows(np.arange(length, dtype=np.uint16), B, T)
    before = next(windows)
    for _ in range(windows.per_epoch):
        after = next(windows)
        np.testing.assert_array_equal(after.targets, after.inputs + 1)
        if not after.fresh_streams.all():
            np.testing.assert_array_equal(after.inputs[0], before.targets[-1])
        before = after
    assert windows.epoch == (windows.per_epoch + 1) / windows.per_epoch


def test_a_saved_position_can_be_restored():
    ids = np.arange(100, dtype=np.uint8)
    windows = Windows(ids, 3, 5)
    for _ in range(8):
        next(windows)
    again = Windows(ids, 3, 5)
    again.position = windows.position
    for _ in range(20):
        np.testing.assert_array_equal(next(again).inputs, next(windows).inputs)


@given(st.integers(2, 5000), st.integers(1, 100), st.integers(1, 100))
def test_fit_returns_sizes_that_fill_a_window_within_the_request(length, batch_size, sequence_length):
    B, T = fit(length, batch_size, sequence_length)
    assert 1 <= B <= batch_size
    assert 1 <= T <= sequence_length
    Windows(np.zeros(length, np.uint8), B, T)
    if length - 1 >= batch_size * sequence_length:
        assert (B, T) == (batch_size, sequence_length)


def test_the_position_alone_decides_which_streams_restart():
    def begins(position, seed=3):
        windows = Windows(np.zeros(40_001, np.uint8), 20, 2, reset_probability=0.1, seed=seed)
        windows.position = position
        return next(windows).fresh_streams

    assert begins(0).all()
    share = np.mean([begins(position) for position in range(1, 1000)])
    assert 0.09 < share < 0.11
    np.testing.assert_array_equal(begins(500), begins(500))
    assert any((begins(position) != begins(position, seed=4)).any() for position in range(1, 10))


def test_with_a_stride_the_state_is_carried_from_the_start_of_the_next_window():
    windows = Windows(np.arange(24, dtype=np.uint8), 1, 6, stride=2)
    taken = [next(windows) for _ in range(windows.per_epoch + 1)]
    assert [window.inputs[0, 0] for window in taken] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 0]
    assert [window.loss_steps for window in taken] == [6, 2, 2, 2, 2, 2, 2, 2, 2, 6]
    assert {window.carry_steps for window in taken} == {2}


def test_the_state_is_reset_at_each_document_end():
    ids = np.array([9, 1, 9, 2, 3, 4, 5, 6, 7, 1, 1, 1, 1], np.uint8)
    windows = Windows(ids, 1, 4, end_id=9)
    resets = [window.reset_mask for window in islice(windows, 3)]
    assert resets[0].T.tolist() == [[True, False, True, False]]
    assert resets[1:] == [None, None]
    assert next(Windows(ids, 1, 4)).reset_mask is None


@given(st.integers(10, 400), st.integers(1, 4), st.integers(1, 20), st.integers(1, 20))
def test_with_any_stride_each_character_is_new_exactly_once(length, B, T, stride):
    if stride > T or (length - 1) // B < T:
        return
    windows = Windows(np.arange(length, dtype=np.uint16), B, T, stride)
    new = []
    for _ in range(windows.per_epoch):
        window = next(windows)
        new.extend(window.targets[-window.loss_steps :, 0].tolist())
    assert new == list(range(1, len(new) + 1))
    assert (length - 1) // B - len(new) < stride


def test_each_pass_resets_other_streams():
    """Two draws with probability 1/2 agree for half of the streams, and not for all of them."""
    windows = Windows(np.zeros(20_001, np.uint8), 1000, 2, reset_probability=0.5, seed=3)
    begins = [next(windows).fresh_streams for _ in range(3 * windows.per_epoch)]
    passes = [begins[start + 1 : start + windows.per_epoch] for start in range(0, len(begins), windows.per_epoch)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert 0.45 < np.mean(np.array(passes[one]) == np.array(passes[other])) < 0.55


def test_each_window_of_a_pass_resets_other_streams():
    windows = Windows(np.zeros(20_001, np.uint8), 1000, 2, reset_probability=0.5, seed=3)
    begins = [next(windows).fresh_streams for _ in range(windows.per_epoch)][1:]
    for before, after in pairwise(begins):
        assert 0.4 < np.mean(before == after) < 0.6


def test_a_slice_of_the_streams_has_the_same_restarts():
    ids = np.arange(201, dtype=np.uint8)
    whole = Windows(ids, 10, 2, reset_probability=0.3, seed=3)
    share = Windows(ids, 10, 2, reset_probability=0.3, seed=3, streams=slice(4, 7))
    for _ in range(2 * whole.per_epoch):
        all_streams, some = next(whole), next(share)
        np.testing.assert_array_equal(some.fresh_streams, all_streams.fresh_streams[4:7])
        np.testing.assert_array_equal(some.inputs, all_streams.inputs[:, 4:7])
        np.testing.assert_array_equal(some.targets, all_streams.targets[:, 4:7])
        assert some.target_count == all_streams.target_count
