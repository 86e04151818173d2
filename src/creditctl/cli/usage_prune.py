"""`creditctl usage prune`: how long single events are kept."""

from datetime import date
from typing import Annotated

import typer

from creditctl.cli.options import parser_of
from creditctl.cli.rails import AuditReasonOption, DryRunOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_day

PRUNED_VIEW = View(
    "creditctl.usage_pruned/v1",
    (
        Column("before"),
        Column("days"),
        Column("events"),
        Column("holds"),
        Column("dry_run", "Dry run"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the group."""
    app.command("prune")(prune)


def prune(
    ctx: typer.Context,
    before: Annotated[
        date,
        typer.Option(
            "--before",
            metavar="DAY",
            parser=parser_of("--before", parse_day),
            help="The first UTC day whose events stay.",
        ),
    ],
    reason: AuditReasonOption,
    dry_run: DryRunOption = False,
) -> None:
    """Delete single events of old days; sums, balances and ids stay.

    Holds of calls of those days go with them, unless one is still open. Reports and invoices show
    what they did before, and an event that comes again is still a duplicate. What needs single
    events (usage events, explain, undo, reallocate, merge) cannot reach back beyond that day any
    more: usage export can keep them elsewhere first.

    Example: creditctl usage prune --before 2026-01-01 --reason "kept for a year"
    """
    from creditctl.services.usage_pruning import prune_usage

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"deleting all events before {before}")
    session.show(prune_usage(session.context, before, reason=reason, dry_run=dry_run), PRUNED_VIEW)
