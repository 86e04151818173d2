"""`orgs show`: everything about one organization on one screen."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.context import Context
from creditctl.rules.budgets import Span
from creditctl.rules.tax.parties import Validity
from creditctl.rules.units import Credits, Money
from creditctl.services.balances import SourceBalance, balance_of
from creditctl.services.org_tax import exemption_in_words
from creditctl.services.spending import Spending, period_at
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.enforcement import state_rows
from creditctl.store.queries.invoices import list_invoice_rows
from creditctl.store.queries.keys import keys_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization, organization_by_id
from creditctl.store.queries.subscriptions import plans_of_organizations
from creditctl.store.queries.usage_events import last_usage

OPEN = ("draft", "finalized", "sent")


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A daily budget and what it counted today."""

    kind: str
    limit: Credits
    used: Credits


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that is not paid yet."""

    month: str
    status: str
    total: Money


@dataclass(frozen=True, slots=True)
class OrganizationCard:
    """Everything about one organization on one screen."""

    id: str
    slug: str
    legal_name: str
    billing_email: str | None
    country: str | None
    region: str | None
    currency: str | None
    tax_id: str | None
    kind: str
    status: str
    merged_into: str | None
    created_at: datetime
    plan: str | None
    aligned: bool
    keys: int
    """That are active."""

    available: Credits
    open_overage: Credits
    postpaid_overage: Credits
    state: str
    reason: str | None
    last_usage_at: datetime | None
    sources: tuple[SourceBalance, ...]
    budgets: tuple[BudgetLine, ...]
    invoices: tuple[OpenInvoice, ...]
    locality: str | None
    tax_id_confirmed: bool | None
    """What the tax id's register answered; None when it was not asked."""

    tax_exempt_reason: str | None
    tax_exempt_certificate: str | None
    tax_exempt_from: date | None
    tax_exempt_until: date | None
    street: str | None
    postcode: str | None
    city: str | None

    @property
    def tax_exempt(self) -> str | None:
        """Why it pays no tax, and when, in words."""
        days = Validity(self.tax_exempt_from, self.tax_exempt_until)
        return exemption_in_words(self.tax_exempt_reason, self.tax_exempt_certificate, days)

    @property
    def address(self) -> str | None:
        """Street, postcode and city (else the locality) in one line."""
        town = " ".join(part for part in (self.postcode, self.city or self.locality) if part)
        return ", ".join(part for part in (self.street, town) if part) or None

    @property
    def place(self) -> str | None:
        """Country and region in one word."""
        return "-".join(part for part in (self.country, self.region) if part) or None

    @property
    def owed(self) -> Credits:
        """Open and postpaid overage together."""
        return self.open_overage + self.postpaid_overage


def show_organization(context: Context, reference: str) -> OrganizationCard:
    """One organization with its plan, balance, budgets and state; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        row = find_organization(unit, reference)
        balance = balance_of(unit, row.id, row.slug, context.now)
        decided = state_rows(unit, row.id)[0].decided.at(context.now)
        return OrganizationCard(
            id=row.public_id,
            slug=row.slug,
            legal_name=row.legal_name,
            billing_email=row.billing_email,
            country=row.country,
            region=row.region,
            currency=row.currency,
            tax_id=row.tax_id,
            kind=row.kind,
            status=row.status,
            merged_into=_merged_into(unit, row),
            created_at=row.created_at,
            plan=plans_of_organizations(unit, context.now).get(row.id),
            aligned=row.aligned,
            keys=sum(key.is_active(context.now) for key in keys_of(unit, row.id)),
            available=balance.available,
            open_overage=balance.open_overage,
            postpaid_overage=balance.postpaid_overage,
            state=decided.state.value,
            reason=decided.reason.value or None,
            last_usage_at=last_usage(unit, row.id),
            sources=balance.sources,
            budgets=_budgets(unit, context, row.id),
            invoices=_open_invoices(unit, row.id),
            locality=row.locality,
            tax_id_confirmed=row.tax_id_confirmed,
            tax_exempt_reason=row.tax_exempt_reason,
            tax_exempt_certificate=row.tax_exempt_certificate,
            tax_exempt_from=row.tax_exempt_from,
            tax_exempt_until=row.tax_exempt_until,
            street=row.street,
            postcode=row.postcode,
            city=row.city,
        )


def _merged_into(unit: UnitOfWork, row: OrganizationRow) -> str | None:
    if row.merged_into_id is None:
        return None
    return organization_by_id(unit, row.merged_into_id).slug


def _budgets(unit: UnitOfWork, context: Context, organization_id: int) -> tuple[BudgetLine, ...]:
    spending = Spending(unit, context.now, organization_id)
    if not spending.lines:
        return ()
    readings = spending.readings(organization_id, period_at(unit, organization_id, context.now))
    return tuple(
        BudgetLine(reading.line.kind.value, reading.limit, reading.usage)
        for reading in readings
        if reading.line.target == (None, None) and reading.line.span is Span.DAY
    )


def _open_invoices(unit: UnitOfWork, organization_id: int) -> tuple[OpenInvoice, ...]:
    rows = list_invoice_rows(unit, month=None, organization_id=organization_id)
    return tuple(
        OpenInvoice(row.month, row.status, Money(row.total_minor, row.currency))
        for row in rows
        if row.status in OPEN
    )
