"""`creditctl credits`: grants, balances and the ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import (
    CreditsArgument,
    DryRunOption,
    ExpiresOption,
    IdempotencyKeyOption,
    LimitOption,
    OrganizationArgument,
    ProductOption,
    ReasonOption,
    parser_of,
)
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant
from creditctl.rules.units import Credits, parse_price
from creditctl.services.balances import read_balance
from creditctl.services.credits import GrantRequest, grant_credits, list_grants, list_movements

app = command_group("Grants, balances and the ledger.")

GRANT_VIEW = View(
    "creditctl.granted/v1",
    (
        Column("organization"),
        Column("id"),
        Column("source"),
        Column("amount"),
        Column("repaid", "Repaid overage"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
    ),
)
BALANCE_VIEW = View(
    "creditctl.balance/v1",
    (
        Column("organization"),
        Column("at", "As of"),
        Column("available"),
        Column("open_overage", "Open overage"),
        Column("postpaid_overage", "Postpaid overage"),
        Column("net"),
    ),
    (
        Section(
            "sources",
            "Available by source",
            (
                Column("source"),
                Column("product"),
                Column("available"),
                Column("next_expiry_at", "Next expiry"),
            ),
        ),
    ),
)
GRANTS_VIEW = View(
    "creditctl.grants/v1",
    (
        Column("source"),
        Column("product"),
        Column("remaining"),
        Column("amount", "Of"),
        Column("effective_at", "From"),
        Column("expires_at", "Until"),
        Column("state"),
    ),
    empty="No grants to draw from.",
)
HISTORY_VIEW = View(
    "creditctl.movements/v1",
    (
        Column("happened_at", "Time"),
        Column("kind"),
        Column("amount"),
        Column("net"),
        Column("source"),
        Column("product"),
    ),
    empty="No movements yet.",
)


@app.command("grant")
def grant(
    ctx: typer.Context,
    organization: OrganizationArgument,
    amount: CreditsArgument,
    reason: ReasonOption,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="goodwill, promotion, trial, purchase, order_form or correction.",
        ),
    ] = "goodwill",
    product: ProductOption = None,
    effective: Annotated[
        datetime | None,
        typer.Option(
            "--effective",
            metavar="TIME",
            parser=parser_of("--effective", parse_instant),
            help="Usable from then on; now unless given.",
        ),
    ] = None,
    expires: ExpiresOption = None,
    unit_cost: Annotated[
        Decimal | None,
        typer.Option(
            "--unit-cost",
            metavar="PRICE",
            parser=parser_of("--unit-cost", parse_price),
            help="Money paid for a credit: for purchase and order_form.",
        ),
    ] = None,
    priority: Annotated[
        int,
        typer.Option("--priority", metavar="N", min=0, max=100, help="Drawn before higher ones."),
    ] = 50,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: Annotated[
        str | None,
        typer.Option("--expect-email", metavar="MAIL", help="Refuse if the org has another one."),
    ] = None,
    expect_balance: Annotated[
        Credits | None,
        typer.Option(
            "--expect-balance",
            metavar="CREDITS",
            parser=parser_of("--expect-balance", Credits.parse),
            help="Refuse unless exactly this much is available.",
        ),
    ] = None,
) -> None:
    """Give an organization credits.

    Credits that were paid for first repay what was used beyond the grants.

    Example: creditctl credits grant acme 100 --reason "outage on 3 Oct"
    """
    session = session_of(ctx)
    request = GrantRequest(
        organization=organization,
        amount=amount,
        reason=reason,
        source=source,
        product=product,
        priority=priority,
        effective_at=effective,
        expires_at=expires,
        unit_cost=unit_cost,
        expect_email=expect_email,
        expect_balance=expect_balance,
    )
    granted = grant_credits(
        session.context, request, idempotency_key=idempotency_key, dry_run=dry_run
    )
    session.show(granted, GRANT_VIEW)


@app.command("balance")
def show_balance(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """What an organization can spend, and what it owes.

    Example: creditctl credits balance acme
    """
    session = session_of(ctx)
    session.show(read_balance(session.context, organization), BALANCE_VIEW)


@app.command("grants")
def show_grants(
    ctx: typer.Context,
    organization: OrganizationArgument,
    everything: Annotated[bool, typer.Option("--all", help="Spent and expired ones too.")] = False,
) -> None:
    """List an organization's grants in the order they will be drawn.

    Example: creditctl credits grants acme
    """
    session = session_of(ctx)
    session.show(list_grants(session.context, organization, everything=everything), GRANTS_VIEW)


@app.command("history")
def show_history(
    ctx: typer.Context, organization: OrganizationArgument, limit: LimitOption = 50
) -> None:
    """List movements, newest first, with the balance after each.

    Example: creditctl credits history acme --limit 20
    """
    session = session_of(ctx)
    session.show(list_movements(session.context, organization, limit=limit), HISTORY_VIEW)
