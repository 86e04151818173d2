"""Documents of invoices as finance reads them: posted, with their taxes and what they bill.

Overage is earned when an invoice bills it: until then its price is not final, and what is bought
may repay it. A fee is earned by the day, and an order form when its credits are used, so an invoice
only takes them from what is unbilled. A credit note takes from revenue as a whole, for it says an
amount and no usage.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from creditctl.rules.billed_amounts import net_parts
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import (
    CREDITED,
    INVOICED,
    VOIDED,
    BilledPartRow,
    PostedRow,
    PostedTaxRow,
    billed_parts,
    documents_posted,
    taxes_posted,
)

OVERAGE, CREDIT_NOTES = "overage", "credit_notes"
"""What documents earn, beside the sources of credits and `fees`."""


@dataclass(frozen=True, slots=True)
class BilledPart:
    """A fee, an order form, or the overage of one price.

    Its net is in minor units, below zero when it was voided.
    """

    row: BilledPartRow
    net: int
    credits: int
    """Micro-credits, signed as `net` is."""


@dataclass(frozen=True, slots=True)
class Document:
    """A posted document; its net is what its parts sum to, and net and taxes are its amount."""

    row: PostedRow
    taxes: tuple[PostedTaxRow, ...]
    parts: tuple[BilledPart, ...]
    """Of invoices and voids."""

    @property
    def fees(self) -> int:
        """The net of its fees."""
        return sum(part.net for part in self.parts if part.row.is_fee)

    @property
    def overage(self) -> int:
        """The net of what usage beyond all credits costs."""
        return sum(part.net for part in self.parts if not (part.row.is_fee or part.row.is_order))

    @property
    def orders(self) -> int:
        """The net of its order forms: their credits earn when they are used, and not here."""
        return sum(part.net for part in self.parts if part.row.is_order)

    @property
    def credited(self) -> int:
        """The net that a credit note takes from revenue, below zero."""
        return self.row.net_minor if self.row.kind == CREDITED and not self.row.lot_id else 0

    @property
    def settled(self) -> int:
        """The net of what was reversed that a credit note settles: it was never earned."""
        return -self.row.net_minor if self.row.lot_id else 0


def read_documents(unit: UnitOfWork, first_day: date, end_day: date) -> list[Document]:
    """Every document posted in [first_day, end_day), in the order in which it was recorded."""
    taxes: dict[int, list[PostedTaxRow]] = defaultdict(list)
    for tax in taxes_posted(unit, first_day, end_day):
        taxes[tax.entry_id].append(tax)
    parts: dict[int, list[BilledPartRow]] = defaultdict(list)
    for part in billed_parts(unit, first_day, end_day):
        parts[part.invoice_id].append(part)
    return [
        Document(row, tuple(taxes[row.id]), tuple(_parts(row, parts[row.invoice_id or 0])))
        for row in documents_posted(unit, first_day, end_day)
    ]


def earned_by_documents(
    unit: UnitOfWork, days: tuple[date, date, date]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(currency, `overage` or `credit_notes`) -> earned from the first day on, and the second."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place in (0, 1):
        for one in read_documents(unit, days[place], days[place + 1]):
            sums[one.row.currency, OVERAGE][place] += one.overage
            sums[one.row.currency, CREDIT_NOTES][place] += one.credited
    return {key: (before, present) for key, (before, present) in sums.items()}


def _parts(row: PostedRow, parts: list[BilledPartRow]) -> list[BilledPart]:
    if row.kind not in (INVOICED, VOIDED):
        return []
    sign = 1 if row.kind == INVOICED else -1
    fees = [part for part in parts if part.is_fee]
    others = [part for part in parts if not part.is_fee]
    nets = net_parts(
        abs(row.net_minor),
        [part.amount_minor for part in fees],
        [part.amount_minor for part in others],
    )
    return [
        BilledPart(part, sign * net, sign * part.micro)
        for part, net in zip(fees + others, nets, strict=True)
    ]
