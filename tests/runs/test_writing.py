"""Files that appear whole: what Windows does otherwise."""

import os
from types import SimpleNamespace

import pytest

from charrnn.runs import writing


@pytest.mark.parametrize(("system", "refusals", "fails"), [("nt", 3, False), ("nt", 99, True), ("posix", 1, True)])
def test_a_name_that_somebody_reads_is_taken_a_moment_later_on_windows(monkeypatch, tmp_path, system, refusals, fails):
    left = [PermissionError(13, "in use")] * refusals

    def replace(side, path):
        if left:
            raise left.pop()
        os.replace(side, path)

    monkeypatch.setattr(writing, "os", SimpleNamespace(name=system, replace=replace))
    monkeypatch.setattr(writing, "time", SimpleNamespace(sleep=lambda seconds: None))
    (tmp_path / "side").write_text("new")
    (tmp_path / "file").write_text("old")
    if fails:
        with pytest.raises(PermissionError):
            writing._replace(tmp_path / "side", tmp_path / "file")
    else:
        writing._replace(tmp_path / "side", tmp_path / "file")
    assert (tmp_path / "file").read_text() == ("old" if fails else "new")
