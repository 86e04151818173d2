"""`creditctl usage batches` and `undo`: the imports that were made, and how one is taken back."""

from typing import Annotated

import typer

from creditctl.cli.options import LimitOption
from creditctl.cli.rails import DryRunOption, ReasonOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View

BATCHES_VIEW = View(
    "creditctl.usage_batches/v1",
    (
        Column("id"),
        Column("file"),
        Column("status"),
        Column("read"),
        Column("credits"),
    ),
    empty="Nothing was imported yet.",
)
UNDONE_VIEW = View(
    "creditctl.usage_undone/v1",
    (
        Column("batch"),
        Column("file"),
        Column("organizations"),
        Column("events"),
        Column("credits"),
        Column("returned", "Returned to grants"),
        Column("overage", "Overage cancelled"),
        Column("dry_run", "Dry run"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("batches")(list_imports)
    app.command("undo")(undo)


def list_imports(ctx: typer.Context, limit: LimitOption = 50) -> None:
    """List imports, the newest first.

    Example: creditctl usage batches
    """
    from creditctl.services.usage_batches import list_batches

    session = session_of(ctx)
    session.show(list_batches(session.context, limit=limit), BATCHES_VIEW)


def undo(
    ctx: typer.Context,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="Its id, as batches lists it.")],
    reason: ReasonOption,
    dry_run: DryRunOption = False,
) -> None:
    """Take the import of a wrong file back.

    Its events leave the books, credits return to the grants that paid, overage it caused is
    cancelled; what returns to an expired grant expires again. The corrected file may then be
    imported. The ledger keeps every entry and its opposite.

    Example: creditctl usage undo batch_01m3tc5h22z14943wggf9y6jm2 --reason "wrong units"
    """
    from creditctl.services.usage_undo import undo_import

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"undoing the import {batch}")
    session.show(undo_import(session.context, batch, reason=reason, dry_run=dry_run), UNDONE_VIEW)
