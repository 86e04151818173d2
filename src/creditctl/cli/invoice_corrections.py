"""`creditctl invoice void|credit-note|transfer`: what corrects an invoice that is final."""

from typing import Annotated

import typer

from creditctl.cli.invoice_steps import AmountOption, InvoiceArgument
from creditctl.cli.invoice_views import STANDING_VIEW, TRANSFER_VIEW, credit_note_view
from creditctl.cli.rails import (
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("void")(void)
    app.command("credit-note")(credit_note)
    app.command("transfer")(transfer)


def void(
    ctx: typer.Context,
    invoice: InvoiceArgument,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Take back an invoice for which nothing was paid.

    It keeps its number. The overage it billed is open again, and the month can be drafted anew.

    Example: creditctl invoice void INV-2026-000017 --reason "wrong organization"
    """
    from creditctl.services.invoice_voiding import VoidRequest, void_invoice

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"voiding {invoice}")
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = VoidRequest(invoice=invoice, reason=reason)
    session.show(void_invoice(session.context, request, rails), STANDING_VIEW)


def credit_note(
    ctx: typer.Context,
    invoice: InvoiceArgument,
    reason: ReasonOption,
    amount: AmountOption = None,
    line: Annotated[
        int | None,
        typer.Option("--line", metavar="N", min=1, help="Take this line back, with its tax."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Correct a final invoice: take a part of it back, or all of it.

    Its taxes go with it in proportion. Without --amount or --line it is all that is left. Credits
    are not moved: 'credits grant' does that, and 'credits reverse' takes an order form's back, with
    a credit note of its own.

    Example: creditctl invoice credit-note INV-2026-000017 --amount 12EUR --reason "outage"
    """
    from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note

    session = session_of(ctx)
    request = CreditNoteRequest(invoice=invoice, reason=reason, amount=amount, line=line)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    note = issue_credit_note(session.context, request, rails)
    session.show(note, credit_note_view(note))


def transfer(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="FROM", help="An overpaid invoice, or a receipt's credit note."),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TO", help="The one that it pays, of the same organization.")
    ],
    reason: ReasonOption,
    amount: AmountOption = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Let what an organization is owed pay an invoice of it.

    Money beyond what was due of another invoice, or what a receipt's credit note owes back: as much
    as is due, unless an amount is given.

    Example: creditctl invoice transfer INV-2026-000017 INV-2026-000031 --reason "paid twice"
    """
    from creditctl.services.surplus import TransferRequest, transfer_surplus

    session = session_of(ctx)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = TransferRequest(source=source, target=target, reason=reason, amount=amount)
    session.show(transfer_surplus(session.context, request, rails), TRANSFER_VIEW)
