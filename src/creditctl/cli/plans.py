"""`creditctl plans`: the catalog's plans."""

from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.services.plans import list_plans, show_plan

app = command_group("Plans: fees and allowances.")

_COLUMNS = (
    Column("name", "Plan"),
    Column("title"),
    Column("fee"),
    Column("interval", "Per"),
    Column("allowance"),
)
PLANS_VIEW = View(
    "creditctl.plans/v1",
    (*_COLUMNS, Column("postpaid_limit", "Postpaid"), Column("unlimited")),
    empty="The catalog has no plans.",
)
PLAN_VIEW = View(
    "creditctl.plan/v1",
    (
        *_COLUMNS,
        Column("postpaid_limit", "Postpaid limit"),
        Column("unlimited"),
        Column("rollover"),
        Column("carry_cap", "Carried at most"),
        Column("trial_days", "Trial days"),
        Column("trial_credits", "Trial credits"),
        Column("overage_price", "Overage price"),
        Column("tiers"),
        Column("limits"),
        Column("capabilities"),
        Column("gate_when_down", "Gate without counters"),
        Column("effective_from", "In force from"),
        Column("effective_to", "In force until"),
    ),
    sections=(
        Section(
            "prices",
            "Prices of its own",
            (Column("method"), Column("path"), Column("cost")),
            hidden_when_empty=True,
        ),
    ),
)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List the plans in force.

    Example: creditctl plans list
    """
    session = session_of(ctx)
    session.show(list_plans(session.context), PLANS_VIEW)


@app.command("show")
def show_one(
    ctx: typer.Context, plan: Annotated[str, typer.Argument(metavar="PLAN", help="Its name.")]
) -> None:
    """Show a plan: fee, allowance, limits and capabilities.

    Example: creditctl plans show pro
    """
    session = session_of(ctx)
    session.show(show_plan(session.context, plan), PLAN_VIEW)
