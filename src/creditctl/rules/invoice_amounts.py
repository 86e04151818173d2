"""What an invoice comes to once it is taxed, what is due of it, and what credit notes take back.

All amounts are minor units of the invoice's currency. Net + tax = total on every document, and
whatever the credit notes of an invoice are cut into, together they never exceed it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from creditctl.errors import InvalidInput
from creditctl.rules.tax.assessment import Assessment, Ruling, Sale, assessed, ruling_on
from creditctl.rules.tax.calculation import PricedLine, nearest
from creditctl.rules.tax.parties import Buyer
from creditctl.rules.tax.rates import STANDARD, TaxRate
from creditctl.rules.units import Money

Rulings: TypeAlias = dict[tuple[Buyer, date], Ruling]


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One tax of a document: what of the net it taxes, and how much it comes to."""

    taxable: int
    tax: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """A document's net and its taxes."""

    net: int
    taxes: tuple[TaxAmount, ...]

    @property
    def tax(self) -> int:
        """All taxes together."""
        return sum(tax.tax for tax in self.taxes)

    @property
    def total(self) -> int:
        """What the document comes to: net and tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Balance:
    """What became of a total: `due` is missing, `surplus` was paid or credited beyond it."""

    due: int
    surplus: int


def taxed_invoice(
    base: Money, sale: Sale, rates: Iterable[TaxRate], rulings: Rulings | None = None
) -> Assessment | None:
    """Tax on the sum of an invoice's lines, once per rate; None where there is nothing to tax.

    Credits were applied before: tax on them was taken when they were acquired (DESIGN 3.8). Raises
    InvalidInput for a base below zero and for a buyer whose place does not tell, CatalogInvalid
    where a rate is missing. `rulings` are those of the same seller and rates, each made once.
    """
    if base.minor < 0:
        raise InvalidInput(f"its lines come to {base} {base.currency}, less than nothing")
    if not base:
        return None
    known = {} if rulings is None else rulings
    ruling = known.get((sale.buyer, sale.day))
    if ruling is None:
        ruling = known[sale.buyer, sale.day] = ruling_on(sale, {STANDARD}, rates)
    return assessed(ruling, sale, [PricedLine(base)])


def balance_of(total: int, paid: int, credited: int) -> Balance:
    """What is due of a total after payments and credit notes, or what is too much of both."""
    open_part = total - paid - credited
    return Balance(max(open_part, 0), max(-open_part, 0))


def credit_note(invoice: Amounts, credited: int, amount: int) -> Amounts:
    """The net and taxes of a credit note of `amount`, tax included, after `credited` before it.

    In proportion to the invoice's, and so that the credit notes which sum to its total sum to its
    net and to each of its taxes: the last one takes the rest. Raises InvalidInput for what is not
    above zero or more than is left.
    """
    left = invoice.total - credited
    if not 0 < amount <= left:
        raise InvalidInput(f"a credit note is above zero and at most what is left: {left}")
    before, after = _share(invoice, credited), _share(invoice, credited + amount)
    return Amounts(
        after.net - before.net,
        tuple(
            TaxAmount(new.taxable - old.taxable, new.tax - old.tax)
            for new, old in zip(after.taxes, before.taxes, strict=True)
        ),
    )


def gross_of_net(document: Amounts, credited: int, net: int) -> int:
    """The amount of a credit note, tax included, that takes back exactly this net after `credited`.

    More than is left is all that is left, which takes the rest of the taxes too.
    """
    wanted = min(_share(document, credited).net + net, document.net)
    if wanted == document.net:
        return document.total - credited
    near = nearest(Fraction(wanted * document.total, document.net))
    # A net grows by one at most with each unit of the total, so that none is left out.
    found = (part for part in (near, near - 1, near + 1) if _share(document, part).net == wanted)
    return next(found) - credited


def gross_of_line(invoice: Amounts, amount: int, *, includes_tax: bool) -> int:
    """What a line of `amount` is with its part of the invoice's tax, at most the invoice's total.

    A usage line is shown before credits are applied, so it may be more than what is billed.
    """
    if includes_tax or not invoice.net:
        return min(amount, invoice.total)
    return min(nearest(Fraction(amount * invoice.total, invoice.net)), invoice.total)


def _share(invoice: Amounts, part: int) -> Amounts:
    """Net and taxes of the first `part` minor units of an invoice's total.

    Cut in two again and again: each cut grows with `part` on both sides, which sharing by largest
    remainders does not (the Alabama paradox), and no credit note may take back less than nothing.
    """
    tax = left = _cut(invoice.tax, part, invoice.total)
    shares = []
    for place, one in enumerate(invoice.taxes):
        own = _cut(one.tax, left, sum(other.tax for other in invoice.taxes[place:]))
        shares.append(TaxAmount(_cut(one.taxable, part, invoice.total), own))
        left -= own
    return Amounts(part - tax, tuple(shares))


def _cut(amount: int, part: int, whole: int) -> int:
    """What of `amount` goes with `part` of `whole`, to the nearest unit."""
    return nearest(Fraction(amount * part, whole)) if whole else 0
