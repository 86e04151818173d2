"""`creditctl demo`: the main job on a sample company."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import single_command
from creditctl.cli.session import session_of
from creditctl.config import data_directory
from creditctl.output.view import Column, Section, View

app = single_command()

DEMO_VIEW = View(
    "creditctl.demo/v1",
    (Column("system", "Sample"), Column("database")),
    (
        Section(
            "imported",
            "Usage imported",
            (
                Column("file"),
                Column("read"),
                Column("billed"),
                Column("free"),
                Column("failed"),
                Column("duplicate", "Dup."),
                Column("rejected", "Rej."),
                Column("credits"),
            ),
        ),
        Section(
            "balances",
            "Balances at the end of October 2026",
            (
                Column("organization"),
                Column("available"),
                Column("open_overage", "Owed"),
                Column("postpaid_overage", "Postpaid"),
                Column("left_of", "Left of"),
            ),
        ),
        Section(
            "states",
            "Who was blocked or warned, and why",
            (
                Column("at", "Checked"),
                Column("organization"),
                Column("state"),
                Column("why"),
            ),
        ),
        Section(
            "invoices",
            "Draft invoices of October 2026",
            (
                Column("organization"),
                Column("fees"),
                Column("overage"),
                Column("orders", "Order forms"),
                Column("tax"),
                Column("total"),
            ),
        ),
        Section("next_steps", "Try next on that database", (Column("command"),)),
    ),
)


@app.command("demo")
def demo(
    ctx: typer.Context,
    system: Annotated[
        str,
        typer.Argument(
            metavar="[SYSTEM]", help="finfeedapi (the default), fincept, finlight or capsolver."
        ),
    ] = "finfeedapi",
    directory: Annotated[
        Path | None,
        typer.Option("--directory", metavar="DIR", help="Where to put its database."),
    ] = None,
) -> None:
    """Fill a database of its own with sample data.

    It runs the main job on a month of a sample company: import, burn-down, limits, invoices.
    Running it again starts afresh; it never touches another database.

    Example: creditctl demo fincept
    """
    from creditctl.services.demo import run_demo

    session = session_of(ctx)
    place = directory or data_directory()
    place.mkdir(parents=True, exist_ok=True)
    result = run_demo(session.context, system, place)
    session.show(result, DEMO_VIEW)
    session.note(f"first: export {_environment(result.database)}")


def _environment(database: str) -> str:
    """What has to be set for the commands above to work as they are written."""
    program = Path(sys.argv[0])
    words = f"CREDITCTL_DB={shlex.quote(database)}"
    if program.name == "creditctl" and shutil.which("creditctl") is None:
        words += f" PATH={shlex.quote(str(program.absolute().parent))}:$PATH"
    return words
