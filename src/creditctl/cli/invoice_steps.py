"""`creditctl invoice finalize|pay`: what becomes of a draft."""

from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from creditctl.cli.invoice_views import FINALIZED_VIEW, REFUSED, STANDING_VIEW
from creditctl.cli.options import MonthOption, OrganizationOption, parser_of
from creditctl.cli.rails import (
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.errors import ExitStatus
from creditctl.rules.instants import parse_day
from creditctl.rules.money_text import parse_money
from creditctl.rules.periods import month_text
from creditctl.rules.units import Money

InvoiceArgument = Annotated[
    str, typer.Argument(metavar="INVOICE", help="Its id (inv_…) or number.")
]
AmountOption = Annotated[
    Money | None,
    typer.Option(
        "--amount",
        metavar="MONEY",
        parser=parser_of("--amount", parse_money),
        help="A sum with its currency, tax included, such as 50EUR.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("finalize")(finalize)
    app.command("pay")(pay)


def finalize(
    ctx: typer.Context,
    invoices: Annotated[
        list[str] | None, typer.Argument(metavar="INVOICE", help="Ids, as list shows them.")
    ] = None,
    month: MonthOption = None,
    organization: OrganizationOption = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="Although usage of the period may still come.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the audit log.")
    ] = "",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Make drafts final: they get a number and never change again.

    What they bill beyond the credits is settled by them: no purchase repays it any more. What they
    bill of order forms whose credits were reversed is credited. Stale drafts, and those whose usage
    may still come, are listed with what is wrong, and it exits 7.

    Example: creditctl invoice finalize --month 2026-10
    """
    from creditctl.services.finalizing import FinalizeRequest, finalize_invoices

    session = session_of(ctx)
    request = FinalizeRequest(
        invoices=tuple(invoices or ()),
        month=None if month is None else month_text(month),
        organization=organization,
        at_once=at_once,
        reason=reason,
    )
    run = finalize_invoices(
        session.context, request, idempotency_key=idempotency_key, dry_run=dry_run
    )
    sections = (*FINALIZED_VIEW.sections, REFUSED) if run.refused else FINALIZED_VIEW.sections
    session.show(run, replace(FINALIZED_VIEW, sections=sections))
    credited = [one.number or one.id for one in run.finalized if one.credited]
    if credited:
        session.note(f"credited, for credits that were reversed: {', '.join(credited)}")
    if run.refused:
        session.warn("some drafts are not final; 'creditctl invoice generate' makes them anew")
        raise typer.Exit(ExitStatus.FINDINGS)


def pay(
    ctx: typer.Context,
    invoice: InvoiceArgument,
    reference: Annotated[
        str,
        typer.Option(
            "--reference", metavar="TEXT", help="Of the statement; the same one counts once."
        ),
    ],
    reason: ReasonOption,
    amount: AmountOption = None,
    arrived_on: Annotated[
        date | None,
        typer.Option(
            "--arrived-on",
            metavar="DAY",
            parser=parser_of("--arrived-on", parse_day),
            help="When the money arrived; today unless given.",
        ),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Record money that arrived for an invoice.

    Less leaves it open, all of it makes it paid, more is shown as surplus. Without --amount it is
    what was due.

    Example: creditctl invoice pay INV-2026-000017 --reference 2026-11/17 --reason "statement"
    """
    from creditctl.services.invoice_payments import PayRequest, pay_invoice

    session = session_of(ctx)
    request = PayRequest(
        invoice=invoice, reference=reference, reason=reason, amount=amount, arrived_on=arrived_on
    )
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(pay_invoice(session.context, request, rails), STANDING_VIEW)
