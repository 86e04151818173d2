"""The tax of an invoice: by the catalog, and the parties, of the last day of its period.

Usage is complete on that day, and it does not depend on when drafts are made: an invoice of long
ago comes out the same today.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.rules.invoice_amounts import taxed_invoice
from creditctl.rules.periods import Period
from creditctl.rules.tax.assessment import Assessment, Sale
from creditctl.rules.tax.words import CATEGORY_CODES
from creditctl.rules.units import Money
from creditctl.services.sale_documents import sale_document
from creditctl.services.sale_terms import SaleTerms, buyer_from, sale_terms
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_drafts import DraftAmounts, InvoiceTaxRow
from creditctl.store.queries.orgs import OrganizationRow

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TaxedDraft:
    """What a draft comes to, and its taxes."""

    amounts: DraftAmounts
    taxes: tuple[InvoiceTaxRow, ...]


class TermsBook:
    """The terms of sales at several times, each read once in a run."""

    def __init__(self) -> None:
        self._known: dict[datetime, SaleTerms] = {}

    def at(self, unit: UnitOfWork, at: datetime) -> SaleTerms:
        """The terms in force at that time; raises CatalogMissing."""
        if at not in self._known:
            self._known[at] = sale_terms(unit, at)
        return self._known[at]


def tax_point(period: Period) -> datetime:
    """The last instant of the period: its day decides about the tax."""
    return period.ends_at - _INSTANT


def taxed_draft(
    terms: SaleTerms, owner: OrganizationRow, period: Period, base: Money
) -> TaxedDraft:
    """Tax the sum of an invoice's lines for an organization.

    Without a seller in the catalog none is charged, and the notice says so. Raises InvalidInput and
    CatalogInvalid where tax cannot be told.
    """
    assessed = taxed_sale(terms, owner, tax_point(period), base)
    notice = None if assessed is None else assessed.notice
    document = None if assessed is None else assessed.document
    amounts = DraftAmounts(
        currency=base.currency,
        subtotal_minor=document.net.minor if document else 0,
        tax_minor=document.tax.minor if document else 0,
        total_minor=document.gross.minor if document else 0,
        prices_include_tax=terms.includes_tax(base.currency),
        treatment=str(assessed.decision.treatment) if assessed else None,
        document=sale_document(terms.seller_card, owner, notice),
    )
    return TaxedDraft(amounts, tuple(_taxes(assessed)) if assessed else ())


def taxed_sale(
    terms: SaleTerms, owner: OrganizationRow, at: datetime, base: Money
) -> Assessment | None:
    """The tax on that sum, owed by an organization at a time; None where there is nothing to tax.

    Raises InvalidInput and CatalogInvalid where tax cannot be told.
    """
    sale = Sale(
        seller=terms.seller,
        buyer=buyer_from(owner, at, trusting=terms.trusts_check_digits),
        day=at.date(),
        currency=base.currency,
        prices_include_tax=terms.includes_tax(base.currency),
    )
    return taxed_invoice(base, sale, terms.rates, terms.rulings)


def _taxes(assessed: Assessment) -> list[InvoiceTaxRow]:
    place = assessed.decision.place
    return [
        InvoiceTaxRow(
            country=place.country if place else "",
            region=place.region if place else None,
            name=tax.name,
            category=CATEGORY_CODES[assessed.decision.treatment],
            ppm=tax.ppm,
            taxable_minor=tax.taxable.minor,
            tax_minor=tax.tax.minor,
        )
        for tax in assessed.document.taxes
    ]
