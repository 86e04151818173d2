"""`creditctl credits`: grants, balances and the ledger."""

from typing import Annotated

import typer

from creditctl.cli.credit_options import (
    EffectiveOption,
    GrantArgument,
    MomentOption,
    PartOption,
    PriorityOption,
    SourceOption,
    UnitCostOption,
)
from creditctl.cli.credit_views import (
    BALANCE_VIEW,
    GRANT_VIEW,
    GRANTS_VIEW,
    HISTORY_VIEW,
    LINEAGE_VIEW,
    OUTLOOK_VIEW,
    REALLOCATED_VIEW,
    TAKEN_VIEW,
    WAIVED_VIEW,
)
from creditctl.cli.groups import command_group
from creditctl.cli.options import (
    CreditsArgument,
    ExpiresOption,
    LimitOption,
    OrganizationArgument,
    ProductOption,
    RequiredMonthOption,
    SinceOption,
    UntilOption,
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
from creditctl.rules.periods import month_text
from creditctl.services.balances import read_balance
from creditctl.services.credits import MovementFilter, list_grants, list_movements

app = command_group("Grants, balances and the ledger.")


@app.command("grant")
def grant(
    ctx: typer.Context,
    organization: OrganizationArgument,
    amount: CreditsArgument,
    reason: ReasonOption,
    source: SourceOption = "goodwill",
    product: ProductOption = None,
    effective: EffectiveOption = None,
    expires: ExpiresOption = None,
    unit_cost: UnitCostOption = None,
    priority: PriorityOption = 50,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Give an organization credits.

    Credits that were paid for first repay what was used beyond the grants.

    Example: creditctl credits grant acme 100 --reason "outage on 3 Oct"
    """
    from creditctl.services.granting import GrantRequest, grant_credits

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
    )
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(grant_credits(session.context, request, rails), GRANT_VIEW)


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
    ctx: typer.Context,
    organization: OrganizationArgument,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Such as grant, usage, overage or expiry."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="SOURCE", help="Only grants of this source.")
    ] = None,
    product: ProductOption = None,
    grant_id: Annotated[
        str | None, typer.Option("--grant", metavar="GRANT", help="Only this grant (id).")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
) -> None:
    """List movements, newest first, with the balance after each.

    Filters hide movements; the balance is always that of all of them.

    Example: creditctl credits history acme --kind usage --since 2026-10-01
    """
    session = session_of(ctx)
    only = MovementFilter(
        kind=kind, source=source, product=product, grant=grant_id, since=since, until=until
    )
    movements = list_movements(session.context, organization, only, limit=limit)
    session.show(movements, HISTORY_VIEW)


@app.command("explain")
def explain(
    ctx: typer.Context,
    organization: OrganizationArgument,
    event: Annotated[
        str | None, typer.Option("--event", metavar="ID", help="Who paid this usage event.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Why this key was cut off.")
    ] = None,
    at: MomentOption = None,
) -> None:
    """Say who paid an event, or why calls were refused at a moment.

    Example: creditctl credits explain acme --event req-4711
    """
    from creditctl.services.credit_outlook import explain_credits
    from creditctl.services.event_lineage import explain_event

    session = session_of(ctx)
    if event is not None:
        session.show(explain_event(session.context, organization, event), LINEAGE_VIEW)
    else:
        outlook = explain_credits(session.context, organization, at=at, key=key)
        session.show(outlook, OUTLOOK_VIEW)


@app.command("reverse")
def reverse(
    ctx: typer.Context,
    grant_id: GrantArgument,
    reason: ReasonOption,
    unwind: Annotated[
        bool, typer.Option("--unwind", help="What it paid becomes open overage again.")
    ] = False,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Take back what is unused of a grant that was a mistake.

    Once. What was used stays with the grant; there are no refunds. What was paid for has a credit
    note, with its tax.

    Example: creditctl credits reverse grant_01k8m2 --reason "wrong organization"
    """
    from creditctl.services.reversals import ReverseRequest, reverse_grant

    session = session_of(ctx)
    request = ReverseRequest(grant=grant_id, reason=reason, unwind=unwind)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(reverse_grant(session.context, request, rails), TAKEN_VIEW)


@app.command("expire")
def expire(
    ctx: typer.Context,
    grant_id: GrantArgument,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """End a grant now.

    Example: creditctl credits expire grant_01k8m2 --reason "campaign is over"
    """
    from creditctl.services.reversals import ExpireRequest, expire_grant

    session = session_of(ctx)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = ExpireRequest(grant=grant_id, reason=reason)
    session.show(expire_grant(session.context, request, rails), TAKEN_VIEW)


@app.command("waive")
def waive_open(
    ctx: typer.Context,
    organization: OrganizationArgument,
    reason: ReasonOption,
    amount: PartOption = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Forgive what an organization used beyond its credits.

    Example: creditctl credits waive acme --reason "our outage on 3 Oct"
    """
    from creditctl.services.waivers import WaiveRequest, waive

    session = session_of(ctx)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = WaiveRequest(organization=organization, reason=reason, amount=amount)
    session.show(waive(session.context, request, rails), WAIVED_VIEW)


@app.command("reallocate")
def reallocate_month(
    ctx: typer.Context,
    organization: OrganizationArgument,
    month: RequiredMonthOption,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Let a month's usage burn down again, in the order of its time.

    Files that came late or out of order then leave no trace in who paid.

    Example: creditctl credits reallocate acme --month 2026-10 --reason "late gateway log"
    """
    from creditctl.services.reallocation import ReallocateRequest, reallocate

    session = session_of(ctx)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    request = ReallocateRequest(organization=organization, month=month_text(month), reason=reason)
    session.show(reallocate(session.context, request, rails), REALLOCATED_VIEW)
