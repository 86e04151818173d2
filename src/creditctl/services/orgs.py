"""Organizations: create them, with the credits the catalog gives at sign-up; list and update."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AlreadyExists, InvalidInput
from creditctl.rules.units import Credits
from creditctl.services.audit import record_change
from creditctl.services.org_facts import (
    NO_FACTS,
    OrgFacts,
    checked_facts,
    checked_slug,
    record_signals,
)
from creditctl.services.org_lists import Organization, shown
from creditctl.services.org_tax import NOTHING_TOLD, TaxStanding, standing_columns
from creditctl.services.signup import (
    Evidence,
    SignUp,
    give_guest_credits,
    give_sign_up_credits,
)
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.invoices import mark_drafts_stale_from
from creditctl.store.queries.orgs import (
    OrganizationRow,
    find_organization,
    insert_organization,
    lock_organizations,
    organization_by_id,
    update_organization,
)
from creditctl.store.queries.subscriptions import plans_of_organizations


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """A new organization and what it was given at sign-up."""

    id: str
    slug: str
    legal_name: str
    kind: str
    granted: Credits
    created_at: datetime
    qualification: str | None
    """qualified, suspect or duplicate; None for a guest"""

    refused: tuple[str, ...]
    """Promotions that it did not get."""

    evidence: tuple[Evidence, ...]
    because: tuple[str, ...]
    """Why these were refused."""


def create_organization(
    context: Context,
    slug: str,
    facts: OrgFacts = NO_FACTS,
    *,
    device_id: str | None = None,
    override: str | None = None,
) -> CreatedOrganization:
    """Create an organization and grant what the catalog gives at sign-up, in one transaction.

    With a device it is a guest, which gets the guest credits. Registered organizations get the
    promotions with trigger `signup` that are for them; `override` is the reason to give these to a
    duplicate too. Raises AlreadyExists and InvalidInput.
    """
    checked_slug(slug)
    columns = {"legal_name": slug} | checked_facts(facts)
    kind = "registered" if device_id is None else "guest"
    if device_id is not None and not device_id.strip():
        raise InvalidInput("a device id has at least one character")
    with unit_of_work(context.database) as unit:
        owner = _insert(unit, context, slug, kind, device_id, columns)
        sign_up = None
        if kind == "guest":
            granted = give_guest_credits(unit, context, owner)
        else:
            sign_up = give_sign_up_credits(unit, context, owner, override=override)
            granted = sign_up.granted
    return _created(owner, granted, sign_up)


def update_organization_facts(
    context: Context,
    reference: str,
    facts: OrgFacts,
    standing: TaxStanding = NOTHING_TOLD,
    *,
    aligned: bool | None = None,
    reason: str = "",
) -> Organization:
    """Change what is known about an organization; the rest stays.

    Raises OrganizationNotFound, InvalidInput, Conflict.
    """
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [find_organization(unit, reference).id])
        owner = find_organization(unit, reference)
        known = checked_facts(facts, country=owner.country)
        columns = known | standing_columns(standing, owner, known)
        if aligned is not None:
            columns["aligned"] = aligned
        changed = {name: value for name, value in columns.items() if getattr(owner, name) != value}
        if changed:
            update_organization(unit, owner.id, **changed)
            record_signals(unit, organization_by_id(unit, owner.id))
            if "aligned" in changed:
                mark_drafts_stale_from(unit, owner.id, owner.created_at)
            record_change(
                unit,
                context,
                "organization.updated",
                owner.public_id,
                organization_id=owner.id,
                reason=reason,
                before={name: getattr(owner, name) for name in changed},
                after=changed,
            )
        plan = plans_of_organizations(unit, context.now).get(owner.id)
        return shown(organization_by_id(unit, owner.id), plan)


def _insert(
    unit: UnitOfWork,
    context: Context,
    slug: str,
    kind: str,
    device_id: str | None,
    columns: dict[str, str],
) -> OrganizationRow:
    public_id = new_public_id("org", context.now)
    organization_id = insert_organization(
        unit,
        public_id=public_id,
        slug=slug,
        kind=kind,
        device_id=device_id,
        aligned=False,
        created_at=context.now,
        **columns,
    )
    if organization_id is None:
        raise AlreadyExists(f"there is an organization {slug!r} already")
    owner = organization_by_id(unit, organization_id)
    record_signals(unit, owner)
    record_change(
        unit,
        context,
        "organization.created",
        public_id,
        organization_id=organization_id,
        after={"slug": slug, "kind": kind, **columns},
    )
    return owner


def _created(
    owner: OrganizationRow, granted: Credits, sign_up: SignUp | None
) -> CreatedOrganization:
    return CreatedOrganization(
        id=owner.public_id,
        slug=owner.slug,
        legal_name=owner.legal_name,
        kind=owner.kind,
        granted=granted,
        created_at=owner.created_at,
        qualification=sign_up.qualification.value if sign_up else None,
        refused=sign_up.refused if sign_up else (),
        evidence=sign_up.evidence if sign_up else (),
        because=sign_up.because if sign_up else (),
    )
