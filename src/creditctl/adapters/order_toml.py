"""Reads an order form's file: every value checked, every complaint with file, line and key."""

from datetime import date
from pathlib import Path

from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.order_forms import (
    LONGEST_DAYS,
    LONGEST_MONTHS,
    MONTHS_EVERY,
    MOST_TIMES,
    SPLITS,
    LineProblem,
    LineTerms,
    Offer,
    OrderTerms,
    Part,
    Schedule,
)
from creditctl.rules.order_pricing import priced_line


def read_order(path: Path, offer: Offer | None, today: date) -> OrderTerms:
    """Read and check a file; raises FileMissing or InvalidInput.

    Lines are priced as they will be, so that what does not add up is said with its place.
    """
    return parse_order(TomlSource.read(path, InvalidInput), offer, today)


def parse_order(source: TomlSource, offer: Offer | None, today: date) -> OrderTerms:
    """The order form that a TOML text describes; a line begins `today` unless it says otherwise."""
    root = source.root()
    head = root.table("order")
    currency = _currency(head, offer)
    lines = tuple(_line_of(table, currency, offer, today) for table in root.tables("lines"))
    if not lines:
        source.refuse((), "has no lines: write [[lines]]")
    terms = OrderTerms(
        currency=currency,
        lines=lines,
        po_number=head.text("po_number", None),
        terms=head.text("terms", None),
    )
    head.finish()
    root.finish()
    return terms


def _currency(head: TomlTable, offer: Offer | None) -> str:
    currency: str = head.text("currency", offer.currency if offer else ...)
    try:
        currency_exponent(currency)
    except InvalidInput as problem:
        head.refuse("currency", problem.detail)
    return currency


def _line_of(table: TomlTable, currency: str, offer: Offer | None, today: date) -> LineTerms:
    line = LineTerms(
        credits=table.credits("credits"),
        starts_on=table.day("start", today),
        unit_price=table.price("unit_price") if "unit_price" in table else None,
        discount=table.percent("discount", None),
        product=table.text("product", None),
        expires_on=table.day("expires", None),
        expires_after_days=table.whole("expires_after_days", None, least=1, most=LONGEST_DAYS),
        expires_after_months=table.whole(
            "expires_after_months", None, least=1, most=LONGEST_MONTHS
        ),
        schedule=_schedule(table.table("schedule")) if "schedule" in table else None,
        parts=tuple(_part(part, currency) for part in table.tables("instalments")),
    )
    table.finish()
    try:
        priced_line(line, currency, offer)
    except LineProblem as problem:
        table.refuse(problem.field, problem.words)
    return line


def _schedule(table: TomlTable) -> Schedule:
    schedule = Schedule(
        times=table.whole("times", least=1, most=MOST_TIMES),
        every=table.choice("every", tuple(MONTHS_EVERY), "month"),
        splits=table.choice("splits", SPLITS, "both"),
    )
    table.finish()
    return schedule


def _part(table: TomlTable, currency: str) -> Part:
    part = Part(
        on=table.day("on"),
        credits=table.credits("credits", None),
        amount=table.money("amount", currency, None),
    )
    table.finish()
    return part
