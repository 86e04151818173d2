"""A file is replaced all at once, or left alone."""

import os
import stat
from pathlib import Path

import pytest

from creditctl.adapters.whole_files import replace_if_different
from creditctl.errors import InvalidInput


def test_a_file_is_written_once_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "blocks.conf"
    assert replace_if_different(path, b"one")
    path.chmod(0o640)
    before = path.stat()
    assert not replace_if_different(path, b"one")
    left = path.stat()
    assert (left.st_ino, left.st_mtime_ns, left.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )
    assert replace_if_different(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != before.st_ino, "it was written over"
    assert [found.name for found in tmp_path.iterdir()] == ["blocks.conf"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("real")
    replace_if_different(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(InvalidInput, match="is not a file"):
            replace_if_different(path, b"new")
    assert pipe.is_fifo()


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "blocks.conf"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_if_different(path, b"new")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["blocks.conf"]
