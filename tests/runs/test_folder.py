"""A directory that is held: what is written goes into it whatever its name is, and through no link."""

import os
from types import SimpleNamespace

import pytest

from charrnn.runs import folder as module
from charrnn.runs.folder import Folder


@pytest.mark.parametrize(("system", "refusals", "fails"), [("nt", 3, False), ("nt", 99, True), ("posix", 1, True)])
def test_a_name_that_somebody_reads_is_taken_a_moment_later_on_windows(monkeypatch, tmp_path, system, refusals, fails):
    left = [PermissionError(13, "in use")] * refusals

    def replace(side, path, **options):
        if left:
            raise left.pop()
        os.replace(side, path)

    (tmp_path / "side").write_text("new")
    (tmp_path / "file").write_text("old")
    folder = Folder.named(tmp_path)
    monkeypatch.setattr(module, "os", SimpleNamespace(name=system, replace=replace, path=os.path))
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None))
    if fails:
        with pytest.raises(PermissionError):
            folder.rename("side", "file")
    else:
        folder.rename("side", "file")
    assert (tmp_path / "file").read_text() == ("old" if fails else "new")
