"""Organizations as they are listed: all of them, or those that fit."""

from dataclasses import dataclass
from datetime import date, datetime

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.tax.parties import Validity
from creditctl.services.org_tax import exemption_in_words
from creditctl.store.engine import reading
from creditctl.store.queries.orgs import OrganizationRow, list_organizations
from creditctl.store.queries.subscriptions import plans_of_organizations

STATUSES = ("active", "suspended", "closed")
KINDS = ("registered", "guest")


@dataclass(frozen=True, slots=True)
class Organization:
    """Who uses and pays for the API."""

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
    plan: str | None
    aligned: bool
    """Its credits are billed by the periods of its subscription."""

    created_at: datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFilter:
    """Which organizations are listed; `search` looks into slug, name, e-mail, tax id and id."""

    status: str | None = None
    kind: str | None = None
    country: str | None = None
    plan: str | None = None
    search: str | None = None


EVERYBODY = OrgFilter()


def list_all_organizations(context: Context, only: OrgFilter = EVERYBODY) -> list[Organization]:
    """The organizations that fit, by slug; raises InvalidInput for a status or kind of none."""
    _check_word("--status", only.status, STATUSES)
    _check_word("--kind", only.kind, KINDS)
    with reading(context.database) as unit:
        rows = list_organizations(
            unit, status=only.status, kind=only.kind, country=only.country, search=only.search
        )
        plans = plans_of_organizations(unit, context.now)
    return [shown(row, plans.get(row.id)) for row in rows if only.plan in (None, plans.get(row.id))]


def shown(row: OrganizationRow, plan: str | None) -> Organization:
    """An organization as it is listed."""
    return Organization(
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
        plan=plan,
        aligned=row.aligned,
        created_at=row.created_at,
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


def _check_word(option: str, word: str | None, known: tuple[str, ...]) -> None:
    if word is not None and word not in known:
        raise InvalidInput(f"{option}: {word!r} is none of {', '.join(known)}")
