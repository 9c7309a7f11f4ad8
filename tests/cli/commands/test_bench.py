"""`bench`: what it prints."""

import json

from charrnn.training.benchmark import Bench


def test_bench_prints_the_speed_and_where_the_time_goes(charrnn, small_peak):
    arguments = ("bench", "-s", "model.hidden_size=16", "-s", "training.batch_size=4", "--seconds", "0.1")
    result = charrnn(*arguments)
    assert result.exit_code == 0
    for words in ("characters/s", "GFLOP/s", "forward", "backward", "optimizer"):
        assert words in result.stdout
    found = json.loads(charrnn(*arguments, "--json").stdout)
    assert set(found) >= {
        "cell", "hidden_size", "batch_size", "sequence_length", "chars_per_second", "gflops", "sgemm_peak_gflops",
        "share_of_peak", "threads",
    }  # fmt: skip


def test_an_update_that_is_timed_once_is_said(charrnn, monkeypatch):
    found = Bench("gru", 8, 1, 9, 4, 8, 8, 1, 2, 4.4, 7.3, 1.0, 2.0, 0.5, 1.0, 2.0, 0.1, 1.3)
    monkeypatch.setattr("charrnn.api.bench", lambda *given: found)
    note = "one update takes 4.4 s: --seconds 3 is too short to time it twice\n"
    assert charrnn("bench").stderr == note
    assert charrnn("bench", "--json").stderr == note
    assert "is too short" in charrnn("bench", "--seconds", "17").stderr
    assert charrnn("bench", "--seconds", "18").stderr == ""
