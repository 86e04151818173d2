"""`creditctl budgets`: how many credits an organization wants to use in a day."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument, parser_of, some_credits
from creditctl.cli.session import session_of
from creditctl.output.view import Column, View
from creditctl.rules.budgets import Scope, Threshold, parse_threshold
from creditctl.rules.units import Credits
from creditctl.services.budgets import clear_budget, list_budgets, set_budget, show_budget

app = command_group("Spending budgets and thresholds.")

BUDGET_VIEW = View(
    "creditctl.budget/v1",
    (
        Column("organization"),
        Column("daily", "Daily budget"),
        Column("notify_at", "Notify at"),
        Column("scope", "Counts"),
        Column("today"),
        Column("yesterday"),
        Column("left"),
        Column("state"),
        Column("reason"),
    ),
)
BUDGETS_VIEW = View(
    "creditctl.budgets/v1",
    (
        Column("organization"),
        Column("daily", "Daily budget"),
        Column("notify_at", "Notify at"),
        Column("today"),
        Column("left"),
        Column("state"),
    ),
    empty="No budgets yet.",
)


@app.command("set")
def set_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    daily: Annotated[
        Credits | None,
        typer.Option(
            "--daily",
            metavar="CREDITS",
            parser=parser_of("--daily", some_credits),
            help="Block beyond this many credits a UTC day.",
        ),
    ] = None,
    notify_at: Annotated[
        Threshold | None,
        typer.Option(
            "--notify-at",
            metavar="CREDITS|PERCENT",
            parser=parser_of("--notify-at", parse_threshold),
            help="Warn beyond this many credits, or this share of the budget.",
        ),
    ] = None,
    scope: Annotated[
        Scope | None,
        typer.Option(
            "--scope",
            help="Count all credits, or those beyond the subscription's allowance (the default "
            "where there is one).",
        ),
    ] = None,
) -> None:
    """Set or change an organization's daily budget and threshold.

    What is not given stays as it is. It takes effect at the next 'creditctl limits check'.

    Example: creditctl budgets set acme --daily 1000 --notify-at 80%
    """
    session = session_of(ctx)
    budget = set_budget(
        session.context, organization, daily=daily, notify_at=notify_at, scope=scope
    )
    session.show(budget, BUDGET_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Show a budget, today's and yesterday's count, and what is left.

    Example: creditctl budgets show acme
    """
    session = session_of(ctx)
    session.show(show_budget(session.context, organization), BUDGET_VIEW)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List every organization's budget with today's count.

    Example: creditctl budgets list -o csv
    """
    session = session_of(ctx)
    session.show(list_budgets(session.context), BUDGETS_VIEW)


@app.command("clear")
def clear_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Remove an organization's daily budget and threshold; asks first.

    Example: creditctl budgets clear acme --yes
    """
    session = session_of(ctx)
    session.confirm(f"remove the budget of {organization}?")
    session.show(clear_budget(session.context, organization), BUDGET_VIEW)
    session.note("removed; it takes effect at the next 'creditctl limits check'")
