"""Final invoices that bill fees, and what else they bill."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.receivables import BilledPartRow, parts_of

_STANDING = """
    i.status NOT IN ('draft', 'void')
    AND EXISTS (SELECT 1 FROM invoice_line AS f WHERE f.invoice_id = i.id AND f.kind = 'fee')
"""
_INCLUDED = "i.prices_include_tax AND i.tax_minor <> 0"


@dataclass(frozen=True, slots=True)
class FeeInvoiceRow:
    """An invoice with fees, its days [starts_at, ends_at) and its net in minor units."""

    id: int
    organization_id: int
    starts_at: datetime
    ends_at: datetime
    net_minor: int
    total_minor: int
    includes_tax: bool
    """Whether the amounts of its lines contain a tax."""


def fee_invoices(unit: UnitOfWork) -> list[FeeInvoiceRow]:
    """Every final invoice with fees that is not void, by organization, the oldest first."""
    return unit.fetch(
        FeeInvoiceRow,
        f"""
        SELECT i.id, i.organization_id, i.starts_at, i.ends_at, i.subtotal_minor, i.total_minor,
               {_INCLUDED}
        FROM invoice AS i WHERE {_STANDING} ORDER BY i.organization_id, i.ends_at
        """,
    )


def parts_with_tax(unit: UnitOfWork) -> list[BilledPartRow]:
    """What those of them bill whose amounts contain a tax, invoice by invoice."""
    return unit.fetch(
        BilledPartRow,
        parts_of(f"SELECT i.id FROM invoice AS i WHERE {_STANDING} AND {_INCLUDED}"),
    )
