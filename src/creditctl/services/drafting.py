"""Drafts of many organizations in one transaction: read, computed and written as a block.

What a draft says does not depend on who else is in its block: an organization whose books do not
add up, or whose tax cannot be told, is parked, and the others of its block are drafted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.rules.invoice_lines import Line, invoice_lines, total_of
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.billing_periods import Neighbours, billing_period
from creditctl.services.carried_drafts import CarriedDraft, carried_drafts
from creditctl.services.invoice_figures import Figures, PeriodsOf, Wanted, read_block
from creditctl.services.invoice_taxes import TaxedDraft, TermsBook, tax_point, taxed_draft
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of_many
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billing import BilledOrganizationRow
from creditctl.store.queries.invoices import InvoiceRow, invoices_by_id, neighbours_of
from creditctl.store.queries.orgs import OrganizationRow, organizations_by_id

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an organization's invoice shall say."""

    owner: OrganizationRow
    month: Period
    period: Period
    """The days it is about; they end in `month`."""

    existing: InvoiceRow | None
    """The draft to be made anew."""

    carried: CarriedDraft | None
    """An earlier draft, too small to be sent, whose days this one takes over."""

    figures: Figures
    lines: tuple[Line, ...]
    taxed: TaxedDraft

    @property
    def total(self) -> Money:
        """What it comes to, tax included."""
        amounts = self.taxed.amounts
        return Money(amounts.total_minor, amounts.currency)


@dataclass(slots=True)
class DraftedBlock:
    """What a block came to: drafts, invoices that are final, and why there is no draft, by slug."""

    drafts: list[Draft] = field(default_factory=list)
    unchanged: list[InvoiceRow] = field(default_factory=list)
    parked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """An organization that can have a draft, and for which days."""

    owner: OrganizationRow
    period: Period
    existing: InvoiceRow | None
    carried: CarriedDraft | None


def draft_block(
    unit: UnitOfWork,
    context: Context,
    organizations: Sequence[BilledOrganizationRow],
    month: Period,
    currency: str,
    book: TermsBook,
) -> DraftedBlock:
    """The drafts of locked organizations as they should be; nothing is written."""
    block = DraftedBlock()
    ids = [organization.id for organization in organizations]
    periods_of = _periods(unit, organizations, month, block)
    places = _places(unit, context, ids, month, periods_of, block)
    wanted = []
    for place in places:
        terms = book.at(unit, tax_point(place.period))
        own = place.owner.currency
        wanted.append(
            Wanted(
                place.owner.id,
                place.period,
                own_currency=own if own in terms.unit_prices else None,
                invoice_id=None if place.existing is None else place.existing.id,
                carried_id=None if place.carried is None else place.carried.id,
            )
        )
    found = read_block(unit, wanted, currency, periods_of)
    for place, figures in zip(places, found, strict=True):
        if figures.problem:
            block.parked[place.owner.slug] = figures.problem
            continue
        lines = invoice_lines(figures.fees, figures.priced, figures.currency, figures.orders)
        terms = book.at(unit, tax_point(place.period))
        try:
            taxed = taxed_draft(terms, place.owner, place.period, total_of(lines, figures.currency))
        except CreditctlError as problem:
            block.parked[place.owner.slug] = problem.detail
            continue
        block.drafts.append(
            Draft(
                place.owner,
                month,
                place.period,
                place.existing,
                place.carried,
                figures,
                lines,
                taxed,
            )
        )
    return block


def _periods(
    unit: UnitOfWork,
    organizations: Sequence[BilledOrganizationRow],
    month: Period,
    block: DraftedBlock,
) -> PeriodsOf:
    """Periods up to a day after the month: the fee of the one that begins then is due in advance.

    Where a subscription makes no sense the others are found one by one, and it is parked.
    """
    until = month.ends_at + _DAY
    try:
        return periods_of_many(unit, [one.id for one in organizations], until)
    except CreditctlError:
        found: dict[int, Sequence[SubscriptionPeriod]] = {}
        for one in organizations:
            try:
                found |= periods_of_many(unit, [one.id], until)
            except CreditctlError as problem:
                block.parked[one.slug] = problem.detail
        return found


def _places(
    unit: UnitOfWork,
    context: Context,
    ids: Sequence[int],
    month: Period,
    periods_of: PeriodsOf,
    block: DraftedBlock,
) -> list[_Place]:
    owners = organizations_by_id(unit, ids)
    neighbours = neighbours_of(unit, ids, month_text(month))
    rows = invoices_by_id(unit, [row.invoice_id for row in neighbours.values() if row.invoice_id])
    carried = carried_drafts(unit, context, ids, month_text(month))
    places = []
    for organization_id in ids:
        owner = owners[organization_id]
        beside = neighbours.get(organization_id)
        existing = rows[beside.invoice_id] if beside and beside.invoice_id else None
        if existing is not None and existing.status != "draft":
            block.unchanged.append(existing)
            continue
        if owner.slug in block.parked:
            continue
        period = billing_period(
            month,
            Neighbours(
                before=beside.before if beside else None,
                after=beside.after if beside else None,
                existing=Period(existing.starts_at, existing.ends_at) if existing else None,
            ),
            periods_of.get(organization_id, ()),
            aligned=owner.aligned,
        )
        if period is None:
            continue
        small = carried.get(organization_id)
        if small is not None and small.ends_at == period.starts_at:
            period = Period(small.starts_at, period.ends_at)
        else:
            small = None
            period = _with_carried_days(period, existing, beside.before if beside else None)
        places.append(_Place(owner, period, existing, small))
    return places


def _with_carried_days(
    period: Period, existing: InvoiceRow | None, before: datetime | None
) -> Period:
    """Days that a draft took over from an earlier one stay on it."""
    since = None if existing is None else existing.carried_from
    if since is None or since >= period.starts_at or (before is not None and before > since):
        return period
    return Period(since, period.ends_at)
