"""Where a journal's transactions come from: one function for each kind of document.

A function takes the lots and days of a `Span` and gives balanced transactions of all time up to
its end; those of before its first day may be summed, dated on the day before.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from creditctl.rules.instants import day_of
from creditctl.rules.journal import CREDITS, Posting, Transaction, account, merged, transfer
from creditctl.services.deferred_revenue import Lot
from creditctl.services.fee_revenue import earned_fees
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.journal import CreditMovement, SoldRow, credits_moved, sold_before

EVER = date(1970, 1, 1)
CASH = account("Assets", "Cash")
CREDIT_NOTES = account("Liabilities", "Credit-notes")
"""Owed for what was reversed, until credit notes settle it."""

UNBILLED_FEES = account("Assets", "Unbilled", "Fees")
"""Fees that were earned; invoices take from it what they bill."""

UNBILLED_ORDERS = account("Assets", "Unbilled", "order_form")
"""Order forms whose credits were granted; invoices take from it what they bill."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a journal, [first, end), and the lots sold until then."""

    first: date
    end: date
    now: datetime
    lots: list[Lot]

    @property
    def before(self) -> date:
        """The day on which sums of earlier days are dated."""
        return self.first - _DAY


Source: TypeAlias = Callable[[UnitOfWork, Span], Iterator[Transaction]]


def purchases(unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """What was bought and paid: cash, taxes owed, and revenue that is deferred."""
    rows = sold_before(unit, EVER, span.end)
    for _, taxes in groupby(rows, key=attrgetter("purchase")):
        lines: list[SoldRow] = list(taxes)
        sold = lines[0]
        owed = [
            Posting(account("Liabilities", "Tax", line.place, line.tax), -line.tax_minor)
            for line in lines
            if line.tax_minor
        ]
        yield Transaction(
            sold.posted_on,
            f"Purchase {sold.receipt}, {sold.organization}, {sold.purchase}",
            sold.currency,
            merged(
                [
                    Posting(CASH, sold.gross_minor),
                    Posting(deferred(sold.source), -sold.net_minor),
                    *owed,
                ]
            ),
        )


def other_sales(_unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """Credits of order forms, and paid ones granted by hand: an invoice bills them."""
    for lot in span.lots:
        if lot.row.purchase is None and lot.price:
            yield transfer(
                lot.row.sold_on,
                f"Grant {lot.row.public_id}, {lot.row.organization}",
                lot.row.currency,
                debit=unbilled(lot.row.source),
                credit=deferred(lot.row.source),
                amount=lot.price,
            )


def burn_down(_unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """What paid credits earned, day by day: when used, when expired; or owed back if reversed.

    Nothing of ours billed what was granted by hand: reversed, it is to be billed no more.
    """
    sums: dict[tuple[date, str, str, str], int] = defaultdict(int)
    for lot in span.lots:
        value = lot.value(EVER)
        for day in [span.before, *lot.days(span.first)]:
            after = lot.value(day + _DAY)
            key = day, lot.row.source, lot.row.currency
            sums[*key, "used"] += after.used - value.used
            sums[*key, "expired"] += after.expired - value.expired
            ended = "reversed" if lot.row.purchase or lot.row.is_ordered else "reversed, not billed"
            sums[*key, ended] += after.reversed - value.reversed
            value = after
    for (day, source, currency, what), amount in sorted(sums.items()):
        if amount:
            earned = {
                "used": account("Income", "Usage", source),
                "reversed": CREDIT_NOTES,
                "reversed, not billed": unbilled(source),
            }
            yield transfer(
                day,
                f"Credits {what}, {source}",
                currency,
                debit=deferred(source),
                credit=earned.get(what, account("Income", "Breakage", source)),
                amount=amount,
            )


def fees(unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """What subscription fees earned, in one sum on the last day."""
    sums: dict[tuple[date, str], int] = defaultdict(int)
    earned = earned_fees(unit, span.now, [span.first, span.end])
    for (_, currency), (before, after) in sorted(earned.items()):
        sums[span.before, currency] += before
        sums[span.end - _DAY, currency] += after - before
    for (day, currency), amount in sorted(sums.items()):
        if amount:
            yield transfer(
                day,
                "Subscription fees",
                currency,
                debit=UNBILLED_FEES,
                credit=account("Income", "Fees"),
                amount=amount,
            )


def credits(unit: UnitOfWork, span: Span) -> Iterator[Transaction]:
    """Every movement of credits, so that balances of organizations can be told from the journal."""
    rows = credits_moved(unit, span.first, span.end)
    for (day, kind), moved in groupby(rows, key=lambda row: (row.day, row.kind)):
        postings = merged(posting for row in moved for posting in _credit_postings(row))
        if postings:
            on = day_of(day) if day else span.before
            yield Transaction(on, f"Credits: {kind.replace('_', ' ')}", CREDITS, postings)


def deferred(source: str) -> str:
    """The liability for unused credits of a source."""
    return account("Liabilities", "Deferred", source)


def unbilled(source: str) -> str:
    """What was granted for money, until invoices bill it."""
    return account("Assets", "Unbilled", source)


def balance(organization: str, source: str) -> str:
    """The account of an organization's credits of a source, or of its overage."""
    return account("Liabilities", "Credits", organization, source)


def _credit_postings(row: CreditMovement) -> Iterator[Posting]:
    """A balance is owed, so it is below zero; a settlement moves it to the overage."""
    if row.settles:
        # Of a grant's repayment, of a waiver or of an invoice, which take from nobody's balance.
        paid = row.source != "overage"
        taken = account(*_KINDS["invoiced" if row.invoiced else "waiver"])
        giver = balance(row.organization, row.source) if paid else taken
        amount = -row.micro if paid else row.micro
        yield Posting(giver, amount)
        yield Posting(balance(row.organization, "overage"), -amount)
        return
    yield Posting(balance(row.organization, row.source), -row.micro)
    yield Posting(account(*_KINDS[row.kind]), row.micro)


_KINDS = {
    "grant": ("Equity", "Credits", "Granted"),
    "usage": ("Equity", "Credits", "Used"),
    "overage": ("Equity", "Credits", "Used"),
    "unwind": ("Equity", "Credits", "Used"),
    "expiry": ("Equity", "Credits", "Expired"),
    "expiry_reversal": ("Equity", "Credits", "Expired"),
    "rollover": ("Equity", "Credits", "Moved"),
    "rollover_reversal": ("Equity", "Credits", "Moved"),
    "transfer": ("Equity", "Credits", "Moved"),
    "reversal": ("Equity", "Credits", "Reversed"),
    "waiver": ("Equity", "Credits", "Waived"),
    "invoiced": ("Equity", "Credits", "Invoiced"),
}
"""Kind of ledger entry -> the account on its other side."""

SOURCES: tuple[Source, ...] = (purchases, other_sales, burn_down, fees, credits)
"""Every kind of document beside those of invoices, which are in `journal_invoices`."""
