"""Two versions of an invoice beside each other, to the byte and line by line.

The canonical text holds lines, taxes and totals as whole numbers: money in minor units, credits in
micro-credits, prices as they are written. Two invoices are equal when their texts are.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from creditctl.rules.invoice_lines import Line

_Side = TypeVar("_Side", Line, "StatedTax")


@dataclass(frozen=True, slots=True)
class StatedTax:
    """A tax as an invoice states it; amounts in minor units."""

    place: str
    name: str
    ppm: int
    taxable_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What an invoice says."""

    currency: str
    lines: tuple[Line, ...]
    taxes: tuple[StatedTax, ...]
    totals: Mapping[str, int]
    """`subtotal`, `tax` and `total`, in minor units."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A line, tax or total of both; absent where only one has it."""

    part: str
    """A line's kind, `tax` or `total`."""

    description: str
    before: Line | StatedTax | int | None
    after: Line | StatedTax | int | None

    @property
    def differs(self) -> bool:
        """Whether it is not the same in both."""
        return self.before != self.after


def canonical_text(stated: Stated) -> str:
    """The invoice as JSON with sorted keys and no spaces: the same content gives the same bytes."""
    content = {
        "currency": stated.currency,
        "lines": [
            {
                "kind": line.kind,
                "description": line.description,
                "requests": line.requests,
                "credits_micro": None if line.credits is None else line.credits.micro,
                "unit_price": None if line.unit_price is None else str(line.unit_price),
                "amount_minor": line.amount.minor,
            }
            for line in stated.lines
        ],
        "taxes": [
            {
                "place": tax.place,
                "name": tax.name,
                "ppm": tax.ppm,
                "taxable_minor": tax.taxable_minor,
                "tax_minor": tax.tax_minor,
            }
            for tax in stated.taxes
        ],
        "totals": dict(stated.totals),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def side_by_side(before: Stated, after: Stated) -> list[Pair]:
    """Lines by kind and description, taxes by place and name, then totals; in their order."""
    lines = _paired(before.lines, after.lines, lambda line: (line.kind, line.description))
    taxes = _paired(before.taxes, after.taxes, lambda tax: ("tax", f"{tax.name}, {tax.place}"))
    totals = [
        Pair("total", name, before.totals.get(name), after.totals.get(name))
        for name in dict.fromkeys([*before.totals, *after.totals])
    ]
    return [*lines, *taxes, *totals]


def amount_of(side: Line | StatedTax | int | None) -> int:
    """What it comes to, in minor units; nothing where it is absent."""
    if side is None or isinstance(side, int):
        return side or 0
    return side.tax_minor if isinstance(side, StatedTax) else side.amount.minor


def _paired(
    before: Iterable[_Side], after: Iterable[_Side], key: Callable[[_Side], tuple[str, str]]
) -> Iterator[Pair]:
    """Those of one key pair up in their order; what only the second has comes last."""
    sides: dict[tuple[str, str], tuple[list[_Side], list[_Side]]] = {}
    for place, members in enumerate((before, after)):
        for one in members:
            sides.setdefault(key(one), ([], []))[place].append(one)
    for (part, description), (old, new) in sides.items():
        for one, other in zip_longest(old, new):
            yield Pair(part, description, one, other)
