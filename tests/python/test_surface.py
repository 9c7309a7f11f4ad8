"""What `import charrnn` offers."""

import inspect
import subprocess
import sys

import pytest
from tiny import trained

import charrnn


def test_the_package_offers_its_api_and_nothing_else():
    assert dir(charrnn) == sorted(charrnn.__all__)
    assert {"Model", "load", "train", "resume", "gradcheck", "gradflow", "export", "bench"} <= set(dir(charrnn))
    for name in charrnn.__all__:
        assert getattr(charrnn, name) is not None


def test_the_import_is_light_and_a_star_import_works():
    code = (
        "import sys, charrnn\n"
        "assert not {'numpy', 'rich', 'pydantic'} & set(sys.modules), 'heavy'\n"
        "assert 'train' in dir(charrnn) and 'numpy' not in sys.modules\n"
        "from charrnn import *\n"
        "print(train.__module__, Model.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert found.stdout.split() == ["charrnn.python.training", "Model"]


def test_everything_public_has_a_docstring():
    for name in charrnn.__all__:
        found = getattr(charrnn, name)
        assert name == "__version__" or len(found.__doc__.split()) > 5, name
    for name, found in inspect.getmembers(charrnn.Model):
        assert name.startswith("_") or found.__doc__, name


def test_paths_are_taken_as_names_are(tmp_path, text_file):
    (tmp_path / "mine.yaml").write_text("model: {cell: rnn, hidden_size: 8}\ntraining: {steps: 2}\n", "utf-8")
    settings = {"training.batch_size": 4, "training.sequence_length": 8, "runtime.threads": 1}
    model = charrnn.train(text_file, config=tmp_path / "mine.yaml", settings=settings, out=tmp_path / "run")
    assert model.saved.config.model.hidden_size == 8
    assert charrnn.load(tmp_path / "run").sample(length=5) == model.sample(length=5)
    assert charrnn.resume(tmp_path / "run", steps=3).saved.progress.step in (2, 3)  # the better one
    assert charrnn.gradcheck(tmp_path / "run", oracles=["complex-step"], entries=2).passed
    assert charrnn.gradflow(tmp_path / "run", text=text_file, lags=3, positions=2).hidden_size == 8
    assert charrnn.export(tmp_path / "run", tmp_path / "x.safetensors") == tmp_path / "x.safetensors"


def test_runs_are_listed(tiny_run):
    assert [(run.path, run.state, run.step) for run in charrnn.list_runs(tiny_run.parent)] == [
        (tiny_run, "finished", 20)
    ]


def test_a_name_that_is_nothing_is_answered_in_one_line(tiny_run, monkeypatch):
    monkeypatch.chdir(tiny_run.parent)
    with pytest.raises(charrnn.CharrnnError, match=r"^nonsense: no such run; name a run directory"):
        charrnn.load("nonsense")


def test_checks_take_a_model_a_path_or_settings(tiny_run):
    model = charrnn.load(tiny_run)
    by_path, by_model = (charrnn.gradcheck(run, oracles="central", entries=2) for run in (tiny_run, model))
    assert by_path.passed
    assert by_path.checks == by_model.checks
    assert repr(by_model) == "<gradcheck passed: 6 checks, 9 properties>"
    assert charrnn.gradcheck(settings={"model.cell": "gru"}, oracles="complex-step", entries=2).passed
    flows = [charrnn.gradflow(run, lags=4, positions=2) for run in (tiny_run, model)]
    assert flows[0] == flows[1]
    assert repr(flows[0]).startswith("<GradientFlow rnn, 16 units, 4 lags: layer 1 h: half gone after ")


def test_a_failed_check_says_what_failed(tiny_run):
    report = charrnn.gradcheck(tiny_run, oracles="central", entries=2, tolerance=1e-300)
    assert repr(report).startswith("<gradcheck FAILED: ")
    assert "W_hh by central" in repr(report)


@pytest.mark.parametrize("check", [charrnn.gradcheck, charrnn.gradflow])
def test_a_run_keeps_its_configuration(tiny_run, check):
    with pytest.raises(
        charrnn.CharrnnError, match="a run has its own configuration; leave out `config` and `settings`, or the run"
    ):
        check(tiny_run, settings={"model.cell": "gru"})
    with pytest.raises(charrnn.CharrnnError, match=r"settings\['model.cel'\]"):
        check(settings={"model.cel": "gru"})


def test_a_mixture_is_not_one_network(tiny_run, tmp_path):
    model = charrnn.load(tiny_run, tiny_run / "last.safetensors", weights=[1, 1])
    for use in (
        charrnn.gradcheck,
        charrnn.gradflow,
        lambda m: charrnn.export(m, tmp_path / "x"),
        lambda m: m.parameters,
    ):
        with pytest.raises(charrnn.CharrnnError, match="a mixture is not one network; load one run without others"):
            use(model)


def test_a_model_is_exported_as_its_run_is(tiny_run, tmp_path):
    one = charrnn.export(tiny_run, tmp_path / "one.safetensors", to="torch")
    other = charrnn.export(charrnn.load(tiny_run), tmp_path / "other.safetensors", to="torch")
    assert one.read_bytes() == other.read_bytes()
    with pytest.raises(charrnn.CharrnnError, match="`to` must be plain, torch, charrnn, onnx or html; found jax"):
        charrnn.export(charrnn.load(tiny_run), tmp_path / "x", to="jax")
    with pytest.raises(charrnn.CharrnnError, match="exists already"):
        charrnn.export(charrnn.load(tiny_run), one)


def test_a_speed_is_measured_from_python(small_peak):
    found = charrnn.bench(settings={"model.hidden_size": 8, "runtime.threads": 1}, seconds=0.05)
    assert (found.hidden_size, found.threads) == (8, 1)
    assert found.chars_per_second > 0


def test_a_resumed_training_ends_with_the_same_bytes(tmp_path, text_file, tiny_run):
    whole = trained(tmp_path / "whole", text_file, "training.steps=25")
    charrnn.resume(tiny_run, steps=25)
    assert charrnn.load(tiny_run, which="last").saved.progress.step == 25
    assert whole.exists()
