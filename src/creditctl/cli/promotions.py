"""`creditctl promotions`: credits that are given away."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.promotion_views import (
    CLAIMS_VIEW,
    PROMOTION_VIEW,
    PROMOTIONS_VIEW,
    REDEEMED_VIEW,
)
from creditctl.cli.rails import (
    AuditReasonOption,
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.services.promotions import list_claims, list_promotions, show_promotion

app = command_group("Promotions: credits that are given away.")


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List the promotions, with what they gave and have left.

    Example: creditctl promotions list
    """
    session = session_of(ctx)
    session.show(list_promotions(session.context), PROMOTIONS_VIEW)


@app.command("show")
def show_one(
    ctx: typer.Context,
    promotion: Annotated[str, typer.Argument(metavar="NAME", help="A promotion of the catalog.")],
) -> None:
    """Show a promotion: its terms, and what became of its credits.

    What it gave was spent, has expired, was taken back, or remains.

    Example: creditctl promotions show welcome
    """
    session = session_of(ctx)
    session.show(show_promotion(session.context, promotion), PROMOTION_VIEW)


@app.command("claims")
def claims(
    ctx: typer.Context,
    promotion: Annotated[
        str | None,
        typer.Option("--promotion", metavar="NAME", help="Only this promotion."),
    ] = None,
) -> None:
    """List who got what, at sign-up or with a code.

    Example: creditctl promotions claims --promotion welcome -o csv
    """
    session = session_of(ctx)
    session.show(list_claims(session.context, promotion), CLAIMS_VIEW)


@app.command("redeem")
def redeem_code(
    ctx: typer.Context,
    organization: OrganizationArgument,
    code: Annotated[str, typer.Argument(metavar="CODE", help="In any case of letters.")],
    override: Annotated[
        bool, typer.Option("--override", help="Give it to a duplicate too; needs --reason.")
    ] = False,
    reason: AuditReasonOption = "",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Give an organization the credits of a code, once.

    Example: creditctl promotions redeem acme SPRING-26
    """
    from creditctl.services.redeeming import RedeemRequest, redeem

    session = session_of(ctx)
    request = RedeemRequest(organization=organization, code=code, reason=reason, override=override)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(redeem(session.context, request, rails), REDEEMED_VIEW)
