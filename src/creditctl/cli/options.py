"""Options and arguments that several commands share, and how their text becomes values."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from creditctl.errors import InvalidInput
from creditctl.rules.instants import parse_instant
from creditctl.rules.periods import Period, parse_month
from creditctl.rules.units import Credits

Value = TypeVar("Value")


def parser_of(name: str, parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """`parse`, with the option's name put before what it complains about."""

    def parsed(text: str) -> Value:
        try:
            return parse(text)
        except InvalidInput as problem:
            raise InvalidInput(f"{name}: {problem.detail}", hint=problem.advice) from None

    return parsed


def positive_credits(text: str) -> Credits:
    """Read an amount above zero."""
    amount = Credits.parse(text)
    if amount.micro <= 0:
        raise InvalidInput(f"{text} is not above zero", hint="write it like 284.5")
    return amount


def some_credits(text: str) -> Credits:
    """Read an amount of zero or more."""
    amount = Credits.parse(text)
    if amount.micro < 0:
        raise InvalidInput(f"{text} is below zero", hint="write it like 284.5")
    return amount


OrganizationArgument = Annotated[str, typer.Argument(metavar="ORG", help="Slug or id.")]
OrganizationOption = Annotated[
    str | None, typer.Option("--org", metavar="ORG", help="Only this organization (slug or id).")
]
CreditsArgument = Annotated[
    Credits,
    typer.Argument(
        metavar="CREDITS",
        parser=parser_of("CREDITS", positive_credits),
        help="An amount such as 100 or 284.5.",
    ),
]
MonthOption = Annotated[
    Period | None,
    typer.Option(
        "--month",
        metavar="YYYY-MM",
        parser=parser_of("--month", parse_month),
        help="A calendar month, UTC.",
    ),
]
RequiredMonthOption = Annotated[
    Period,
    typer.Option(
        "--month",
        metavar="YYYY-MM",
        parser=parser_of("--month", parse_month),
        help="A calendar month, UTC.",
    ),
]
ExpiresOption = Annotated[
    datetime | None,
    typer.Option(
        "--expires",
        metavar="TIME",
        parser=parser_of("--expires", parse_instant),
        help="Worth nothing from this instant or day on.",
    ),
]
ProductOption = Annotated[
    str | None, typer.Option("--product", metavar="PRODUCT", help="Only this product.")
]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        metavar="TIME",
        parser=parser_of("--since", parse_instant),
        help="From this instant or day on.",
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--until",
        metavar="TIME",
        parser=parser_of("--until", parse_instant),
        help="Before this instant or day.",
    ),
]
LimitOption = Annotated[
    int,
    typer.Option(
        "--limit",
        metavar="ROWS",
        min=1,
        max=1_000_000,
        help="At most this many rows.",
    ),
]
