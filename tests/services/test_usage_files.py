"""Files of an import, measured before they are read."""

import hashlib
import os
from pathlib import Path
from threading import Event

import pytest

from creditctl.errors import FileMissing
from creditctl.services import usage_files
from creditctl.services.usage_files import SourceFile, measured, measured_meanwhile


def source(path: Path, data: bytes) -> SourceFile:
    path.write_bytes(data)
    return SourceFile(path, str(path))


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 24])
def test_a_file_is_hashed_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(usage_files, "_HASHED_BLOCK", 8)
    data = bytes(range(size))
    found, digest = measured(source(tmp_path / "a.csv", data))
    assert (found.size, digest) == (size, hashlib.sha256(data).hexdigest())


def test_what_is_added_to_a_file_while_it_is_hashed_is_not_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = source(tmp_path / "a.csv", b"before")
    status = os.fstat

    def and_then_it_grows(descriptor: int) -> os.stat_result:
        found = status(descriptor)
        with file.path.open("ab") as stream:
            stream.write(b" and after")
        return found

    monkeypatch.setattr(os, "fstat", and_then_it_grows)
    found, digest = measured(file)
    assert (found.size, digest) == (6, hashlib.sha256(b"before").hexdigest())


def test_files_are_measured_while_something_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    went_on, files = Event(), [source(tmp_path / name, name.encode()) for name in ("a", "b")]

    def waiting(file: SourceFile) -> tuple[SourceFile, str]:
        assert went_on.wait(60)
        return measured(file)

    monkeypatch.setattr(usage_files, "measured", waiting)
    found = measured_meanwhile(files)
    went_on.set()
    assert [digest for _, digest in found()] == [
        hashlib.sha256(name).hexdigest() for name in (b"a", b"b")
    ]


def test_a_missing_file_is_told_where_the_answer_is_asked_for(tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    found = measured_meanwhile([SourceFile(missing, "missing.csv")])
    with pytest.raises(FileMissing, match="missing"):
        found()
