"""`docs/gate.md` is run from its first line to its last: real nginx, real gate, real curl."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gate_server import free_port

PAGE = (Path(__file__).parents[2] / "docs/gate.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^\n]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL
)
PORTS = ("8080", "8750", "9000")
MARK = "=== end of block ==="


def blocks() -> list[tuple[str, str, str]]:
    """(mark, kind, text) of every block of the page, in order."""
    return [(found["mark"] or "", found["kind"], found["text"]) for found in BLOCK.finditer(PAGE)]


def test_every_step_to_a_protected_nginx_does_what_the_page_says(tmp_path: Path) -> None:
    for name in ("nginx", "curl"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    ports = {port: str(free_port()) for port in PORTS}
    for mark, _, text in blocks():
        if mark.startswith("file: "):
            place = tmp_path / mark.removeprefix("file: ")
            place.write_text(with_ports(text, ports), encoding="utf-8")
    expected, script = [], []
    for mark, kind, text in blocks():
        if mark == "run":
            script.append(f"{with_ports(text, ports)}\necho '{MARK}'\n")
            expected.append("")
        elif kind == "text":
            expected[-1] = text

    done = run("".join(script), tmp_path)

    assert done.returncode == 0, done.stderr
    told = done.stdout.split(f"{MARK}\n")
    assert [part.strip() for part in told] == [part.strip() for part in [*expected, ""]]


def with_ports(text: str, ports: dict[str, str]) -> str:
    for port, other in ports.items():
        text = text.replace(port, other)
    return text


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """The script in bash, with our creditctl in the path; what it started ends with it."""
    programs = folder / "bin"
    programs.mkdir()
    creditctl = programs / "creditctl"
    creditctl.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m creditctl "$@"\n')
    creditctl.chmod(0o755)
    stop = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
    return subprocess.run(
        ["bash", "-c", f"set -m\n{stop}{script}"],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_page_has_all_its_parts() -> None:
    marks = [mark for mark, _, _ in blocks() if mark]
    files = [mark for mark in marks if mark.startswith("file: ")]
    assert files == ["file: catalog.toml", "file: api.py", "file: nginx.conf"]
    assert marks.count("run") == 7
