"""`creditctl purchases`: credits bought for money."""

from datetime import date
from functools import partial
from typing import Annotated

import typer

from creditctl.cli.document_options import HtmlOption, LocaleOption, PdfOption, handed_out
from creditctl.cli.groups import command_group
from creditctl.cli.options import (
    LimitOption,
    OrganizationArgument,
    OrganizationOption,
    parser_of,
)
from creditctl.cli.purchase_views import (
    PURCHASE_VIEW,
    PURCHASES_VIEW,
    QUOTE_VIEW,
    RECEIPT_VIEW,
    SETTLED_VIEW,
    VOIDED_VIEW,
)
from creditctl.cli.rails import (
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.rules.instants import parse_day
from creditctl.rules.money_text import parse_money
from creditctl.rules.units import Credits, Money

app = command_group("Credits that organizations buy.")

PurchaseArgument = Annotated[
    str, typer.Argument(metavar="PURCHASE", help="Its id (pur_…) or receipt number.")
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


@app.command("create")
def create(
    ctx: typer.Context,
    organization: OrganizationArgument,
    reason: ReasonOption,
    package: Annotated[
        str | None, typer.Option("--package", metavar="NAME", help="A package of the catalog.")
    ] = None,
    credits: Annotated[
        Credits | None,
        typer.Option(
            "--credits",
            metavar="N",
            parser=parser_of("--credits", Credits.parse),
            help="So many credits, at the list price.",
        ),
    ] = None,
    amount: AmountOption = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="CODE", help="Of --package or --credits: EUR."),
    ] = None,
    provider: Annotated[
        str,
        typer.Option("--provider", metavar="NAME", help="manual, stripe or btcpay."),
    ] = "manual",
    method: Annotated[
        str | None,
        typer.Option("--method", metavar="METHOD", help="A payment method on file (pm_…)."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="TEXT", help="The buyer's own, such as a PO number."),
    ] = None,
    return_url: Annotated[
        str | None,
        typer.Option("--return-url", metavar="URL", help="Where the payer comes back to."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Buy credits; they are granted when they are paid.

    With --dry-run it is a quote. A manual purchase waits for 'purchases settle'; stripe charges
    the method on file; btcpay answers with the address to pay at.

    Example: creditctl purchases create acme --amount 50EUR --reason "ticket 4711"
    """
    from creditctl.services.purchases import BuyRequest, buy, rehearse

    session = session_of(ctx)
    request = BuyRequest(
        organization=organization,
        reason=reason,
        package=package,
        credits=credits,
        total=amount,
        currency=currency,
        provider=provider,
        method=method,
        reference=reference,
        return_url=return_url,
    )
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    if dry_run:
        session.show(rehearse(session.context, request, rails), QUOTE_VIEW)
        return
    bought = buy(session.context, request, rails)
    session.show(bought, PURCHASE_VIEW)
    if bought.payments[-1].checkout_url:
        session.note(f"it is paid at {bought.payments[-1].checkout_url}")


@app.command("settle")
def settle_one(
    ctx: typer.Context,
    purchase: PurchaseArgument,
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
    """Record money that arrived; all of it grants the credits.

    Less leaves the purchase pending, more is shown as surplus. Without --amount it is what was
    missing.

    Example: creditctl purchases settle pur_01m --reference 2026-11/17 --reason "bank statement"
    """
    from creditctl.services.settling import SettleRequest, settle

    session = session_of(ctx)
    request = SettleRequest(
        purchase=purchase,
        reference=reference,
        reason=reason,
        amount=amount,
        arrived_on=arrived_on,
    )
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(settle(session.context, request, rails), SETTLED_VIEW)


@app.command("void")
def void(
    ctx: typer.Context,
    purchase: PurchaseArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
) -> None:
    """Give up a purchase that nobody paid; there are no refunds.

    Example: creditctl purchases void pur_01m3tc5h22z14943wggf9y6jm2 --reason "ordered twice"
    """
    from creditctl.services.voiding import void_purchase

    session = session_of(ctx)
    if not dry_run:
        session.confirm(f"voiding {purchase}")
    session.show(
        void_purchase(session.context, purchase, reason=reason, dry_run=dry_run), VOIDED_VIEW
    )


@app.command("list")
def list_all(
    ctx: typer.Context,
    organization: OrganizationOption = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="pending, paid or void.")
    ] = None,
    limit: LimitOption = 50,
) -> None:
    """List purchases, the newest first.

    Example: creditctl purchases list --status pending
    """
    from creditctl.services.purchase_cards import purchases

    session = session_of(ctx)
    found = purchases(session.context, organization=organization, status=status, limit=limit)
    session.show(found, PURCHASES_VIEW)


@app.command("show")
def show(ctx: typer.Context, purchase: PurchaseArgument) -> None:
    """Show a purchase with its taxes and payments.

    Example: creditctl purchases show pur_01m3tc5h22z14943wggf9y6jm2
    """
    from creditctl.services.purchase_cards import read_purchase

    session = session_of(ctx)
    session.show(read_purchase(session.context, purchase), PURCHASE_VIEW)


@app.command("receipt")
def receipt(
    ctx: typer.Context,
    purchase: PurchaseArgument,
    pdf: PdfOption = None,
    html: HtmlOption = None,
    locale: LocaleOption = None,
) -> None:
    """Show the receipt of a purchase that was paid, or write it.

    Example: creditctl purchases receipt R-2026-000017 --pdf receipt.pdf --locale de
    """
    from creditctl.services.purchase_cards import receipt_of
    from creditctl.services.receipt_document import receipt_document

    session = session_of(ctx)
    make = partial(receipt_document, session.context, purchase)
    if handed_out(session, make, pdf=pdf, html=html, locale=locale):
        return
    session.show(receipt_of(session.context, purchase), RECEIPT_VIEW)
