"""`creditctl subscriptions`: organizations on plans."""

from datetime import datetime
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument, parser_of
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.instants import parse_instant
from creditctl.services.subscriptions import (
    create_subscription,
    list_subscriptions,
    show_subscription,
)

app = command_group("Plans that organizations are on.")

_COLUMNS = (
    Column("organization"),
    Column("plan"),
    Column("status"),
    Column("started_at"),
    Column("ended_at"),
)
CREATED_VIEW = View("creditctl.created_subscription/v1", (*_COLUMNS[:4], Column("id")))
SUBSCRIPTIONS_VIEW = View("creditctl.subscriptions/v1", _COLUMNS, empty="No subscriptions yet.")
SUBSCRIPTION_VIEW = View(
    "creditctl.subscription/v1",
    (
        *_COLUMNS[:4],
        Column("fee"),
        Column("interval"),
        Column("allowance"),
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
) -> None:
    """Put an organization on a plan and grant its allowance.

    Example: creditctl subscriptions create acme pro --starts-at 2026-10-01
    """
    session = session_of(ctx)
    created = create_subscription(session.context, organization, plan, starts_at=starts_at)
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
