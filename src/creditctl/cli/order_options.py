"""The options of `creditctl orders`, and the terms that they add up to."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.options import parser_of, positive_credits
from creditctl.errors import InvalidInput
from creditctl.rules.instants import parse_day
from creditctl.rules.units import Credits, parse_decimal, parse_price

if TYPE_CHECKING:
    from creditctl.context import Context
    from creditctl.rules.order_forms import OrderTerms


def parse_percent(text: str) -> Decimal:
    """Read `12.5` or `12.5%`."""
    return parse_decimal(text.removesuffix("%"), "percentage")


OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="Its id.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="All of it in TOML, with any number of lines."),
]
OrderedOption = Annotated[
    Credits | None,
    typer.Option(
        "--credits",
        metavar="CREDITS",
        parser=parser_of("--credits", positive_credits),
        help="How many are sold.",
    ),
]
UnitPriceOption = Annotated[
    Decimal | None,
    typer.Option(
        "--unit-price",
        metavar="PRICE",
        parser=parser_of("--unit-price", parse_price),
        help="Money for a credit.",
    ),
]
DiscountOption = Annotated[
    Decimal | None,
    typer.Option(
        "--discount",
        metavar="PERCENT",
        parser=parser_of("--discount", parse_percent),
        help="Off the list price, instead of a unit price.",
    ),
]
StartOption = Annotated[
    date | None,
    typer.Option(
        "--start",
        metavar="DAY",
        parser=parser_of("--start", parse_day),
        help="Usable from this day on; today unless given.",
    ),
]
ExpiryDayOption = Annotated[
    date | None,
    typer.Option(
        "--expires",
        metavar="DAY",
        parser=parser_of("--expires", parse_day),
        help="Worth nothing from this day on.",
    ),
]
ExpiryDaysOption = Annotated[
    int | None,
    typer.Option(
        "--expires-after-days", metavar="N", min=1, help="Days after each delivery, instead."
    ),
]
ExpiryMonthsOption = Annotated[
    int | None,
    typer.Option(
        "--expires-after-months", metavar="N", min=1, help="Months after each delivery, instead."
    ),
]
InstalmentsOption = Annotated[
    int | None,
    typer.Option("--instalments", metavar="N", min=1, help="Deliver and bill in N equal parts."),
]
EveryOption = Annotated[
    str, typer.Option("--every", metavar="STEP", help="Between parts: month, quarter or year.")
]
SplitsOption = Annotated[
    str,
    typer.Option(
        "--splits",
        metavar="WHAT",
        help="In parts: both, credits (billed at the start) or money (delivered then).",
    ),
]
PurchaseOrderOption = Annotated[
    str | None, typer.Option("--po", metavar="NUMBER", help="Their purchase order number.")
]
TermsOption = Annotated[
    str | None, typer.Option("--terms", metavar="TEXT", help="What else was agreed.")
]
CurrencyOption = Annotated[
    str | None,
    typer.Option("--currency", metavar="CODE", help="The catalog's unless given."),
]
SignerOption = Annotated[
    str, typer.Option("--signer", metavar="NAME", help="Who signed for the organization.")
]
SignedOnOption = Annotated[
    date | None,
    typer.Option(
        "--signed-on",
        metavar="DAY",
        parser=parser_of("--signed-on", parse_day),
        help="When; today unless given.",
    ),
]


def terms_given(
    context: "Context",
    file: Path | None,
    credits: Credits | None,
    unit_price: Decimal | None,
    discount: Decimal | None,
    product: str | None,
    start: date | None,
    expires: date | None,
    expires_after_days: int | None,
    expires_after_months: int | None,
    instalments: int | None,
    every: str,
    splits: str,
    po: str | None,
    terms: str | None,
    currency: str | None,
) -> "OrderTerms":
    """What the file says, or the one line that the options describe."""
    from creditctl.rules.order_forms import LineTerms, Schedule
    from creditctl.services.order_offers import read_order_file, terms_of_line

    if file is not None:
        given = (credits, unit_price, discount, product, start, expires, expires_after_days)
        more = (expires_after_months, instalments, po, terms, currency)
        if any(value is not None for value in (*given, *more)):
            raise InvalidInput("--file says all of the order form", hint="leave the others out")
        return read_order_file(context, file)
    if credits is None:
        raise InvalidInput("nothing is sold", hint="add --credits CREDITS, or --file FILE")
    line = LineTerms(
        credits=credits,
        starts_on=start or context.now.date(),
        unit_price=unit_price,
        discount=discount,
        product=product,
        expires_on=expires,
        expires_after_days=expires_after_days,
        expires_after_months=expires_after_months,
        schedule=Schedule(times=instalments or 1, every=every, splits=splits),
    )
    return terms_of_line(context, line, currency=currency, po_number=po, terms=terms)
