"""`invoice show --explain`: every line traced to what it was made of, and whether it sums.

Credits are those of rollups and ledger entries, read anew and not from the invoice: where they do
not sum to the line, the books have changed under it. Money follows them, split to the minor unit.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from creditctl.context import Context
from creditctl.rules.invoice_lines import Line, applied_text, origin_text
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits, Money, split_exactly
from creditctl.services.invoice_figures import is_billed_in
from creditctl.services.invoices import find_invoice
from creditctl.services.price_spans import DayPrice, day_price, price_spans
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.billing import ListPriceRow, list_prices
from creditctl.store.queries.invoice_lineage import (
    traced_corrections,
    traced_days,
    traced_draws,
)
from creditctl.store.queries.invoices import InvoiceRow, lines_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """A part of line number `line`; `price` says what decided it, and since when."""

    line: int
    source: str
    requests: int | None
    credits: Credits | None
    price: str
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceExplanation:
    """Parts line by line; `closes` when the parts of every line sum to it."""

    id: str
    number: str | None
    organization: str
    month: str
    closes: bool
    parts: tuple[ExplainedPart, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """Something that lines are made of; `span` tells lines of one price and name apart."""

    kind: str
    description: str
    price: Decimal
    span: int
    words: str
    requests: int | None
    credits: Credits
    decided_by: str


def explain_invoice(
    context: Context, reference: str, month: Period | None = None
) -> InvoiceExplanation:
    """Trace the invoice's lines; raises what `show_invoice` does."""
    with reading(context.database) as unit:
        row = find_invoice(unit, reference, month)
        lines = lines_of(unit, row)
        periods = periods_of(unit, row.organization_id, row.ends_at + _DAY)
        sources = list(_sources(unit, row, periods, list_prices(unit, row.currency)))
    groups: dict[tuple[str, str, Decimal | None, int], list[_Source]] = defaultdict(list)
    for source in sources:
        groups[source.kind, source.description, source.price, source.span].append(source)
    parts: list[ExplainedPart] = []
    closes = True
    for number, line in enumerate(lines, start=1):
        found = _parts(number, line, groups, periods, row)
        parts += found
        closes = closes and _sums(line, found)
    return InvoiceExplanation(
        row.public_id, row.number, row.organization, row.month, closes, tuple(parts)
    )


def _parts(
    number: int,
    line: Line,
    groups: dict[tuple[str, str, Decimal | None, int], list[_Source]],
    periods: Sequence[SubscriptionPeriod],
    row: InvoiceRow,
) -> list[ExplainedPart]:
    keys = [key for key in groups if key[:3] == (line.kind, line.description, line.unit_price)]
    if keys:
        # Lines come in the order of time: the earliest days that no line was made of yet.
        sources = groups.pop(min(keys, key=lambda key: key[3]))
        shares = split_exactly(line.amount.minor, [abs(one.credits.micro) for one in sources])
        return [
            ExplainedPart(
                number,
                one.words,
                one.requests,
                one.credits,
                one.decided_by,
                Money(minor, row.currency),
            )
            for one, minor in zip(sources, shares, strict=True)
        ]
    words, price = _whole_line(line, periods, Period(row.starts_at, row.ends_at))
    return [ExplainedPart(number, words, line.requests, line.credits, price, line.amount)]


def _whole_line(line: Line, periods: Sequence[SubscriptionPeriod], days: Period) -> tuple[str, str]:
    """What a line without days is made of: a plan's fee, an order form, what is left of others."""
    if line.kind == "fee":
        for period in periods:
            dates = f"{period.starts_at:%Y-%m-%d} until {period.whole.ends_at:%Y-%m-%d}"
            if is_billed_in(period, days) and line.description.endswith(dates):
                share = "" if period.previous is None else ", prorated by whole days"
                since = f"plan {period.plan.name}, fee since {period.plan.effective_from:%Y-%m-%d}"
                return f"subscription period {dates}{share}", since
    words = {
        "order": line.description,
        "covered": "usage under an unlimited plan: nothing is deducted",
        "rounding": "what rounding line by line leaves over",
    }
    return words.get(line.kind, "not found in the books"), ""


def _sums(line: Line, parts: Sequence[ExplainedPart]) -> bool:
    if sum(part.amount.minor for part in parts) != line.amount.minor or not parts:
        return False
    if any(part.source == "not found in the books" for part in parts):
        return False
    if line.requests is not None and sum(part.requests or 0 for part in parts) != line.requests:
        return False
    credits = sum((part.credits for part in parts if part.credits is not None), NO_CREDITS)
    return line.credits is None or credits == line.credits


def _sources(
    unit: UnitOfWork,
    row: InvoiceRow,
    periods: Sequence[SubscriptionPeriod],
    prices: Sequence[ListPriceRow],
) -> Iterator[_Source]:
    spans = price_spans(Period(row.starts_at, row.ends_at), periods, prices)

    def span_of(at: datetime) -> int:
        return next((n for n, (span, _) in enumerate(spans) if at in span), -1)

    def made(
        kind: str, text: str, at: datetime, words: str, requests: int | None, credits: Credits
    ) -> _Source:
        price = day_price(at, periods, prices)
        span = span_of(at) if kind in ("usage", "credits") else -1
        return _Source(kind, text, price.price, span, words, requests, credits, _decided_by(price))

    for day in traced_days(unit, row.id):
        text = f"{day.product}, {day.tier} tier" if day.tier else day.product
        kind = "late" if day.month else "usage"
        if day.month:
            text = f"{origin_text(day.month, is_correction=False)}: {day.product}"
        words = f"usage of {day.at:%Y-%m-%d}"
        yield made(kind, text, day.at, words, day.requests, day.credits)
    for one in traced_corrections(unit, row.id):
        text = f"{origin_text(one.month, is_correction=True)}: {one.product}"
        words = f"ledger entry {one.entry_id}, usage of {one.at:%Y-%m-%d}"
        yield made("correction", text, one.at, words, None, one.credits)
    for draw in traced_draws(unit, row.id):
        text = applied_text(draw.source)
        earlier = draw.correction or draw.late
        if earlier:
            origin = origin_text(earlier, is_correction=bool(draw.correction))
            text = f"{origin}, {text[0].lower()}{text[1:]}"
        entries = "1 ledger entry" if draw.entries == 1 else f"{draw.entries} ledger entries"
        words = f"{draw.grant or draw.source}, {draw.at:%Y-%m-%d}, {entries}"
        yield made("credits", text, draw.at, words, None, -draw.credits)


def _decided_by(price: DayPrice) -> str:
    if price.plan is not None:
        since = f"{price.plan.effective_from:%Y-%m-%d}"
        return f"{price.price}, plan {price.plan.name} since {since}"
    since = f"{price.listed.effective_from:%Y-%m-%d}" if price.listed else ""
    return f"{price.price}, list price since {since}"
