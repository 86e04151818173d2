"""`creditctl prices`: what a request costs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.groups import command_group
from creditctl.cli.options import (
    OrganizationOption,
    ProductOption,
    RequiredMonthOption,
    parser_of,
)
from creditctl.cli.session import session_of
from creditctl.output.view import Column, Section, View
from creditctl.rules.instants import parse_instant
from creditctl.services.prices import explain_price, list_prices

app = command_group("What a request costs, and why.")

PRICES_VIEW = View(
    "creditctl.prices/v1",
    (
        Column("product"),
        Column("method"),
        Column("path"),
        Column("tier"),
        Column("cost", "Credits"),
    ),
    empty="No prices in force.",
)
EXPLANATION_VIEW = View(
    "creditctl.price_explanation/v1",
    (
        Column("request"),
        Column("product"),
        Column("endpoint"),
        Column("organization"),
        Column("plan", "Price of plan"),
        Column("rule"),
        Column("effective_from", "In force from"),
        Column("effective_to", "In force until"),
        Column("credits"),
        Column("money", "Worth"),
        Column("currency"),
        Column("list_price", "List price"),
    ),
    (Section("steps", "How it comes to that", (Column("step"), Column("credits"))),),
)
PACKAGES_VIEW = View(
    "creditctl.packages/v1",
    (
        Column("name", "Package"),
        Column("title"),
        Column("credits"),
        Column("price"),
        Column("lifetime_days", "Expire after days"),
    ),
    empty="The catalog has no packages.",
)
SIMULATION_VIEW = View(
    "creditctl.price_simulation/v1",
    (
        Column("month"),
        Column("catalog"),
        Column("requests"),
        Column("unpriced", "Without a price"),
        Column("old_credits", "Credits then"),
        Column("new_credits", "Credits with it"),
        Column("difference"),
        Column("percent", "Difference, %"),
        Column("old_value", "Worth then"),
        Column("old_currency", "Currency then"),
        Column("new_value", "Worth with it"),
        Column("new_currency", "Currency with it"),
    ),
    (
        Section(
            "lines",
            "By organization and product",
            (
                Column("organization"),
                Column("product"),
                Column("unpriced", "No price"),
                Column("old_credits", "Then"),
                Column("new_credits", "New"),
                Column("difference", "Change"),
                Column("percent", "%"),
            ),
        ),
    ),
    csv_rows="lines",
)


@app.command("list")
def list_all(ctx: typer.Context, product: ProductOption = None) -> None:
    """List endpoints with the price in force.

    Example: creditctl prices list --product analytics
    """
    session = session_of(ctx)
    session.show(list_prices(session.context, product), PRICES_VIEW)


@app.command("packages")
def packages(
    ctx: typer.Context,
    package: Annotated[
        str | None, typer.Argument(metavar="[PACKAGE]", help="Only this one.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Only prices in this one.")
    ] = None,
) -> None:
    """List the packages in force, at their price in each currency.

    Example: creditctl prices packages --currency EUR
    """
    from creditctl.services.packages import list_packages

    session = session_of(ctx)
    session.show(list_packages(session.context, package, currency), PACKAGES_VIEW)


@app.command("explain")
def explain(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as GET.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Such as /v1/quotes/AAPL.")],
    units: Annotated[
        int, typer.Option("--units", min=0, max=2**53, help="How much data it returned.")
    ] = 0,
    status: Annotated[
        int, typer.Option("--status", min=100, max=599, help="How it was answered.")
    ] = 200,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            metavar="TIME",
            parser=parser_of("--at", parse_instant),
            help="When it was made; now unless given.",
        ),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--org", metavar="ORG", help="For this one: its plan, its day's volume."),
    ] = None,
) -> None:
    """Show what a request costs, step by step and in money.

    Example: creditctl prices explain GET /v1/search --units 250
    """
    session = session_of(ctx)
    explained = explain_price(
        session.context,
        method,
        path,
        units=units,
        status=status,
        at=at,
        organization=organization,
    )
    session.show(explained, EXPLANATION_VIEW)


@app.command("simulate")
def simulate(
    ctx: typer.Context,
    catalog: Annotated[
        Path, typer.Option("--catalog", metavar="FILE", help="The catalog to price it by.")
    ],
    month: RequiredMonthOption,
    organization: OrganizationOption = None,
) -> None:
    """Price a month's usage by another catalog, and change nothing.

    Plans are found by their names; requests whose endpoint the file does not have are counted as
    without a price. Money is at each catalog's list price.

    Example: creditctl prices simulate --catalog new.toml --month 2026-10
    """
    from creditctl.services.price_simulation import simulate_prices

    session = session_of(ctx)
    simulated = simulate_prices(session.context, catalog, month, organization=organization)
    session.show(simulated, SIMULATION_VIEW)
    if simulated.unpriced:
        verb = "has" if simulated.unpriced == 1 else "have"
        share = f"{simulated.unpriced} of {simulated.requests} requests"
        session.note(f"{share} {verb} no endpoint in {catalog}, and so no price")
