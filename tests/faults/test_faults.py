"""Short versions of all that `python tests/faults` does."""

import sys

import pytest
from slow import mostly_exhaustive

pytestmark = pytest.mark.faults
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, SIGKILL and resource limits")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def require(result):
    """Check that something was tried and everything survived."""
    if "skipped: " in result.detail:
        pytest.skip(str(result))
    assert result.lost == 0, str(result)
    assert result.tried > 0


@posix
@mostly_exhaustive("count", [2, 4], one_in=2)
def test_killed_trainings_end_with_the_same_bytes(tmp_path, count):
    from faults.kills import kills

    require(kills(count, tmp_path))


@linux
@mostly_exhaustive("count", [1, 2], one_in=2)
def test_killed_while_workers_start(tmp_path, count):
    from faults.kills import while_workers_start

    require(while_workers_start(count, tmp_path))


@posix
@mostly_exhaustive("every", [29, 12], one_in=2)
def test_gone_before_any_file_operation(tmp_path, every):
    from faults.kills import at_each_call

    require(at_each_call(tmp_path, every))


@posix
@pytest.mark.parametrize("state", ["before_the_first_checkpoint", "resumed_twice"])
def test_runs_that_have_not_begun_or_have_ended(tmp_path, state):
    from faults import kills

    require(getattr(kills, state)(tmp_path))


@posix
@mostly_exhaustive("count", [3, 6], one_in=2)
def test_signals_stop_and_save(tmp_path, count):
    from faults.signals import signals

    require(signals(count, tmp_path))


@posix
@pytest.mark.parametrize(("fault", "every"), [("limits", 101), ("full_after", 101), ("trainings", 12)])
def test_writes_that_fail(tmp_path, fault, every):
    from faults import writes

    require(getattr(writes, fault)(tmp_path, every))


@posix
@pytest.mark.parametrize("fault", ["calls", "power_cut", "full_disk"])
def test_disks_that_fail(tmp_path, fault):
    from faults import writes

    require(getattr(writes, fault)(tmp_path))


def test_truncated_checkpoints(tmp_path):
    from faults.damage import truncations

    require(truncations(tmp_path, every=20))


def test_flipped_bits(tmp_path):
    from faults.damage import flips

    require(flips(tmp_path, 500))


def test_damaged_blocks(tmp_path):
    from faults.damage import blocks

    require(blocks(tmp_path, 60))


def test_a_damaged_last_checkpoint(tmp_path):
    from faults.damage import in_a_run

    require(in_a_run(tmp_path))


@mostly_exhaustive("count", [4, 12], one_in=2)
def test_all_settings_resume(tmp_path, count):
    from faults.matrix import matrix

    require(matrix(count, tmp_path))


def test_the_design_has_every_pair():
    import random

    from faults.matrix import design, every_pair, pairs

    assert set().union(*map(pairs, design(80, random.Random(0)))) == every_pair()


@mostly_exhaustive("count", [1, 3], one_in=2)
@pytest.mark.parametrize("how", ["resumes", "starts"])
def test_one_training_at_a_time(tmp_path, how, count):
    from faults import race

    require(getattr(race, how)(count, tmp_path))


@linux
@pytest.mark.exhaustive
def test_a_long_training_is_flat(tmp_path):
    from faults.soak import soak

    require(soak(12, tmp_path))


@linux
@pytest.mark.exhaustive
def test_a_server_under_load(tmp_path):
    from faults.serving import serving

    require(serving(5, tmp_path, seed=0, interval=0.2))
