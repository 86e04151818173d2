"""What a person sees on a terminal: every view, at 80 and 120 columns, in colour and without."""

import io
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creditctl.cli.app import app
from creditctl.cli.session import Session
from creditctl.cli.terminal import Terminal

LINES = [
    "orgs list",
    "orgs show harbor-funds",
    "keys list",
    "catalog diff {catalog}",
    "plans list",
    "plans show scale",
    "prices list",
    "prices explain GET /v1/sec/search",
    "subscriptions list",
    "subscriptions show zenith-traders",
    "credits balance harbor-funds",
    "credits grants atlas-research --all",
    "credits history copper-data --limit 5",
    "budgets list",
    "budgets show bluefin-labs",
    "usage show --month 2026-10 --by endpoint",
    "usage batches",
    "limits status",
    "limits status zenith-traders",
    "invoice list",
    "invoice show meridian-capital --month 2026-10",
    "audit log --limit 5",
    "db status",
    "check",
]
CATALOG = Path(__file__).parents[2] / "sample-data/finfeedapi/catalog.toml"


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


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    ran = CliRunner().invoke(app, ["demo", "--directory", str(folder), "-o", "none"])
    assert ran.exit_code == 0, ran.output
    return folder / "demo-finfeedapi.db"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("line", LINES)
def test_every_view_fits_the_terminal(books: Path, line: str, width: int) -> None:
    shown = drawn(f"{line.format(catalog=CATALOG)} --db {books}", width, {"NO_COLOR": "1"})
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
