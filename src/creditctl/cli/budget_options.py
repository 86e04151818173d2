"""Options that say where lines are: budgets, thresholds, and what they are about."""

from typing import Annotated

import typer

from creditctl.cli.options import parser_of, some_credits
from creditctl.errors import InvalidInput
from creditctl.rules.budgets import MICROS, Scope, Threshold, parse_percent, parse_threshold
from creditctl.rules.units import Credits


def parse_days(text: str) -> Threshold:
    """Read a whole number of days, at least one; raises InvalidInput."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):  # noqa: PLR2004 - years
        raise InvalidInput(f"{text} is not a number of days", hint="write it like 7")
    return Threshold(amount=Credits(int(text) * MICROS))


DailyOption = Annotated[
    Credits | None,
    typer.Option(
        "--daily",
        metavar="CREDITS",
        parser=parser_of("--daily", some_credits),
        help="Block beyond this many credits a UTC day.",
    ),
]
MonthlyOption = Annotated[
    Credits | None,
    typer.Option(
        "--monthly",
        metavar="CREDITS",
        parser=parser_of("--monthly", some_credits),
        help="Block beyond this many credits a calendar month.",
    ),
]
NotifyOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--notify-at",
        metavar="CREDITS|PERCENT",
        parser=parser_of("--notify-at", parse_threshold),
        help="Tell beyond this many credits a day, or this share of the budget. Repeatable.",
    ),
]
NotifyMonthlyOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--notify-monthly-at",
        metavar="CREDITS|PERCENT",
        parser=parser_of("--notify-monthly-at", parse_threshold),
        help="The same of a month. Repeatable.",
    ),
]
BalanceOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--balance-below",
        metavar="CREDITS|PERCENT",
        parser=parser_of("--balance-below", parse_threshold),
        help="Tell when less is left, or less than this share of what was granted. Repeatable.",
    ),
]
AllowanceOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--allowance-at",
        metavar="PERCENT",
        parser=parser_of("--allowance-at", parse_percent),
        help="Tell when this share of the allowance is used. Repeatable.",
    ),
]
QuotaOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--quota-at",
        metavar="PERCENT",
        parser=parser_of("--quota-at", parse_percent),
        help="Tell when a key used this share of its requests. Repeatable.",
    ),
]
DaysLeftOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--days-left",
        metavar="DAYS",
        parser=parser_of("--days-left", parse_days),
        help="Tell when the credits last for fewer days at the present rate. Repeatable.",
    ),
]
ExpiringOption = Annotated[
    list[Threshold] | None,
    typer.Option(
        "--expiring-within",
        metavar="DAYS",
        parser=parser_of("--expiring-within", parse_days),
        help="Tell this long before unused credits expire. Repeatable.",
    ),
]
BudgetProductOption = Annotated[
    str | None,
    typer.Option("--product", metavar="PRODUCT", help="Of this product's usage alone."),
]
BudgetKeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="Of this key's usage alone (name, id or prefix)."),
]
ScopeOption = Annotated[
    Scope | None,
    typer.Option(
        "--scope",
        help="Count all credits, or those beyond the subscription's allowance (the default "
        "where there is one).",
    ),
]
