"""Files that are read whole have an end, or are refused by their name."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from creditctl.adapters.bounded_reads import read_bytes, read_text
from creditctl.adapters.channels.connection import tls_context
from creditctl.cli.terminal import Terminal
from creditctl.errors import InvalidInput

ENDLESS = Path("/dev/zero")
needs_endless = pytest.mark.skipif(not ENDLESS.exists(), reason="this system has no such device")


def test_a_file_up_to_the_limit_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)
    assert read_bytes(path, longest=3_000_000) == path.read_bytes()
    with pytest.raises(InvalidInput, match="a holds more than 2,999,999 bytes"):
        read_bytes(path, longest=2_999_999)


def test_lines_end_in_one_way_whatever_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(path, "utf-8-sig") == "a\nb\nc\n"


@needs_endless
@pytest.mark.parametrize(
    "line",
    [
        "catalog validate /dev/zero",
        "usage import a.csv --map key=client@/dev/zero",
        "invoice list",
    ],
)
def test_a_device_without_an_end_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n")
    if line == "invoice list":
        (tmp_path / "creditctl.toml").symlink_to(ENDLESS)
    done = subprocess.run(
        [sys.executable, "-m", "creditctl", *line.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    assert "holds more than 100,000,000 bytes" in done.stderr
    assert "hint: name the file that is meant" in done.stderr


@needs_endless
def test_authorities_of_a_device_are_refused() -> None:
    with pytest.raises(InvalidInput, match="ca_file: /dev/zero is no file"):
        tls_context("ca_file", str(ENDLESS))


def test_a_line_that_is_piped_in_has_an_end() -> None:
    terminal = Terminal(io.StringIO("k" * 1_000_000), io.StringIO(), io.StringIO())
    assert len(terminal.read_secret("key: ")) == 10_000
