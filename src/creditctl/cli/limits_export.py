"""`creditctl limits export`: the block list for gateways."""

from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, View

EXPORT_VIEW = View(
    "creditctl.exported_blocks/v1",
    (
        Column("file"),
        Column("format"),
        Column("organizations"),
        Column("entries"),
        Column("changed"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the command of this file to the group."""
    app.command("export")(export)


def export(
    ctx: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to replace, or - for stdout.")
    ],
    format_name: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="json, nginx or redis.")
    ],
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 7 when the file has changed.")
    ] = False,
) -> None:
    """Write the blocked keys and products to a file for gateways.

    It says what the last 'creditctl limits check' decided, without blocks that have ended since.
    The file is replaced all at once, and left alone when nothing has changed.

    Example: creditctl limits export blocks.conf --format nginx --exit-code
    """
    from creditctl.services.block_list import block_list_text, export_blocks

    session = session_of(ctx)
    if str(target) == "-":
        session.write(block_list_text(session.context, format_name))
        return
    exported = export_blocks(session.context, target, format_name=format_name)
    if exported.changed or session.format_name != "table":
        session.show(exported, EXPORT_VIEW)
    else:
        session.note(f"{target} is unchanged")
    if exit_code and exported.changed:
        raise typer.Exit(ExitStatus.FINDINGS)
