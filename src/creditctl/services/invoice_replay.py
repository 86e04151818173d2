"""`invoice replay` and `invoice diff`: what an invoice would be today, and why (DESIGN 3.8).

Replay makes the invoice anew from what is stored: usage of its days whenever it came, who paid it,
plans, prices and taxes. Usage that came after it was final is on a later invoice; it makes a
difference all the same, and is named with its import.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.invoice_difference import (
    Pair,
    Stated,
    StatedTax,
    amount_of,
    canonical_text,
    side_by_side,
)
from creditctl.rules.invoice_lines import Line
from creditctl.rules.periods import Period
from creditctl.rules.units import Credits, Money
from creditctl.services.invoice_causes import Cause, cause_of, causes_since
from creditctl.services.invoice_taxes import TermsBook
from creditctl.services.invoice_today import TodaysInvoice, invoice_today
from creditctl.services.invoices import find_invoice
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.invoice_drafts import InvoiceTaxRow, taxes_of
from creditctl.store.queries.invoice_history import late_usage_listed, late_usage_of_span
from creditctl.store.queries.invoices import InvoiceRow, lines_of

TODAY = "today"


@dataclass(frozen=True, slots=True)
class InvoiceDifference:
    """A line, tax or total of both; `cause` is what made the difference."""

    part: str
    description: str
    before_credits: Credits | None
    after_credits: Credits | None
    before_price: Decimal | None
    after_price: Decimal | None
    before: Money
    after: Money
    change: Money
    cause: str | None


@dataclass(frozen=True, slots=True)
class InvoiceReplay:
    """An invoice made anew: equal to the byte, or what differs and why.

    The digests are SHA-256 of the canonical text of lines, taxes and totals.
    """

    id: str
    number: str | None
    organization: str
    month: str
    finalized_at: datetime | None
    equal: bool
    digest: str
    digest_today: str
    problem: str | None
    """Why no invoice can be made today."""

    differences: tuple[InvoiceDifference, ...]
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class InvoiceComparison:
    """Two invoices side by side, or one and what it would be today."""

    before: str
    after: str
    equal: bool
    problem: str | None
    parts: tuple[InvoiceDifference, ...]


def replay_invoice(context: Context, reference: str) -> InvoiceReplay:
    """Make a final invoice anew from the books as they are now; nothing is written.

    Raises InvoiceNotFound, and Conflict for a draft.
    """
    with reading(context.database) as unit:
        row = find_invoice(unit, reference)
        if row.status == "draft" or row.finalized_at is None:
            raise Conflict(
                f"{row.public_id} is a draft",
                hint=f"creditctl invoice diff {row.public_id} --now",
            )
        stored = stated_of(unit, row)
        today, problem = _today(unit, row)
        causes = causes_since(unit, row, row.finalized_at)
    texts = canonical_text(stored), canonical_text(today)
    is_equal = texts[0] == texts[1] and problem is None
    return InvoiceReplay(
        id=row.public_id,
        number=row.number,
        organization=row.organization,
        month=row.month,
        finalized_at=row.finalized_at,
        equal=is_equal,
        digest=sha256(texts[0].encode()).hexdigest(),
        digest_today=sha256(texts[1].encode()).hexdigest(),
        problem=problem,
        differences=tuple(
            _difference(pair, stored.currency, today.currency, cause_of(pair, causes))
            for pair in side_by_side(stored, today)
            if pair.differs
        ),
        causes=() if is_equal else causes,
    )


def compare_invoices(
    context: Context, before: str, after: str | None = None, *, now: bool = False
) -> InvoiceComparison:
    """Two invoices by id or number side by side, or one and what it would be today.

    Raises InvoiceNotFound, and InvalidInput unless exactly one of `after` and `now` is given, and
    for invoices in two currencies.
    """
    if (after is None) != now:
        raise InvalidInput("say what to compare it with", hint="another invoice, or --now")
    problem = None
    with reading(context.database) as unit:
        row = find_invoice(unit, before)
        old = stated_of(unit, row)
        name = TODAY
        if after is None:
            new, problem = _today(unit, row)
        else:
            other = find_invoice(unit, after)
            name, new = other.number or other.public_id, stated_of(unit, other)
    if old.currency != new.currency:
        raise InvalidInput(f"one is in {old.currency}, the other in {new.currency}")
    return InvoiceComparison(
        before=row.number or row.public_id,
        after=name,
        equal=canonical_text(old) == canonical_text(new) and problem is None,
        problem=problem,
        parts=tuple(
            _difference(pair, old.currency, new.currency, None) for pair in side_by_side(old, new)
        ),
    )


def stated_of(unit: UnitOfWork, row: InvoiceRow) -> Stated:
    """What a stored invoice says."""
    return Stated(
        row.currency,
        lines_of(unit, row),
        tuple(_tax(tax) for tax in taxes_of(unit, row.id)),
        {"subtotal": row.subtotal_minor, "tax": row.tax_minor, "total": row.total_minor},
    )


def _today(unit: UnitOfWork, row: InvoiceRow) -> tuple[Stated, str | None]:
    """What the invoice would say now, and why it cannot be made where it cannot."""
    period = Period(row.starts_at, row.ends_at)
    book = TermsBook()
    if row.status == "draft":
        made = invoice_today(unit, row.organization_id, period, book, invoice_id=row.id)
    else:
        span = row.id, row.organization_id, row.starts_at, row.ends_at
        late = [*late_usage_listed(unit, row.id), *late_usage_of_span(unit, *span)]
        made = invoice_today(
            unit, row.organization_id, period, book, invoice_id=row.id, late_rows=late
        )
    return _stated_today(made), made.problem


def _stated_today(made: TodaysInvoice) -> Stated:
    if made.taxed is None:
        return Stated(made.currency, made.lines, (), {})
    amounts = made.taxed.amounts
    totals = {
        "subtotal": amounts.subtotal_minor,
        "tax": amounts.tax_minor,
        "total": amounts.total_minor,
    }
    return Stated(made.currency, made.lines, tuple(map(_tax, made.taxed.taxes)), totals)


def _tax(tax: InvoiceTaxRow) -> StatedTax:
    place = "-".join(part for part in (tax.country, tax.region) if part)
    return StatedTax(place, tax.name, tax.ppm, tax.taxable_minor, tax.tax_minor)


def _difference(pair: Pair, currency: str, other: str, cause: str | None) -> InvoiceDifference:
    before, after = amount_of(pair.before), amount_of(pair.after)
    old = pair.before if isinstance(pair.before, Line) else None
    new = pair.after if isinstance(pair.after, Line) else None
    return InvoiceDifference(
        part=pair.part,
        description=pair.description,
        before_credits=old.credits if old else None,
        after_credits=new.credits if new else None,
        before_price=old.unit_price if old else None,
        after_price=new.unit_price if new else None,
        before=Money(before, currency),
        after=Money(after, other),
        change=Money(after - before, other),
        cause=cause,
    )
