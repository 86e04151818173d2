"""`export focus`: a month's charges as FinOps tools read them (FOCUS 1.2)."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from creditctl.adapters.focus_csv import csv_parts
from creditctl.context import Context
from creditctl.rules.focus import Charge, cells_of
from creditctl.rules.periods import Period, month_text
from creditctl.services.deferred_revenue import read_lots
from creditctl.services.focus_charges import SOURCES, Billing
from creditctl.services.focus_fees import fees
from creditctl.services.focus_invoices import INVOICE_SOURCES
from creditctl.services.new_files import appearing
from creditctl.services.promotion_report import list_price_at
from creditctl.services.sale_terms import sale_terms
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.deferred_revenue import product_names
from creditctl.store.queries.focus import accounts, notes_of_lots, papers_of_lots


@dataclass(frozen=True, slots=True)
class ExportedCharges:
    """What was written."""

    file: str
    month: str
    charges: int


def export_focus(
    context: Context, month: Period, target: Path, *, stdout: BinaryIO | None = None
) -> ExportedCharges:
    """Write the month's charges as CSV, by posting date; the same books give the same bytes.

    Overage and fees are billed when their invoice becomes final. Raises CatalogMissing,
    FileMissing, DiskFull.
    """
    with reading(context.database) as unit:
        seller, charges = read_charges(unit, month, context.now)
    with appearing(target, stdout) as stream:
        for part in csv_parts(cells_of(charge, month, seller) for charge in charges):
            stream.write(part.encode())
    return ExportedCharges(str(target), month_text(month), len(charges))


def read_charges(unit: UnitOfWork, month: Period, now: datetime) -> tuple[str, list[Charge]]:
    """The seller's name, and the month's charges by day, account and kind.

    No fee is earned after the day of `now`.
    """
    first, end = month.starts_at.date(), month.ends_at.date()
    terms = sale_terms(unit, month.ends_at)
    price, currency = list_price_at(unit, month)
    billing = Billing(
        first=first,
        end=end,
        now=now,
        lots=read_lots(unit, first, end),
        accounts=accounts(unit),
        products=product_names(unit),
        prices=dict(terms.unit_prices) | {currency: price},
        currency=currency,
        papers=papers_of_lots(unit),
        notes=notes_of_lots(unit, first, end),
    )
    charges = [
        charge for source in (*SOURCES, *INVOICE_SOURCES, fees) for charge in source(unit, billing)
    ]
    card = terms.seller_card
    seller = applied_catalog_version(unit).name if card is None else card.legal_name
    return seller, sorted(charges, key=_place)


def _place(charge: Charge) -> tuple[object, ...]:
    account = charge.account
    return (
        *(charge.day, account.id, account.name),
        *(charge.category, charge.service, charge.description),
    )
