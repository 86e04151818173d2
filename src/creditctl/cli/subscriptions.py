"""`creditctl subscriptions`: organizations on plans."""

from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument, parser_of
from creditctl.cli.rails import (
    AuditReasonOption,
    DryRunOption,
    ExpectBalanceOption,
    ExpectEmailOption,
    IdempotencyKeyOption,
    ReasonOption,
    rails_of,
)
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_instant
from creditctl.services.subscription_cards import list_subscriptions, show_subscription

app = command_group("Plans that organizations are on.")

_COLUMNS = (
    Column("organization"),
    Column("plan"),
    Column("status"),
    Column("started_at"),
    Column("ended_at"),
)
_OUTCOME = (
    *_COLUMNS[:3],
    Column("action"),
    Column("effective_at", "From"),
    Column("trial_ends_at", "Trial until"),
    Column("ended_at", "Ends"),
    Column("fee", "Fee due"),
    Column("granted", "Credits granted"),
    Column("available_before", "Available before"),
    Column("available_after", "Available after"),
    Column("dry_run", "Dry run"),
)
CREATED_VIEW = View("creditctl.created_subscription/v1", (*_OUTCOME, Column("id")))
CHANGED_VIEW = View("creditctl.changed_subscription/v1", _OUTCOME)
SUBSCRIPTIONS_VIEW = View(
    "creditctl.subscriptions/v1",
    (*_COLUMNS, Column("trial_ends_at", "Trial until")),
    empty="No subscriptions yet.",
)
SUBSCRIPTION_VIEW = View(
    "creditctl.subscription/v1",
    (
        *_COLUMNS[:4],
        Column("trial_ends_at", "Trial until"),
        Column("ended_at", "Ends"),
        Column("next_plan", "Next plan"),
        Column("fee"),
        Column("interval"),
        Column("allowance"),
        Column("rollover"),
        Column("allowance_used", "Allowance used"),
        Column("allowance_left", "Allowance left"),
        Column("postpaid_limit", "Postpaid limit"),
        Column("unlimited"),
        Column("period_starts_at", "Period begins"),
        Column("period_ends_at", "Period ends"),
    ),
)


@app.command("create")
def create_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan of the catalog.")],
    starts_at: Annotated[
        datetime | None,
        typer.Option(
            "--starts-at",
            metavar="TIME",
            parser=parser_of("--starts-at", parse_instant),
            help="When it begins, which anchors its periods; now unless given.",
        ),
    ] = None,
    no_trial: Annotated[
        bool, typer.Option("--no-trial", help="Begin with the first paid period.")
    ] = False,
    reason: AuditReasonOption = "subscribed",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Put an organization on a plan and grant its allowance.

    A first subscription begins with the plan's trial, if it has one.

    Example: creditctl subscriptions create acme pro --starts-at 2026-10-01
    """
    from creditctl.services.subscriptions import create_subscription

    session = session_of(ctx)
    created = create_subscription(
        session.context,
        organization,
        plan,
        starts_at=starts_at,
        trial=not no_trial,
        reason=reason,
        rails=rails_of(idempotency_key, dry_run, expect_email, expect_balance),
    )
    session.show(created, CREATED_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Show an organization's subscription and its present period.

    Example: creditctl subscriptions show acme
    """
    session = session_of(ctx)
    session.show(show_subscription(session.context, organization), SUBSCRIPTION_VIEW)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all subscriptions.

    Example: creditctl subscriptions list -o json
    """
    session = session_of(ctx)
    session.show(list_subscriptions(session.context), SUBSCRIPTIONS_VIEW)


@app.command("change")
def change(
    ctx: typer.Context,
    organization: OrganizationArgument,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan of the catalog.")],
    reason: ReasonOption,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="WHEN", help="now or period-end; by the plans unless given."),
    ] = None,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Change the plan: up at once, down at the period's end.

    An upgrade owes and grants the difference for the whole days left. Changing to the present plan
    withdraws what was scheduled.

    Example: creditctl subscriptions change acme scale --reason "grew" --dry-run
    """
    from creditctl.services.subscription_changes import ChangeRequest, change_subscription

    session = session_of(ctx)
    request = ChangeRequest(organization=organization, plan=plan, reason=reason, at=at)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(change_subscription(session.context, request, rails), CHANGED_VIEW)


@app.command("cancel")
def cancel(
    ctx: typer.Context,
    organization: OrganizationArgument,
    reason: ReasonOption,
    at: Annotated[
        str, typer.Option("--at", metavar="WHEN", help="period-end or now.")
    ] = "period-end",
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """End the subscription, at the period's end or now.

    Its allowance expires then; bought credits stay, and no fee is given back.

    Example: creditctl subscriptions cancel acme --reason "moved away"
    """
    from creditctl.services.subscription_changes import CancelRequest, cancel_subscription

    session = session_of(ctx)
    request = CancelRequest(organization=organization, reason=reason, at=at)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(cancel_subscription(session.context, request, rails), CHANGED_VIEW)


@app.command("resume")
def resume(
    ctx: typer.Context,
    organization: OrganizationArgument,
    reason: ReasonOption,
    idempotency_key: IdempotencyKeyOption = None,
    dry_run: DryRunOption = False,
    expect_email: ExpectEmailOption = None,
    expect_balance: ExpectBalanceOption = None,
) -> None:
    """Take a cancellation back before the subscription ends.

    Example: creditctl subscriptions resume acme --reason "stays"
    """
    from creditctl.services.subscription_changes import ResumeRequest, resume_subscription

    session = session_of(ctx)
    request = ResumeRequest(organization=organization, reason=reason)
    rails = rails_of(idempotency_key, dry_run, expect_email, expect_balance)
    session.show(resume_subscription(session.context, request, rails), CHANGED_VIEW)
