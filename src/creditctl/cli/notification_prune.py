"""`creditctl notifications prune`: how long it is kept what was told to whom."""

from datetime import date
from typing import Annotated

import typer

from creditctl.cli.options import parser_of
from creditctl.cli.rails import AuditReasonOption, DryRunOption
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_day

PRUNED_VIEW = View(
    "creditctl.notifications_pruned/v1",
    (
        Column("before"),
        Column("notifications"),
        Column("attempts"),
        Column("dry_run", "Dry run"),
    ),
)


def register(app: typer.Typer) -> None:
    """Add the command of this file to the group."""
    app.command("prune")(prune)


def prune(
    ctx: typer.Context,
    before: Annotated[
        date,
        typer.Option(
            "--before",
            metavar="DAY",
            parser=parser_of("--before", parse_day),
            help="The first UTC day whose notifications stay.",
        ),
    ],
    reason: AuditReasonOption,
    dry_run: DryRunOption = False,
) -> None:
    """Delete old notifications that are over, and their attempts.

    Those delivered before that day, and those given up or cancelled whose time was up before it;
    what waits stays, and so does the last week. Lost is what an organization was told, in which
    words, where to, when and after how many attempts, and dead letters that nobody put back.
    Nothing is told again: limits status keeps when lines were crossed, and the audit log what was
    done. 'creditctl notifications list -o json' can keep a list elsewhere first.

    Example: creditctl notifications prune --before 2026-01-01 --reason "kept for a year"
    """
    from creditctl.services.notification_pruning import prune_notifications

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"deleting notifications that were over before {before}")
    session.show(
        prune_notifications(session.context, before, reason=reason, dry_run=dry_run), PRUNED_VIEW
    )
