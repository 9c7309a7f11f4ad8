"""The comparisons with published results: saved results, tables, and texts."""

import json
from subprocess import CalledProcessError

import numpy as np
import pytest
from benchmarks.published import by_length, by_size, contest, contest_report, shakespeare
from benchmarks.published.race import cosine, halving, race
from benchmarks.published.results_file import ResultsFile
from benchmarks.published.tables import markdown, mean_and_spread
from benchmarks.published.text import overlapping_windows, split


def test_a_saved_result_is_not_measured_again(tmp_path):
    file = tmp_path / "new" / "results.jsonl"
    ResultsFile(file, "here").get_or_measure({"seed": 0}, lambda: {"loss": 1.5})
    again = ResultsFile(file, "there").get_or_measure({"seed": 0}, lambda: pytest.fail("measured again"))
    assert again == {"seed": 0, "machine": "here", "loss": 1.5}


def test_a_new_result_is_added_to_the_file(tmp_path):
    file = tmp_path / "results.jsonl"
    for seed in (0, 1):
        ResultsFile(file, "here").get_or_measure({"seed": seed}, lambda seed=seed: {"loss": 1.5 + seed})
    assert [result["loss"] for result in ResultsFile(file, "here").results] == [1.5, 2.5]


def test_an_interrupted_measurement_saves_nothing(tmp_path):
    results_file = ResultsFile(tmp_path / "results.jsonl", "here")
    with pytest.raises(KeyboardInterrupt):
        results_file.get_or_measure({"seed": 0}, lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert results_file.results == ResultsFile(results_file.path, "here").results == []


def test_results_can_be_matched_by_any_of_their_values(tmp_path):
    results_file = ResultsFile(tmp_path / "results.jsonl", "here")
    for minutes in (1, 15):
        results_file.get_or_measure({"seed": 0, "minutes": minutes}, lambda: {})
    assert [result["minutes"] for result in results_file.matching(seed=0, minutes=15)] == [15]


def test_each_machine_is_named_once(tmp_path):
    file = tmp_path / "results.jsonl"
    assert ResultsFile(file, "here").measured_on() == f"{file}: nothing is measured yet."
    for seed, machine in enumerate(["here", "there", "here"]):
        ResultsFile(file, machine).get_or_measure({"seed": seed}, lambda: {})
    assert ResultsFile(file, "elsewhere").measured_on() == "Measured on here; there."


def test_the_spread_is_half_of_the_range():
    assert mean_and_spread([1.5, 1.6, 1.55]) == "1.5500 ± 0.0500"


@pytest.mark.parametrize(("values", "text"), [([], "-"), ([1.5], "1.5000")])
def test_fewer_than_two_values_have_no_spread(values, text):
    assert mean_and_spread(values) == text


def test_a_markdown_table_has_a_line_below_its_header():
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_text_is_split_as_nanogpt_splits_it(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abcabcabca" + "c", "utf-8")
    train, valid, V = split(str(path))
    assert (train.tolist(), valid.tolist(), V) == ([0, 1, 2, 0, 1, 2, 0, 1, 2], [0, 2], 3)


@pytest.mark.parametrize("characters", [2, 7, 64, 65, 66, 100, 1000])
@pytest.mark.parametrize(("length", "before"), [(64, 48), (64, 0), (5, 4), (2000, 1024)])
def test_every_character_but_the_first_is_scored_once(characters, length, before):
    read, targets = overlapping_windows(np.arange(characters), length, before)
    scored = targets >= 0
    assert sorted(targets[scored]) == list(range(1, characters))
    assert (read[scored] == targets[scored] - 1).all()


def test_every_window_but_the_first_starts_with_unscored_context():
    _, targets = overlapping_windows(np.arange(1000), 64, 48)
    assert (targets[1:, :48] == -1).all()
    assert (targets[:-1, 48:] >= 0).all()


def test_a_race_validates_at_equal_intervals_and_its_clock_stops_meanwhile(capsys, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("benchmarks.published.race.time", clock)
    shares = []
    race(4, 2, lambda share: (shares.append(share), clock.passes(1.0)), lambda: (clock.passes(100.0), {"loss": 1})[1])
    assert shares == [0, 0.25, 0.5, 0.75]
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [{"seconds": 2, "loss": 1}, {"seconds": 4, "loss": 1}]


def test_learning_rate_schedules_start_and_end_at_the_right_rates():
    assert [cosine(share, 1e-3, 1e-4) for share in (0, 1)] == pytest.approx([1e-3, 1e-4])
    assert [halving(share, 2e-3) for share in (0, 0.09, 0.1, 0.99)] == [2e-3, 2e-3, 1e-3, 2e-3 / 512]


def test_a_validation_curve_counts_only_the_time_of_steps():
    events = [(1, "saved"), (2, "step"), (3, "step"), (50, "eval"), (60, "sample"), (61, "step"), (90, "eval")]
    curve = contest.validation_curve((now, {"event": name, "loss": now}) for now, name in events)
    assert [*curve] == [{"seconds": 2, "loss": 50}, {"seconds": 3, "loss": 90}]


def result(contestant, *losses, seed=0, **more):
    curve = [{"seconds": 60.5 * (number + 1), "loss": loss} for number, loss in enumerate(losses)]
    return {"contestant": contestant, "seed": seed, "minutes": 2, "curve": curve, **more}


def test_a_contest_is_reported_minute_by_minute():
    results = [result("charrnn", 2.0, 1.5, recipe="quick"), result("gpt", 3.0), result("gpt", 2.0, seed=1)]
    assert contest_report.table(results, 60).splitlines()[:5] == [
        "| minutes | charrnn quick | gpt |",
        "| --- | --- | --- |",
        "| 1 | 2.0000 | 2.5000 ± 0.5000 |",
        "| 2 | 1.5000 | 2.5000 ± 0.5000 |",
        "| lowest | 1.5000 | 2.5000 ± 0.5000 |",
    ]


def test_a_minute_before_the_first_validation_has_a_dash():
    late = {**result("gpt"), "curve": [{"seconds": 100, "loss": 3.0}]}
    assert contest_report.table([late], 60).splitlines()[2:4] == ["| 1 | - |", "| 2 | 3.0000 |"]


def test_losses_over_random_blocks_are_noted_below_the_table():
    curve = [{"seconds": 60, "loss": 2.0, "loss_blocks": 1.9}, {"seconds": 120, "loss": 2.1, "loss_blocks": 1.8}]
    assert contest_report.table([{**result("gpt"), "curve": curve}], 60).endswith("lowest 1.8000.")


@pytest.mark.slow
def test_the_figure_of_a_contest_shows_the_n_gram(tmp_path):
    drawn = contest_report.draw_figure(
        [result("charrnn", 2.0, 1.5), result("gpt", 3.0, 2.0)], 60, tmp_path / "contest.svg"
    )
    assert "7-gram: 1.5165" in drawn.read_text("utf-8")


def test_recipes_come_before_published_results():
    key = {"recipe": "quick", "time": "140s", "machine": "here"}
    results = [{**key, "seed": 0, "what": "training", "seconds": 141.0, "steps": 1000}]
    results += [{**key, "seed": seed, "what": "alone", "loss": loss} for seed, loss in ((0, 1.5), (1, 1.6))]
    lines = shakespeare.table(results).splitlines()
    assert lines[2] == "| `quick`, 140s | 141 | 1,000 | 1 | 1.5500 ± 0.0500 | - | - |"
    assert "1.5165" in lines[3]


def test_lengths_are_sorted_and_shown_with_their_n_grams():
    def made(characters, seed, loss):
        key = {"text": "a.txt", "from": 1000, "characters": characters, "seed": seed}
        return {**key, "loss": loss, "seconds": 59.6, "steps": 6300, "ngram": [7, 1.685]}

    results = [made(120_000, 0, 1.4), made(60_000, 0, 1.6), made(60_000, 1, 1.7)]
    assert by_length.table(results).splitlines()[2:] == [
        "| a.txt | 1,000 | 60,000 | 6,300 | 60 | 2 | 1.6500 ± 0.0500 | 1.6850 (7-gram) |",
        "| a.txt | 1,000 | 120,000 | 6,300 | 60 | 1 | 1.4000 | 1.6850 (7-gram) |",
    ]


def test_a_part_of_a_text_is_cut_by_characters(tmp_path):
    file = tmp_path / "a:b.txt"
    file.write_bytes("h\u00e4rbour\r\n".encode())
    assert by_length.cut(f"{file}:1:3") == (file, 1, "\u00e4rb")
    assert by_length.cut(str(file)) == (file, 0, "h\u00e4rbour\r\n")


def test_a_missing_text_is_reported(tmp_path):
    with pytest.raises(SystemExit, match="No such file"):
        by_length.cut(str(tmp_path / "none.txt:0:10"))


def test_a_text_in_another_encoding_is_reported(tmp_path):
    (tmp_path / "latin.txt").write_bytes("h\u00e4rbour".encode("latin-1"))
    with pytest.raises(SystemExit, match="not UTF-8"):
        by_length.cut(str(tmp_path / "latin.txt"))


def test_a_failed_training_is_skipped_and_the_next_one_runs(tmp_path, monkeypatch, capsys):
    def fails(*_):
        raise CalledProcessError(2, "charrnn")

    (tmp_path / "text.txt").write_text("She waited.", "utf-8")
    monkeypatch.setattr(by_length, "train", fails)
    by_length.main([str(tmp_path / "text.txt"), "--seeds", "2", "--out", str(tmp_path / "out")], "here")
    printed = capsys.readouterr()
    assert [line.split("-")[-1] for line in printed.err.splitlines() if "skipped" in line] == [
        "0 skipped: exit code 2",
        "1 skipped: exit code 2",
    ]
    assert "nothing is measured yet" in printed.out


def test_a_result_by_length_is_measured_once_and_saved(tmp_path, monkeypatch, capsys):
    (tmp_path / "text.txt").write_text("She waited at the quay, and nobody came. " * 50, "utf-8")
    monkeypatch.setattr(by_length, "train", lambda *a: {"seconds": 1.0, "step": 10})
    evaluation = {"loss": 1.5, "interval": [1.4, 1.6], "ngram_order": 5, "baselines": {"ngram": 1.6}}
    monkeypatch.setattr(by_length, "run_charrnn", lambda *a: json.dumps(evaluation))
    asked = [f"{tmp_path / 'text.txt'}:10:500", "--seeds", "2", "--out", str(tmp_path / "out")]
    by_length.main(asked, "here")
    assert "| text.txt | 10 | 500 | 10 | 1 | 2 | 1.5000 ± 0.0000 | 1.6000 (5-gram) |" in capsys.readouterr().out
    monkeypatch.setattr(by_length, "train", lambda *a: pytest.fail("measured again"))
    by_length.main(asked, "here")


def test_a_table_by_size_has_the_lowest_loss_in_bold():
    def made(cell, layers, size, loss):
        return {"cell": cell, "layers": layers, "size": size, "loss": loss, "ngram": [7, 1.75]}

    results = [made("rnn", 1, 64, 1.9), made("lstm", 2, 64, 1.7), made("lstm", 1, 64, 1.8), made("rnn", 1, 128, 1.6)]
    assert by_size.table(results).splitlines() == [
        "| units | LSTM, 1 | LSTM, 2 | RNN, 1 |",
        "| --- | --- | --- | --- |",
        "| 64 | 1.800 | 1.700 | 1.900 |",
        "| 128 | - | - | **1.600** |",
        "| 7-gram | 1.750 |  |  |",
    ]


class Clock:
    """Replaces the module `time`; time passes only in calls of `passes`."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def passes(self, seconds):
        self.now += seconds
