"""The temporal-order task: positions of the marks, the answer, and when the task counts as solved."""

import numpy as np
import pytest
from benchmarks.published import temporal_order
from benchmarks.published.order_task import ANSWERS, DISTRACTORS, MARKED, VOCABULARY, draw, error_rate
from benchmarks.published.temporal_order import Method, attempt, table

from charrnn.network.architecture import Architecture
from charrnn.network.network import Network

LENGTHS = [10, 23, 50]
GRU = Method("gru", "adam", 1e-2, 1.0)


def drawn(T, B=1000):
    """Sequences and answers as letters, and the positions of the marks in each sequence."""
    symbols, answers = draw(np.random.default_rng(0), T, B)
    sequences = [[VOCABULARY[id] for id in sequence] for sequence in symbols.T]
    positions = [[t for t, symbol in enumerate(sequence) if symbol in MARKED] for sequence in sequences]
    return sequences, [VOCABULARY[id] for id in answers], positions


def always(answer):
    """A network that gives the same answer to every sequence."""
    network = Network.fresh(Architecture(len(VOCABULARY), 4), np.random.default_rng(0))
    network.parameters.flat[:] = 0
    network.parameters["b_y"][VOCABULARY.index(answer)] = 1
    return network


@pytest.mark.parametrize("T", LENGTHS)
def test_the_marks_are_in_the_second_and_the_fifth_tenth_including_both_ends(T):
    _, _, positions = drawn(T)
    first, second = zip(*positions, strict=True)
    assert set(first) == set(range(T // 10, 2 * T // 10 + 1))
    assert set(second) == set(range(4 * T // 10, 5 * T // 10 + 1))


@pytest.mark.parametrize("T", LENGTHS)
def test_the_answer_names_the_marked_symbols_in_their_order(T):
    sequences, answers, positions = drawn(T)
    assert answers == [sequence[a] + sequence[b] for sequence, (a, b) in zip(sequences, positions, strict=True)]


def test_all_answers_and_all_distractors_are_equally_likely():
    sequences, answers, _ = drawn(50, B=4000)
    distractors = [symbol for sequence in sequences for symbol in sequence if symbol not in MARKED]
    for found, kinds in ((answers, ANSWERS), (distractors, DISTRACTORS)):
        assert [found.count(kind) / len(found) for kind in kinds] == pytest.approx([1 / 4] * 4, abs=0.03)


def test_sequences_are_fresh_each_time_and_the_same_from_the_same_seed():
    one, other = np.random.default_rng(0), np.random.default_rng(0)
    first, second = draw(one, 20, 5), draw(one, 20, 5)
    assert np.array_equal(first.symbols, draw(other, 20, 5).symbols)
    assert not np.array_equal(first.symbols, second.symbols)


def test_a_network_that_always_gives_one_answer_is_wrong_three_times_in_four():
    assert error_rate(always("AB"), np.random.default_rng(0), 10, 5000) == pytest.approx(0.75, abs=0.03)


def test_a_symbol_as_answer_is_wrong():
    assert error_rate(always("A"), np.random.default_rng(0), 10, 1000) == 1


@pytest.mark.parametrize(("few", "many", "solved"), [(0.01, 0.01, True), (0.011, 0.0, False), (0.0, 0.0101, False)])
def test_the_task_is_solved_if_both_tests_have_at_most_one_wrong_answer_in_a_hundred(monkeypatch, few, many, solved):
    rates = {1000: few, 10_000: many}
    monkeypatch.setattr(temporal_order, "error_rate", lambda network, random, T, count: rates[count])
    assert temporal_order.solves(always("AB"), np.random.default_rng(0), 10) == solved


def test_a_gru_solves_short_sequences_and_stops_there():
    found = attempt(GRU, T=10, seed=0, most=40_000)
    assert found["ended"] == "solved"
    assert found["sequences"] < 40_000


def test_a_network_that_does_not_learn_reads_all_sequences_and_ends_unsolved():
    found = attempt(GRU._replace(rate=0.0), T=10, seed=0, most=8000)
    assert (found["ended"], found["sequences"]) == ("unsolved", 8000)


def test_a_loss_that_is_not_finite_ends_the_training():
    assert attempt(Method("rnn", "sgd", 1e38, None), T=10, seed=0, most=40_000)["ended"] == "not finite"


def test_the_table_has_a_row_for_each_method_a_column_for_each_length_and_the_median_of_what_was_solved():
    ends = [("solved", 4000), ("solved", 8000), ("unsolved", 9000)]
    results = [{"method": "gru", "length": 20, "ended": ended, "sequences": read} for ended, read in ends]
    results += [{"method": "rnn", "length": 50, "ended": "not finite", "sequences": 4000}]
    assert table(results).splitlines() == [
        "|  | T = 20 | T = 50 |",
        "| --- | --- | --- |",
        "| gru | 2 of 3; 6,000 | - |",
        "| rnn | - | 0 of 1 |",
    ]


def test_a_saved_result_is_not_measured_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(temporal_order, "METHODS", (GRU,))
    arguments = ["--lengths", "10", "--seeds", "1", "--sequences", "4000", "--out", str(tmp_path)]
    temporal_order.main(arguments, "a machine")
    printed = capsys.readouterr().out
    assert "| gru, adam 0.01, norm at most 1 |" in printed
    monkeypatch.setattr(temporal_order, "attempt", lambda *_: pytest.fail("measured again"))
    temporal_order.main(arguments, "another")
    assert capsys.readouterr().out == printed


def test_without_saved_results_a_message_is_printed(tmp_path, capsys):
    temporal_order.main(["--table", "--out", str(tmp_path)], "a machine")
    assert capsys.readouterr().out.endswith("temporal_order.jsonl: nothing is measured yet.\n")
