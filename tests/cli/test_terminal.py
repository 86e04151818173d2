"""What a person sees on a terminal: every view, at 80 and 120 columns, in colour and without."""

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from creditctl.cli.app import app
from creditctl.cli.session import Session
from creditctl.cli.terminal import Terminal
from sample_lines import READS, filled


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def drawn(line: str, width: int, environment: dict[str, str] | None = None) -> str:
    screen = Screen()
    terminal = Terminal(io.StringIO(), screen, Screen(), width, environment or {})
    ran = CliRunner().invoke(app, shlex.split(line), obj=Session(terminal))
    assert ran.exit_code == 0, f"{line}: {terminal.stderr.getvalue()}"
    return screen.getvalue()


def data(line: str, books: Path) -> Any:
    ran = CliRunner().invoke(app, [*shlex.split(line), "--db", str(books), "-o", "json"])
    return json.loads(ran.stdout)["data"]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    ran = CliRunner().invoke(app, ["demo", "--directory", str(folder), "-o", "none"])
    assert ran.exit_code == 0, ran.output
    return folder / "demo-finfeedapi.db"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("line", READS)
def test_every_view_fits_the_terminal(books: Path, line: str, width: int) -> None:
    whole = filled(line, lambda question: data(question, books))
    shown = drawn(f"{whole} --db {books}", width, {"NO_COLOR": "1"})
    assert "\x1b" not in shown.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert max((len(text) for text in plain(shown).splitlines()), default=0) <= width


def test_states_have_colours_unless_no_color_is_set(books: Path) -> None:
    line = f"limits status zenith-traders --db {books}"
    assert "\x1b[31mblocked" in drawn(line, 80)
    assert "\x1b[31m" not in drawn(line, 80, {"NO_COLOR": "1"})
    assert "\x1b[31m" not in drawn(f"{line} --no-color", 80)


def plain(shown: str) -> str:
    for code in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        shown = shown.replace(code, "")
    return shown
