"""`invoice generate`: a draft for every organization with something to pay in a month."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import CatalogInvalid, InvalidInput
from creditctl.rules.invoice_lines import Line, invoice_lines, total_of
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.billing_periods import billing_period
from creditctl.services.invoice_figures import read_figures
from creditctl.services.invoice_taxes import TaxedDraft, TermsBook, tax_point, taxed_draft
from creditctl.services.invoices import InvoiceSummary, summary_of
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.billing import BilledOrganizationRow, organizations_to_bill
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.invoice_drafts import (
    amounts_of,
    clear_stale,
    insert_draft,
    insert_lines,
    insert_taxes,
    refresh_draft,
    taxes_of,
)
from creditctl.store.queries.invoices import InvoiceRow, invoice_of_month, lines_of
from creditctl.store.queries.late_usage import list_on_invoice
from creditctl.store.queries.orgs import (
    find_organization,
    lock_organizations,
    organization_by_id,
)

CREATED, REFRESHED, UNCHANGED = "created", "refreshed", "unchanged"


@dataclass(frozen=True, slots=True)
class ParkedOrganization:
    """An organization whose books do not add up, so that no invoice was made."""

    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What the invoices in one currency come to."""

    currency: str
    invoices: int
    subtotal: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceRun:
    """What a run made; `total` is the sum of its invoices in the catalog's currency."""

    month: str
    generated_at: datetime
    created: int
    refreshed: int
    unchanged: int
    total: Money
    invoices: tuple[InvoiceSummary, ...]
    parked: tuple[ParkedOrganization, ...]
    totals: tuple[CurrencyTotal, ...]
    """The same for each currency."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What an organization's invoice shall say."""

    organization_id: int
    month: Period
    period: Period
    """The days it is about; they end in `month`."""

    lines: tuple[Line, ...]
    taxed: TaxedDraft

    @property
    def total(self) -> Money:
        """What it comes to, tax included."""
        amounts = self.taxed.amounts
        return Money(amounts.total_minor, amounts.currency)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one organization: an invoice, a problem, or nothing to say."""

    word: str = ""
    invoice: InvoiceRow | None = None
    parked: ParkedOrganization | None = None


def generate_invoices(
    context: Context, month: Period, *, organization: str | None = None
) -> InvoiceRun:
    """Create or refresh the drafts of a calendar month, one transaction per organization.

    Raises InvalidInput while the month runs, CatalogMissing, OrganizationNotFound.
    """
    if month.ends_at > context.now:
        raise InvalidInput(
            f"{month_text(month)} has not ended yet",
            hint=f"it can be invoiced from {month.ends_at:%Y-%m-%d} 00:00 UTC on",
        )
    with reading(context.database) as unit:
        currency = applied_catalog_version(unit).currency
        only = find_organization(unit, organization).id if organization else None
        billed = organizations_to_bill(
            unit,
            month.starts_at.date(),
            month.ends_at.date(),
            month=month_text(month),
            organization_id=only,
        )
    book = TermsBook()
    outcomes = [_draft(context, row, month, currency, book) for row in billed]
    words = Counter(outcome.word for outcome in outcomes)
    invoices = [outcome.invoice for outcome in outcomes if outcome.invoice is not None]
    return InvoiceRun(
        month=month_text(month),
        generated_at=context.now,
        created=words[CREATED],
        refreshed=words[REFRESHED],
        unchanged=words[UNCHANGED],
        total=Money(sum(row.total_minor for row in invoices if row.currency == currency), currency),
        invoices=tuple(summary_of(row) for row in invoices),
        parked=tuple(outcome.parked for outcome in outcomes if outcome.parked is not None),
        totals=tuple(_totals(invoices)),
    )


def _totals(invoices: Sequence[InvoiceRow]) -> Iterator[CurrencyTotal]:
    for currency in sorted({row.currency for row in invoices}):
        rows = [row for row in invoices if row.currency == currency]
        yield CurrencyTotal(
            currency,
            len(rows),
            Money(sum(row.subtotal_minor for row in rows), currency),
            Money(sum(row.tax_minor for row in rows), currency),
            Money(sum(row.total_minor for row in rows), currency),
        )


def _draft(
    context: Context,
    organization: BilledOrganizationRow,
    month: Period,
    currency: str,
    book: TermsBook,
) -> _Outcome:
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization.id])
        existing = invoice_of_month(unit, organization.id, month_text(month))
        if existing is not None and existing.status != "draft":
            return _Outcome(UNCHANGED, existing)
        period = billing_period(unit, organization.id, month)
        if period is None:
            return _Outcome()
        terms = book.at(unit, tax_point(period))
        own = organization_by_id(unit, organization.id).currency
        figures = read_figures(
            unit,
            organization.id,
            period,
            currency,
            own_currency=own if own in terms.unit_prices else None,
            invoice_id=None if existing is None else existing.id,
        )
        if figures.problem:
            return _Outcome(parked=ParkedOrganization(organization.slug, figures.problem))
        lines = invoice_lines(figures.fees, figures.priced, figures.currency)
        base = total_of(lines, figures.currency)
        try:
            taxed = taxed_draft(unit, terms, organization.id, period, base)
        except (InvalidInput, CatalogInvalid) as problem:
            return _Outcome(parked=ParkedOrganization(organization.slug, problem.detail))
        draft = _Draft(organization.id, month, period, lines, taxed)
        if existing is not None:
            word = _refresh(unit, context, existing, draft)
        elif lines:
            word = _create(unit, context, draft)
        else:
            return _Outcome()
        made = invoice_of_month(unit, organization.id, month_text(month))
        if made is not None:
            list_on_invoice(unit, figures.late, made.id)
        return _Outcome(word, made)


def _create(unit: UnitOfWork, context: Context, draft: _Draft) -> str:
    public_id = new_public_id("inv", context.now)
    invoice_id = insert_draft(
        unit,
        public_id=public_id,
        organization_id=draft.organization_id,
        month=month_text(draft.month),
        period=draft.period,
        amounts=draft.taxed.amounts,
        generated_at=context.now,
    )
    insert_lines(unit, invoice_id, draft.lines)
    insert_taxes(unit, invoice_id, draft.taxed.taxes)
    _record(unit, context, CREATED, public_id, draft, before=None)
    return CREATED


def _refresh(unit: UnitOfWork, context: Context, existing: InvoiceRow, draft: _Draft) -> str:
    is_same_period = draft.period == Period(existing.starts_at, existing.ends_at)
    taxed = TaxedDraft(amounts_of(unit, existing.id), tuple(taxes_of(unit, existing.id)))
    if is_same_period and taxed == draft.taxed and lines_of(unit, existing) == draft.lines:
        clear_stale(unit, existing.id)
        return UNCHANGED
    refresh_draft(
        unit,
        existing.id,
        period=draft.period,
        amounts=draft.taxed.amounts,
        generated_at=context.now,
    )
    insert_lines(unit, existing.id, draft.lines)
    insert_taxes(unit, existing.id, draft.taxed.taxes)
    before = Money(existing.total_minor, existing.currency)
    _record(unit, context, REFRESHED, existing.public_id, draft, before=before)
    return REFRESHED


def _record(
    unit: UnitOfWork,
    context: Context,
    word: str,
    public_id: str,
    draft: _Draft,
    *,
    before: Money | None,
) -> None:
    facts = {"month": month_text(draft.month), "currency": draft.total.currency}
    record_change(
        unit,
        context,
        f"invoice.{word}",
        public_id,
        organization_id=draft.organization_id,
        before=None if before is None else facts | {"total": str(before)},
        after=facts | {"total": str(draft.total)},
    )
