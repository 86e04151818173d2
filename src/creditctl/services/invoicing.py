"""`invoice generate`: a draft for every organization with something to pay in a month."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.invoice_lines import Line, invoice_lines, total_of
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.audit import record_change
from creditctl.services.billing_periods import billing_period
from creditctl.services.invoice_figures import read_figures
from creditctl.services.invoices import InvoiceSummary, summary_of
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.billing import BilledOrganizationRow, organizations_to_bill
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.invoices import (
    InvoiceRow,
    clear_stale,
    insert_draft,
    insert_lines,
    invoice_of_month,
    lines_of,
    refresh_draft,
)
from creditctl.store.queries.late_usage import list_on_invoice
from creditctl.store.queries.orgs import find_organization, lock_organizations

CREATED, REFRESHED, UNCHANGED = "created", "refreshed", "unchanged"


@dataclass(frozen=True, slots=True)
class ParkedOrganization:
    """An organization whose books do not add up, so that no invoice was made."""

    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class InvoiceRun:
    """What a run made; `total` is the sum of its invoices."""

    month: str
    generated_at: datetime
    created: int
    refreshed: int
    unchanged: int
    total: Money
    invoices: tuple[InvoiceSummary, ...]
    parked: tuple[ParkedOrganization, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What an organization's invoice shall say."""

    organization_id: int
    month: Period
    period: Period
    """The days it is about; they end in `month`."""

    lines: tuple[Line, ...]
    total: Money


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
    outcomes = [_draft(context, row, month, currency) for row in billed]
    words = Counter(outcome.word for outcome in outcomes)
    invoices = [outcome.invoice for outcome in outcomes if outcome.invoice is not None]
    return InvoiceRun(
        month=month_text(month),
        generated_at=context.now,
        created=words[CREATED],
        refreshed=words[REFRESHED],
        unchanged=words[UNCHANGED],
        total=Money(sum(row.total_minor for row in invoices), currency),
        invoices=tuple(summary_of(row) for row in invoices),
        parked=tuple(outcome.parked for outcome in outcomes if outcome.parked is not None),
    )


def _draft(
    context: Context, organization: BilledOrganizationRow, month: Period, currency: str
) -> _Outcome:
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [organization.id])
        existing = invoice_of_month(unit, organization.id, month_text(month))
        if existing is not None and existing.status != "draft":
            return _Outcome(UNCHANGED, existing)
        period = billing_period(unit, organization.id, month)
        if period is None:
            return _Outcome()
        invoice_id = None if existing is None else existing.id
        figures = read_figures(unit, organization.id, period, currency, invoice_id=invoice_id)
        if figures.problem:
            return _Outcome(parked=ParkedOrganization(organization.slug, figures.problem))
        lines = invoice_lines(figures.fees, figures.priced, currency)
        draft = _Draft(organization.id, month, period, lines, total_of(lines, currency))
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
        total=draft.total,
        generated_at=context.now,
    )
    insert_lines(unit, invoice_id, draft.lines)
    _record(unit, context, CREATED, public_id, draft, before=None)
    return CREATED


def _refresh(unit: UnitOfWork, context: Context, existing: InvoiceRow, draft: _Draft) -> str:
    is_same_period = draft.period == Period(existing.starts_at, existing.ends_at)
    if is_same_period and lines_of(unit, existing) == draft.lines:
        clear_stale(unit, existing.id)
        return UNCHANGED
    refresh_draft(
        unit, existing.id, period=draft.period, total=draft.total, generated_at=context.now
    )
    insert_lines(unit, existing.id, draft.lines)
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
