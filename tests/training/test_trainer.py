import copy
import itertools
from types import SimpleNamespace

import numpy as np
import plain
import pytest
from sigmoids import each_sigmoid, use_sigmoid
from slow import mostly_slow

from charrnn.errors import DivergedError
from charrnn.network.architecture import CELLS, Architecture
from charrnn.network.network import Network
from charrnn.text.windows import Windows
from charrnn.training.divergence import Batch
from charrnn.training.events import Evaluated, Finished, Stepped
from charrnn.training.optim.clipping import Clipping
from charrnn.training.optim.optimizers import Adam
from charrnn.training.optim.schedules import Schedule
from charrnn.training.parallel.data_parallel import DataParallel
from charrnn.training.trainer import Trainer

TEXT = (
    "it was a wet night on the quay, and the lamp was lit. 'who is there?' said the cat. nobody said a word. the boat "
    "came in at ten past four, with two sheep, six eggs and a bell in it; then oda wrote it all down in her long book."
)
GOLDEN = {
    "rnn": [
        3.3913242545720474,
        3.3982744595757866,
        3.4000742559504613,
        3.366049728633991,
        3.292127349970862,
        3.4054364235786494,
        3.3368660638019896,
        3.2589865736855748,
        3.2561545056910672,
        3.232052237285585,
    ],
    "gru": [
        3.3849569699957773,
        3.3504327712803312,
        3.341064442053368,
        3.3522474144721084,
        3.3481139456428712,
        3.344862192353082,
        3.2994915754604497,
        3.292864915189697,
        3.289041863043024,
        3.1841662297298625,
    ],
    "lstm": [
        3.356553419409256,
        3.363387137650337,
        3.357286110661614,
        3.327108027090572,
        3.343461824109762,
        3.3262066001679664,
        3.237721192611958,
        3.23033057326175,
        3.303987558176422,
        3.1388873854438653,
    ],
}


def evaluated(trainer):
    return trainer.validate(DataParallel(trainer.network)).loss


def make(cell="rnn", H=8, B=3, T=5, rate=0.01, dtype=np.float64, valid="", clipping=None, threads=1, steps=10, **rest):
    symbols = sorted(set(TEXT))
    ids = np.array([symbols.index(c) for c in TEXT], np.uint8)
    network = Network.fresh(Architecture(len(symbols), H, cell), np.random.default_rng(0), dtype)
    return Trainer(
        network=network,
        windows=Windows(ids, B, T),
        state=network.zero_state(B),
        valid=np.array([symbols.index(c) for c in valid], np.uint8),
        optimizer=Adam(network.parameters.flat),
        schedule=Schedule("constant", rate, steps),
        clipping=clipping or Clipping(1.0),
        eval_every=rest.pop("eval_every", 5),
        threads=threads,
        **rest,
    )


def losses(trainer, steps):
    return [event.loss for event in trainer.train(steps) if isinstance(event, Stepped)]


def test_ten_steps_equal_the_plain_equations():
    """Forward, BPTT, clipping, Adam, carried state and wrap-around, against a loop written from the page."""
    trainer = make(T=30)  # two windows per epoch: the streams wrap and the state is reset
    w = {name: view.copy() for name, view in trainer.network.parameters.items()}
    windows, h, adam, expected = copy.copy(trainer.windows), np.zeros((3, 8)), plain.Adam(w, 0.01), []
    for _ in range(10):
        window = next(windows)
        h = np.zeros_like(h) if window.fresh_streams.all() else h
        loss, tape = plain.forward(adam.w, window.inputs, window.targets, h)
        gradient = {name: g for name, g in plain.backward(adam.w, tape).items() if name != "h_0"}
        adam.update(plain.clip_by_norm(gradient, 1.0))
        h = tape[2][-1]
        expected.append(loss)
    assert losses(trainer, 10) == pytest.approx(expected, rel=1e-10)


@each_sigmoid
@pytest.mark.parametrize("cell", CELLS)
def test_ten_golden_losses(cell, apply, monkeypatch):
    """Recorded from runs whose gradients equal four oracles (and for the rnn the plain loop above): a change shows here."""
    use_sigmoid(apply, monkeypatch)
    found = losses(make(cell), 10)
    assert cell in GOLDEN, f"record its losses, once gradcheck passes: {found}"
    assert found == pytest.approx(GOLDEN[cell], rel=1e-9)


@mostly_slow("cell", CELLS, one_in=3)
def test_every_cell_learns_two_hundred_characters_by_heart(cell):
    trainer = make(cell, H=64, B=1, T=25, rate=3e-3 if cell == "rnn" else 1e-2, dtype=np.float32)
    assert np.mean(losses(trainer, 1500)[-8:]) < 0.05


def test_a_memorised_text_with_smoothed_labels_leaves_probability_to_every_character():
    trainer = make("gru", H=32, B=1, T=20, rate=0.02, label_smoothing=0.1)
    V = trainer.network.architecture.vocab_size
    found = losses(trainer, 500)
    assert found[-1] == pytest.approx(-np.log(0.9 + 0.1 / V), abs=0.03)
    ws = trainer.network.workspace(20, 1)
    window = next(trainer.windows)
    trainer.network.forward(window.inputs, window.targets, trainer.state, ws)
    assert np.median(ws.readout.o) == pytest.approx(0.1 / V, rel=0.3)


def test_the_same_seed_gives_the_same_bytes_and_another_number_of_threads_the_same_run():
    runs = [make(threads=threads) for threads in (1, 1, 3)]
    found = [losses(trainer, 20) for trainer in runs]
    assert found[0] == found[1]
    assert runs[0].network.parameters.flat.tobytes() == runs[1].network.parameters.flat.tobytes()
    assert found[2] == pytest.approx(found[0], rel=1e-9)


def test_stopping_and_going_on_equals_never_having_stopped():
    whole, stopped = make(valid=TEXT[:50]), make(valid=TEXT[:50])
    events = [event for event in whole.train(20) if not isinstance(event, Finished)]
    first = []
    for event in stopped.train(20):
        first.append(event)
        if len(first) == 7:
            break
    rest = [event for event in stopped.train(20) if not isinstance(event, Finished)]
    strip = lambda event: event.loss  # noqa: E731
    assert list(map(strip, first + rest)) == list(map(strip, events))


def test_evaluations_come_when_due_and_at_the_end_and_know_the_best():
    events = list(make(valid=TEXT[:60], eval_every=4).train(10))
    found = [event for event in events if isinstance(event, Evaluated)]
    assert [event.step for event in found] == [4, 8, 10]
    for before, event in zip([np.inf, *np.minimum.accumulate([e.loss for e in found])], found, strict=False):
        assert event.best == (event.loss < before)
        assert event.bpc == pytest.approx(event.loss / np.log(2))


def test_without_a_validation_split_there_is_no_evaluation():
    assert not [event for event in make().train(10) if isinstance(event, Evaluated)]


def test_patience_ends_a_training_that_gets_no_better():
    events = list(make(valid=TEXT[:60], rate=1.0, eval_every=1, patience=3).train(100))
    assert events[-1].reason == "patience"
    assert events[-1].step < 100


def test_a_stop_request_stops_after_the_current_step():
    asked = []
    trainer = make()
    for event in trainer.train(100, lambda: bool(asked)):
        if isinstance(event, Stepped) and event.step == 3:
            asked.append(True)
    assert (event.step, event.reason) == (3, "stopped")


def test_validation_leaves_the_training_as_it_was():
    trainer = make(valid=TEXT[:60])
    list(trainer.train(3))
    state, weights = trainer.state.copy(), trainer.network.parameters.flat.copy()
    evaluated(trainer)
    np.testing.assert_array_equal(trainer.state, state)
    np.testing.assert_array_equal(trainer.network.parameters.flat, weights)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_never_reaches_the_weights(poison):
    trainer = make()
    list(trainer.train(2))
    trainer.state[0, 0, 0] = poison
    trainer.windows.position = 1  # not the start of the streams, where the state would be reset
    before = trainer.network.parameters.flat.copy()
    if poison == np.inf:
        trainer.network.parameters["b_y"][:] = [np.inf] + [0] * (len(trainer.network.parameters["b_y"]) - 1)
        before = trainer.network.parameters.flat.copy()
    with np.errstate(invalid="ignore"), pytest.raises(DivergedError, match="training diverged at step 3"):
        list(trainer.train(5))
    np.testing.assert_array_equal(trainer.network.parameters.flat, before)


@pytest.mark.parametrize(
    ("bound", "norm", "refused"), [(None, 1e25, True), (1.0, 1e25, False), (1.0, np.inf, True), (None, 1e3, False)]
)
def test_a_gradient_whose_square_overflows_never_reaches_the_moments(bound, norm, refused):
    """Clipped, it does no harm."""
    trainer = make()
    trainer.clipping = Clipping(bound)
    batch = Batch(next(trainer.windows), trainer.state)
    trainer.network.parameters.flat = trainer.network.parameters.flat.astype(np.float32)
    assert bool(trainer._rejection_reason(batch, 3.0, norm)) == refused


def test_only_streams_that_restart_lose_their_state():
    kept, begun = make(), make()
    next(kept.windows), next(begun.windows)
    for trainer in (kept, begun):
        trainer.state[:] = np.linspace(-0.9, 0.9, trainer.state.size).reshape(trainer.state.shape)
    begun.windows._fresh_streams = lambda: np.array([False, True, False])
    losses(kept, 1), losses(begun, 1)
    same = [np.array_equal(kept.state[:, stream], begun.state[:, stream]) for stream in range(3)]
    assert same == [True, False, True]


@mostly_slow("cell", CELLS, one_in=3)
def test_dropout_trains_the_same_whatever_the_threads_and_is_off_when_validating(cell):
    trainers = [make(cell, dropout=0.4, threads=threads, valid=TEXT[:60]) for threads in (1, 3)]
    found = [[event.loss for event in trainer.train(12) if not isinstance(event, Finished)] for trainer in trainers]
    assert found[1] == pytest.approx(found[0], rel=1e-9)
    assert found[0] != pytest.approx(losses(make(cell), 12)[: len(found[0])], rel=1e-3)
    assert evaluated(trainers[0]) == evaluated(trainers[0])


def test_plateau_halves_the_rate_after_two_validations_without_improvement():
    trainer = make(valid=TEXT[:60], rate=1.0, eval_every=1)
    trainer.schedule = Schedule("plateau", 1.0, 100)
    events = list(trainer.train(30))
    worse, expected = 0, 1.0
    for event in events:
        if isinstance(event, Evaluated):
            worse = 0 if event.best else worse + 1
            expected *= 0.5 if worse and worse % 2 == 0 else 1
        elif isinstance(event, Stepped):
            assert event.learning_rate == expected
    assert expected < 1


def test_a_stride_reads_every_character_once_each_from_the_state_before_its_window():
    """BPTT(10; 5) with constant weights: the windows' losses add up to one pass over the text."""
    trainer = make(B=1, T=10, rate=1e-300)
    trainer.windows = Windows(trainer.windows._inputs[0], 1, 10, stride=5)
    found = losses(trainer, 6)
    ids = trainer.windows._inputs[0, :36].astype(np.intp)[:, np.newaxis]
    network = trainer.network
    whole = network.forward(ids[:-1], ids[1:], network.zero_state(1), network.workspace(35, 1))
    assert 10 * found[0] + 5 * sum(found[1:]) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_documents_in_any_order_are_read_alike(cell):
    """With constant weights, the losses add up to those of each document alone, from the zero state."""
    documents = TEXT.split()
    ids = [0] + [i for document in documents for i in (*(ord(c) % 19 + 1 for c in document), 0)]
    trainer = make(cell, B=1, T=10, rate=1e-300)
    trainer.windows = Windows(np.array(ids, np.uint8), 1, 10, stride=5, end_id=0)
    found = losses(trainer, trainer.windows.per_epoch)
    read = ids[: 10 + 5 * (len(found) - 1) + 1]
    network, expected, start = trainer.network, 0.0, 0
    while start < len(read) - 1:
        end = read.index(0, start + 1) if 0 in read[start + 1 :] else len(read) - 1
        alone = np.array(read[start : end + 1])[:, np.newaxis]
        expected += network.forward(alone[:-1], alone[1:], network.zero_state(1), network.workspace(end - start, 1))
        start = end
    assert 10 * found[0] + 5 * sum(found[1:]) == pytest.approx(expected, rel=1e-12)


def test_a_validation_reads_each_document_from_the_zero_state():
    trainer = make(valid=TEXT[:60])
    assert evaluated(trainer) != pytest.approx(0)
    without = evaluated(trainer)
    trainer.windows.end_id = int(trainer.valid[5])
    assert evaluated(trainer) != pytest.approx(without, rel=1e-6)


class Watching:
    """A rollback that only records its calls."""

    detects_spikes = False

    def __init__(self):
        self.seen = []

    def roll_back(self, rejected):
        self.seen.append(rejected)
        raise DivergedError("no way back")


@pytest.mark.parametrize("cell", CELLS)
def test_the_state_kept_of_a_divergence_is_that_in_which_the_step_began(cell, monkeypatch):
    """With 0 for the streams that are reset: from it the kept window has the very loss that the step found."""
    trainer, found = make(cell), []
    trainer.recovery = Watching()
    losses(trainer, 1)
    trainer.windows._fresh_streams = lambda: np.array([False, True, False])
    carried, measure = trainer.state.copy(), DataParallel.loss_and_gradient
    monkeypatch.setattr(DataParallel, "loss_and_gradient", lambda *given: found.append(measure(*given)) or np.nan)
    with pytest.raises(DivergedError):
        losses(trainer, 2)
    (rejected,) = trainer.recovery.seen
    batch = rejected.batch
    assert not batch.state[:, 1].any()
    np.testing.assert_array_equal(batch.state[:, [0, 2]], carried[:, [0, 2]])
    assert carried[:, 1].all()
    ws = trainer.network.workspace(5, 3)
    loss = trainer.network.forward(batch.window.inputs, batch.window.targets, batch.state, ws)
    assert loss / 15 == pytest.approx(found[0], rel=1e-12)


def test_an_equal_validation_loss_is_not_the_best(monkeypatch):
    """The best is the first of equals, and equals use up patience and halve a plateau's rate."""
    values = iter([2.0, 2.0, 1.5, 1.5, 1.5, 1.4])
    monkeypatch.setattr("charrnn.training.trainer.mean_loss", lambda *_: next(values))
    trainer = make(valid=TEXT[:60], eval_every=1)
    found = [event for event in trainer.train(6) if isinstance(event, Evaluated)]
    assert [event.best for event in found] == [True, False, True, False, False, True]
    assert (trainer.progress.best_step, trainer.progress.best_loss) == (6, 1.4)
    assert trainer.progress.stalls == 1


def test_equal_validation_losses_end_a_training_with_patience(monkeypatch):
    monkeypatch.setattr("charrnn.training.trainer.mean_loss", lambda *_: 2.0)
    *_, last = make(valid=TEXT[:60], eval_every=1, patience=3).train(100)
    assert (last.reason, last.step) == ("patience", 4)


def test_speed_counts_the_new_characters_alone(monkeypatch):
    """The clock advances two seconds at each call: 3 x 10 characters, and then 3 x 5, in two seconds."""
    clock = itertools.count(0, 2)
    monkeypatch.setattr("charrnn.training.trainer.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    trainer = make(B=3, T=10)
    trainer.windows = Windows(np.concatenate([*trainer.windows._inputs]), 3, 10, stride=5)
    found = [event.chars_per_second for event in trainer.train(3) if isinstance(event, Stepped)]
    assert found == [15, 7.5, 7.5]


@pytest.mark.parametrize(("above", "refused"), [(0.9, False), (1.5, True), (40.0, True)])
def test_a_spike_is_measured_by_the_losses_before_it(monkeypatch, above, refused):
    """After a hundred losses of 3 a loss of 4.5 is a spike, and does not enter the running mean."""
    trainer = make()
    trainer.recovery = Watching()
    trainer.recovery.detects_spikes = True
    trainer.recovery.snapshot_loss = lambda batch: 3.0
    values = iter([3.0] * 100 + [3.0 + above])
    monkeypatch.setattr(DataParallel, "loss_and_gradient", lambda *_: next(values))
    losses(trainer, 100)
    if refused:
        with pytest.raises(DivergedError):
            losses(trainer, 101)
        assert (trainer.progress.step, trainer.progress.level.mean) == (100, pytest.approx(3))
    else:
        assert losses(trainer, 101) == [3.0 + above]
