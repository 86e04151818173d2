"""`creditctl usage batches`: the imports that were made."""

import typer

from creditctl.cli.options import LimitOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

BATCHES_VIEW = View(
    "creditctl.usage_batches/v1",
    (
        Column("file"),
        Column("started_at", "Imported"),
        Column("status"),
        Column("read"),
        Column("billed"),
        Column("rejected", "Rej."),
        Column("credits"),
    ),
    empty="Nothing was imported yet.",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("batches")(list_imports)


def list_imports(ctx: typer.Context, limit: LimitOption = 50) -> None:
    """List imports, the newest first.

    Example: creditctl usage batches
    """
    from creditctl.services.usage_batches import list_batches

    session = session_of(ctx)
    session.show(list_batches(session.context, limit=limit), BATCHES_VIEW)
