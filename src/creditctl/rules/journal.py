"""Double entry: balanced transactions of one commodity each (DESIGN 3.8)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import decimal_text

CREDITS = "CREDITS"
"""The commodity in which balances of organizations are kept, beside money."""

RETAINED = "Equity:Retained"
"""Where income of earlier months stands."""

_CREDIT_PLACES = 6
_UNSAFE = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True, order=True)
class Posting:
    """An amount in minor units, or micro-credits; above zero it is a debit."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True, order=True)
class Transaction:
    """What happened on a day, in one currency or in credits; its postings sum to zero."""

    day: date
    text: str
    commodity: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(posting.amount for posting in self.postings):
            raise ValueError(f"{self.text} on {self.day} does not balance")


@lru_cache(maxsize=65_536)  # a large company's journal names each of its accounts every day
def account(*parts: str) -> str:
    """`Assets`, `Unbilled`, `order_form` as `Assets:Unbilled:Order-form`.

    Letters, digits and hyphens, each part with a capital or a digit first: what hledger and
    Beancount both take.
    """
    return ":".join(_safe(part) for part in parts)


def transfer(
    day: date, text: str, commodity: str, *, debit: str, credit: str, amount: int
) -> Transaction:
    """A transaction of two postings; below zero it runs the other way."""
    return Transaction(day, text, commodity, (Posting(debit, amount), Posting(credit, -amount)))


def amount_text(amount: int, commodity: str) -> str:
    """The exact decimal text of an amount in its commodity, with all its places."""
    return decimal_text(amount, places_of(commodity), keep_zeros=True)


def places_of(commodity: str) -> int:
    """Decimal places of the commodity's smallest unit."""
    return _CREDIT_PLACES if commodity == CREDITS else currency_exponent(commodity)


def with_opening(transactions: Iterable[Transaction], first_day: date) -> list[Transaction]:
    """The transactions from `first_day` on, after one of opening balances for each commodity.

    Balances are then those of the whole history; income of before has become equity.
    """
    balances: dict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for one in transactions:
        if one.day >= first_day:
            kept.append(one)
            continue
        for posting in one.postings:
            is_income = posting.account.startswith(("Income:", "Expenses:"))
            balances[one.commodity, RETAINED if is_income else posting.account] += posting.amount
    return [*_openings(balances, first_day), *sorted(kept)]


def merged(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """One posting for each account, in their order, without those of zero."""
    sums: dict[str, int] = defaultdict(int)
    for posting in postings:
        sums[posting.account] += posting.amount
    return tuple(Posting(name, amount) for name, amount in sorted(sums.items()) if amount)


def accounts_of(transactions: Sequence[Transaction]) -> dict[str, set[str]]:
    """Every account with the commodities it is used in."""
    used: dict[str, set[str]] = defaultdict(set)
    for one in transactions:
        for posting in one.postings:
            used[posting.account].add(one.commodity)
    return dict(sorted(used.items()))


def _openings(balances: dict[tuple[str, str], int], day: date) -> list[Transaction]:
    return [
        Transaction(
            day,
            f"Opening balances of {day - timedelta(days=1)}, {commodity}",
            commodity,
            merged(
                Posting(name, amount)
                for (code, name), amount in balances.items()
                if code == commodity
            ),
        )
        for commodity in sorted({code for (code, _), amount in balances.items() if amount})
    ]


def _safe(part: str) -> str:
    cleaned = _UNSAFE.sub("-", part).strip("-") or "None"
    return cleaned[:1].upper() + cleaned[1:]
