"""What an invoice would say if it were made today from what is stored; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.errors import CatalogInvalid, InvalidInput
from creditctl.rules.invoice_lines import Line, invoice_lines, total_of
from creditctl.rules.periods import Period
from creditctl.services.invoice_figures import read_figures
from creditctl.services.invoice_taxes import TaxedDraft, TermsBook, tax_point, taxed_draft
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.invoice_sources import ListedLateRow
from creditctl.store.queries.orgs import organization_by_id


@dataclass(frozen=True, slots=True)
class TodaysInvoice:
    """Lines and taxes as they would be drafted now, or why nothing can be."""

    currency: str
    lines: tuple[Line, ...]
    taxed: TaxedDraft | None
    problem: str | None = None


def invoice_today(
    unit: UnitOfWork,
    organization_id: int,
    period: Period,
    book: TermsBook,
    *,
    invoice_id: int | None = None,
    late_rows: Sequence[ListedLateRow] | None = None,
) -> TodaysInvoice:
    """The invoice of an organization for some days, by the books as they are now.

    `invoice_id` and `late_rows` are those of `read_figures`. Raises CatalogMissing.
    """
    terms = book.at(unit, tax_point(period))
    owner = organization_by_id(unit, organization_id)
    own = owner.currency
    figures = read_figures(
        unit,
        organization_id,
        period,
        applied_catalog_version(unit).currency,
        own_currency=own if own in terms.unit_prices else None,
        invoice_id=invoice_id,
        late_rows=late_rows,
    )
    lines = invoice_lines(figures.fees, figures.priced, figures.currency, figures.orders)
    if figures.problem:
        return TodaysInvoice(figures.currency, lines, None, figures.problem)
    base = total_of(lines, figures.currency)
    try:
        taxed = taxed_draft(terms, owner, period, base)
    except (InvalidInput, CatalogInvalid) as problem:
        return TodaysInvoice(figures.currency, lines, None, problem.detail)
    return TodaysInvoice(figures.currency, lines, taxed)
