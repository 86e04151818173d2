"""The tax of one document: rounded once per tax, and shared out to its lines to the minor unit.

Net + tax = gross, always: with prices before tax the gross follows, with prices that include tax
the gross stands and the net follows. Halves are rounded away from zero (commercial rounding); once
per rate and document is what Japan's qualified invoices demand and the EU leaves open (CJEU
C-484/06).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from creditctl.rules.tax.rates import STANDARD, Tax
from creditctl.rules.units import Money, split_exactly


@dataclass(frozen=True, slots=True)
class PricedLine:
    """What a line costs, before or with tax as its document says; below zero on credit notes."""

    amount: Money
    category: str = STANDARD


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What an authority gets of a tax."""

    authority: str
    ppm: int
    tax: Money


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax on all lines of a category: `ppm` millionths of `taxable`, the taxed part of `net`."""

    name: str
    category: str
    ppm: int
    net: Money
    taxable: Money
    tax: Money
    shares: tuple[TaxShare, ...]


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line with its part of the document's tax; net + tax = gross."""

    net: Money
    tax: Money
    gross: Money


@dataclass(frozen=True, slots=True)
class TaxedDocument:
    """The lines in their order, the taxes, and the sums of both."""

    lines: tuple[TaxedLine, ...]
    taxes: tuple[TaxLine, ...]
    net: Money
    tax: Money
    gross: Money


def taxed(
    lines: Sequence[PricedLine],
    taxes: Mapping[str, tuple[Tax, ...]],
    currency: str,
    *,
    inclusive: bool,
) -> TaxedDocument:
    """The document of these lines; `taxes` are those of each category, none for the others.

    `inclusive` prices contain the tax. Where none is due they stay what they are.
    """
    tax_of = [0] * len(lines)
    tax_lines: list[TaxLine] = []
    for category in sorted({line.category for line in lines} & taxes.keys()):
        places = [i for i, line in enumerate(lines) if line.category == category]
        amounts = [lines[i].amount.minor for i in places]
        found = _category(category, amounts, taxes[category], currency, inclusive=inclusive)
        for tax_line, parts in found:
            tax_lines.append(tax_line)
            for i, part in zip(places, parts, strict=True):
                tax_of[i] += part
    taxed_lines = [
        _taxed_line(line.amount, Money(tax, currency), inclusive=inclusive)
        for line, tax in zip(lines, tax_of, strict=True)
    ]
    return TaxedDocument(
        tuple(taxed_lines),
        tuple(tax_lines),
        net=Money(sum([line.net.minor for line in taxed_lines]), currency),
        tax=Money(sum([line.tax.minor for line in tax_lines]), currency),
        gross=Money(sum([line.gross.minor for line in taxed_lines]), currency),
    )


def _category(
    category: str, amounts: list[int], taxes: tuple[Tax, ...], currency: str, *, inclusive: bool
) -> list[tuple[TaxLine, list[int]]]:
    """Each tax on the category, and its part for each amount."""
    total = sum(amounts)
    # Of a price with tax, the tax is its share of price and all taxes together.
    rates = [tax.effective for tax in taxes]
    if inclusive:
        divisor = 1 + sum(rates, Fraction(0))
        rates = [rate / divisor for rate in rates]
    due = [_share_of(total, rate) for rate in rates]
    net = total - sum(due) if inclusive else total
    return [
        (
            _tax_line(tax, category, net, minor, currency),
            allocated([amount * rate for amount in amounts]) if len(amounts) > 1 else [minor],
        )
        for tax, rate, minor in zip(taxes, rates, due, strict=True)
    ]


def _tax_line(tax: Tax, category: str, net: int, minor: int, currency: str) -> TaxLine:
    taxable = _share_of(net, tax.taxable)
    parts = split_exactly(minor, tax.weights)
    return TaxLine(
        tax.name,
        category,
        tax.ppm,
        Money(net, currency),
        Money(taxable, currency),
        Money(minor, currency),
        tuple(
            [
                TaxShare(rate.authority, rate.ppm, Money(part, currency))
                for rate, part in zip(tax.rates, parts, strict=True)
            ]
        ),
    )


def _taxed_line(amount: Money, tax: Money, *, inclusive: bool) -> TaxedLine:
    if inclusive:
        return TaxedLine(amount - tax, tax, amount)
    return TaxedLine(amount, tax, amount + tax)


def nearest(exact: Fraction) -> int:
    """The nearest integer, halves away from zero: `units.rounded_half_up` for fractions."""
    return _quotient(exact.numerator, exact.denominator)


def _share_of(amount: int, share: Fraction) -> int:
    """The same of their product, without the search for its lowest terms."""
    return _quotient(amount * share.numerator, share.denominator)


def _quotient(dividend: int, divisor: int) -> int:
    """To the nearest integer, halves away from zero; the divisor is above zero."""
    magnitude = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -magnitude if dividend < 0 else magnitude


def allocated(shares: Sequence[Fraction]) -> list[int]:
    """Integers, each less than one away from its share, that sum to the nearest of all shares' sum.

    Largest remainder; on ties the larger share comes first, then the earlier, so what a line gets
    does not depend on the order of different lines. Negated shares give negated integers, unless
    they sum to 0.
    """
    whole = sum(shares, Fraction(0))
    if whole < 0:
        return [-part for part in allocated([-share for share in shares])]
    parts = [floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (parts[i] - shares[i], -shares[i], i))
    for i in by_remainder[: nearest(whole) - sum(parts)]:
        parts[i] += 1
    return parts
