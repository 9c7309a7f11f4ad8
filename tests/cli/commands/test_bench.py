"""`bench`: what it prints."""

import json


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
