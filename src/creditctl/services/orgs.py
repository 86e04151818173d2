"""Organizations: create them, with the credits the catalog gives at sign-up; list and show them."""

import re
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AlreadyExists, CatalogMissing, InvalidInput
from creditctl.rules.catalog import Catalog
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.grants import NewGrant, add_grant
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.enforcement import standing_rows
from creditctl.store.queries.keys import keys_of
from creditctl.store.queries.orgs import (
    OrganizationRow,
    find_organization,
    insert_organization,
    list_organizations,
)
from creditctl.store.queries.subscriptions import subscriptions_of

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Organization:
    """Who uses and pays for the API."""

    id: str
    slug: str
    legal_name: str
    billing_email: str | None
    country: str | None
    kind: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """A new organization and what it was given at sign-up."""

    id: str
    slug: str
    legal_name: str
    kind: str
    granted: Credits
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrganizationCard:
    """Everything about one organization on one screen."""

    id: str
    slug: str
    legal_name: str
    billing_email: str | None
    country: str | None
    kind: str
    status: str
    created_at: datetime
    plan: str | None
    keys: int
    available: Credits
    open_overage: Credits
    postpaid_overage: Credits
    state: str
    reason: str | None


def create_organization(
    context: Context,
    slug: str,
    *,
    legal_name: str | None = None,
    billing_email: str | None = None,
    country: str | None = None,
    guest: bool = False,
) -> CreatedOrganization:
    """Create an organization and grant what the catalog gives at sign-up, in one transaction.

    Registered organizations get the promotions with trigger `signup`, guests the guest credits.
    Raises AlreadyExists and InvalidInput.
    """
    _check(slug, billing_email, country)
    kind = "guest" if guest else "registered"
    with unit_of_work(context.database) as unit:
        public_id = new_public_id("org", context.now)
        organization_id = insert_organization(
            unit,
            public_id=public_id,
            slug=slug,
            legal_name=legal_name or slug,
            billing_email=billing_email,
            country=country,
            kind=kind,
            created_at=context.now,
        )
        if organization_id is None:
            raise AlreadyExists(f"there is an organization {slug!r} already")
        record_change(
            unit,
            context,
            "organization.created",
            public_id,
            organization_id=organization_id,
            after={
                "slug": slug,
                "legal_name": legal_name or slug,
                "billing_email": billing_email,
                "country": country,
                "kind": kind,
            },
        )
        gifts = _gifts(unit, context, organization_id, guest=guest)
        for gift in gifts:
            add_grant(unit, context, gift)
    granted = sum((gift.amount for gift in gifts), NO_CREDITS)
    return CreatedOrganization(public_id, slug, legal_name or slug, kind, granted, context.now)


def list_all_organizations(context: Context) -> list[Organization]:
    """Every organization, by slug."""
    with reading(context.database) as unit:
        return [_shown(row) for row in list_organizations(unit)]


def show_organization(context: Context, reference: str) -> OrganizationCard:
    """One organization with its plan, balance and state; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        row = find_organization(unit, reference)
        balance = balance_of(unit, row.id, row.slug, context.now)
        active = [found for found in subscriptions_of(unit, row.id) if found.status == "active"]
        decided = standing_rows(unit, context.now, row.id)[0].decided.at(context.now)
        return OrganizationCard(
            id=row.public_id,
            slug=row.slug,
            legal_name=row.legal_name,
            billing_email=row.billing_email,
            country=row.country,
            kind=row.kind,
            status=row.status,
            created_at=row.created_at,
            plan=active[0].plan if active else None,
            keys=sum(key.status == "active" for key in keys_of(unit, row.id)),
            available=balance.available,
            open_overage=balance.open_overage,
            postpaid_overage=balance.postpaid_overage,
            state=decided.state.value,
            reason=decided.reason.value or None,
        )


def _check(slug: str, billing_email: str | None, country: str | None) -> None:
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"{slug!r} is no slug", hint="use 2 to 63 lower-case letters, digits and hyphens"
        )
    if billing_email is not None and not _EMAIL.fullmatch(billing_email):
        raise InvalidInput(f"{billing_email!r} is no e-mail address")
    if country is not None and not _COUNTRY.fullmatch(country):
        raise InvalidInput(f"{country!r} is no country code", hint="write it like DE (ISO 3166)")


def _gifts(
    unit: UnitOfWork, context: Context, organization_id: int, *, guest: bool
) -> list[NewGrant]:
    from creditctl.services.catalog import current_catalog  # its parser is not for every list

    try:
        catalog = current_catalog(unit)
    except CatalogMissing:
        return []
    if guest:
        return [_guest_gift(context, catalog, organization_id)]
    return [
        NewGrant(
            organization_id=organization_id,
            source="promotion",
            amount=promotion.amount,
            reason=promotion.title,
            promotion=promotion.name,
        )
        for promotion in catalog.promotions
        if promotion.trigger == "signup"
    ]


def _guest_gift(context: Context, catalog: Catalog, organization_id: int) -> NewGrant:
    if catalog.guest is None:
        raise InvalidInput(
            "the catalog knows no guests", hint="add a [guest] table to it and apply it again"
        )
    return NewGrant(
        organization_id=organization_id,
        source="guest",
        amount=catalog.guest.amount,
        reason="guest credits",
        expires_at=context.now + catalog.guest.lifetime,
    )


def _shown(row: OrganizationRow) -> Organization:
    return Organization(
        id=row.public_id,
        slug=row.slug,
        legal_name=row.legal_name,
        billing_email=row.billing_email,
        country=row.country,
        kind=row.kind,
        status=row.status,
        created_at=row.created_at,
    )
