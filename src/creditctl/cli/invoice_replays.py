"""`creditctl invoice replay|diff`: an invoice made anew, and two beside each other."""

from dataclasses import replace
from typing import Annotated

import typer

from creditctl.cli.invoice_steps import InvoiceArgument
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.output.view import Column, Section, View

_AMOUNTS = (Column("before"), Column("after"), Column("change"))
_DIFFERENCES = Section(
    "differences",
    "Differences",
    (Column("description", ""), *_AMOUNTS, Column("cause")),
)
_CAUSES = Section(
    "causes",
    "Recorded since it was final",
    (
        Column("kind"),
        Column("what"),
        Column("events", "Count"),
        Column("credits"),
    ),
    hidden_when_empty=True,
)
REPLAY_VIEW = View(
    "creditctl.invoice_replay/v1",
    (
        Column("number", "Invoice"),
        Column("organization"),
        Column("month"),
        Column("equal"),
        Column("digest"),
        Column("digest_today", "Today"),
        Column("problem"),
    ),
    (replace(_DIFFERENCES, hidden_when_empty=True), _CAUSES),
    csv_rows="differences",
)
DIFF_VIEW = View(
    "creditctl.invoice_diff/v1",
    (Column("before"), Column("after"), Column("equal"), Column("problem")),
    (
        Section(
            "parts",
            "Side by side",
            (
                Column("description", ""),
                Column("before_credits", "Credits"),
                Column("after_credits", "Then"),
                *_AMOUNTS,
            ),
        ),
    ),
    csv_rows="parts",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("replay")(replay_one)
    app.command("diff")(diff)


def replay_one(ctx: typer.Context, invoice: InvoiceArgument) -> None:
    """Make a final invoice anew, and say what is different and why.

    From what is stored: usage, who paid it, plans, prices and taxes. Equal means lines, taxes and
    totals to the byte; otherwise it exits 7. Nothing is changed.

    Example: creditctl invoice replay INV-2026-000017
    """
    from creditctl.services.invoice_replay import replay_invoice

    session = session_of(ctx)
    found = replay_invoice(session.context, invoice)
    session.show(found, REPLAY_VIEW)
    if not found.equal:
        raise typer.Exit(ExitStatus.FINDINGS)


def diff(
    ctx: typer.Context,
    invoice: InvoiceArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="OTHER", help="Another invoice's id or number.")
    ] = None,
    today: Annotated[
        bool, typer.Option("--now", help="With what it would be if it were made today.")
    ] = False,
) -> None:
    """Show two invoices side by side, or one and what it would be now.

    Example: creditctl invoice diff INV-2026-000017 INV-2026-000021
    """
    from creditctl.services.invoice_replay import compare_invoices

    session = session_of(ctx)
    session.show(compare_invoices(session.context, invoice, other, now=today), DIFF_VIEW)
