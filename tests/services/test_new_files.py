"""What is exported appears whole, and takes the place of files alone."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from creditctl.errors import DiskFull, FileMissing
from creditctl.services.new_files import appearing


def write(target: Path, content: bytes) -> None:
    with appearing(target) as stream:
        stream.write(content)


def write_half(target: Path, problem: Exception) -> None:
    with appearing(target) as stream:
        stream.write(b"half")
        raise problem


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with appearing(path) as stream:
        stream.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert [found.name for found in tmp_path.iterdir()] == ["journal"]


def test_the_one_before_stays_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"old")
    for problem, told in ((ZeroDivisionError(), ZeroDivisionError), (OSError(28, ""), DiskFull)):
        with pytest.raises(told):
            write_half(path, problem)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["journal"]


def test_modes_and_links_stay_as_they_are(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        write(tmp_path / "real", b"old")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    link = tmp_path / "link"
    link.symlink_to("real")
    write(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write(pipe, b"whole")
    reader.join()
    assert found == [b"whole"]
    assert pipe.is_fifo()
    # Whoever may write beside a device could have put a file in its place.
    write(Path(os.devnull), b"nothing")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


@pytest.mark.parametrize("name", ["", "missing/journal"])
def test_a_place_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileMissing, match=(tmp_path / name).name):
        write(tmp_path / name, b"new")
