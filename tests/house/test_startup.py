"""Start-up is a feature: what a command may import is a list, not a hope (DESIGN 8)."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CATALOG = Path(__file__).parents[2] / "sample-data/fincept/catalog.toml"
HEAVY = {
    "sqlalchemy",
    "sqlmodel",
    "pydantic",
    "httpx",
    "babel",
    "alembic",
    "numpy",
    "pyarrow",
    "psycopg",
    "requests",
    "stripe",
}
READS = (
    "orgs list",
    "credits balance acme",
    "credits grants acme",
    "credits history acme",
    "keys list",
    "plans list",
    "prices list",
    "prices packages",
    "subscriptions list",
    "budgets list",
    "promotions list",
    "promotions claims",
    "usage show",
    "usage batches",
    "limits status",
    "invoice list",
    "orders list",
    "recharge show",
    "destinations list",
    "notifications list",
    "notifications deliver",
    "audit log",
)
PROBE = """
import json, shlex, sys
from creditctl.__main__ import main
for line in sys.argv[1:]:
    sys.argv = ["creditctl", *shlex.split(line)]
    try:
        main()
    except SystemExit as ending:
        assert not ending.code, (line, ending.code)
sys.stderr.write("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules_after(*lines: str) -> set[str]:
    """What a process has loaded that ran these commands, one after the other."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *lines], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_version_needs_not_even_typer() -> None:
    assert "typer" not in modules_after("--version")


def test_help_imports_nothing_heavy() -> None:
    assert modules_after("--help") & (HEAVY | {"rich", "sqlite3", "tabulate"}) == set()


def test_no_read_command_imports_anything_heavy(books: Path) -> None:
    lines = [f"--db {shlex.quote(str(books))} {line}" for line in (*READS, "limits check")]
    found = modules_after(*lines) & HEAVY
    assert found == set(), [line for line in lines if modules_after(line) & HEAVY]


@pytest.fixture(scope="module")
def books(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("startup") / "books.db"
    path.write_bytes(sqlite_template.read_bytes())
    for line in (f"catalog apply {CATALOG}", "orgs create acme"):
        command = [sys.executable, "-m", "creditctl", "--db", str(path), *line.split()]
        subprocess.run(command, check=True, capture_output=True)
    return path
