"""What makes an invoice that is drafted anew differ from the draft before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from creditctl.rules.invoice_lines import Line

_FIGURES = {
    "fee": "fee",
    "order": "order form",
    "usage": "usage",
    "late": "late usage",
    "correction": "correction",
    "credits": "credits applied",
    "covered": "credits applied",
}
"""What a line of each kind is about."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A line without what follows from price and credits."""

    kind: str
    description: str
    requests: int | None
    credits: int | None
    fixed: int | None
    """Its amount, where no price makes it."""


def changes_between(before: Iterable[Line], after: Iterable[Line]) -> tuple[str, ...]:
    """Words such as `usage`, `price` or `fee`, in the order of an invoice; none for equal lines.

    A price changed where the same credits have another price. Rounding lines follow from others.
    """
    old, new = list(before), list(after)
    changed = {_figure(line) for line in old} ^ {_figure(line) for line in new}
    about = {_FIGURES[figure.kind] for figure in changed if figure.kind in _FIGURES}
    words = [word for word in dict.fromkeys(_FIGURES.values()) if word in about]
    if _prices(old) != _prices(new) and (_unpriced(old) == _unpriced(new) or not words):
        words.append("price")
    return tuple(words)


def _figure(line: Line) -> _Figure:
    credits = None if line.credits is None else line.credits.micro
    fixed = line.amount.minor if line.unit_price is None else None
    return _Figure(line.kind, line.description, line.requests, credits, fixed)


def _prices(lines: Iterable[Line]) -> set[Decimal]:
    return {line.unit_price for line in lines if line.unit_price is not None}


def _unpriced(lines: Iterable[Line]) -> list[tuple[str, str]]:
    return sorted((line.kind, line.description) for line in lines)
