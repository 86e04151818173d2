"""`orgs promote`: a guest becomes registered; credits that were refused are given after all."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, DuplicateOrganization
from creditctl.rules.promotions import Refusal
from creditctl.rules.units import Credits
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.org_facts import NO_FACTS, OrgFacts, checked_facts, record_signals
from creditctl.services.org_tax import NOTHING_TOLD, standing_columns
from creditctl.services.signup import Evidence, SignUp, give_sign_up_credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.orgs import (
    OrganizationRow,
    find_organization,
    organization_by_id,
    update_organization,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteRequest:
    """Register a guest, with what is known about it by now; `override` grants to a duplicate."""

    organization: str
    reason: str
    facts: OrgFacts = NO_FACTS
    override: bool = False


@dataclass(frozen=True, slots=True)
class Promoted:
    """What became of it: guest credits keep their expiry, sign-up credits came on top."""

    organization: str
    kind: str
    granted: Credits
    qualification: str
    refused: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    because: tuple[str, ...]
    """Why these were refused."""

    available_before: Credits
    available_after: Credits
    dry_run: bool = False


def promote_organization(
    context: Context, request: PromoteRequest, rails: Rails = NO_RAILS
) -> Promoted:
    """Register a guest and give the sign-up credits; or give a registered one what was refused.

    Raises OrganizationNotFound, InvalidInput, Conflict when there is nothing to give, and
    DuplicateOrganization for a registered duplicate without override.
    """
    checked_facts(request.facts, country=request.facts.country)
    return run_verb(context, PROMOTE, request, rails)


def _promote(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: PromoteRequest
) -> Promoted:
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    known = checked_facts(request.facts, country=owner.country)
    columns = known | standing_columns(NOTHING_TOLD, owner, known)
    was_guest = owner.kind == "guest"
    if was_guest:
        columns["kind"] = "registered"
    if columns:
        update_organization(unit, owner.id, **columns)
        record_signals(unit, organization_by_id(unit, owner.id))
    promoted = organization_by_id(unit, owner.id)
    override = request.reason if request.override else None
    sign_up = give_sign_up_credits(unit, context, promoted, override=override)
    if not was_guest:
        _require_something(promoted, sign_up)
    record_change(
        unit,
        context,
        "organization.promoted",
        owner.public_id,
        organization_id=owner.id,
        reason=request.reason,
        before={"kind": owner.kind},
        after={"granted": sign_up.granted, "refused": list(sign_up.refused), **columns},
    )
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    return Promoted(
        organization=owner.slug,
        kind=promoted.kind,
        granted=sign_up.granted,
        qualification=sign_up.qualification.value,
        refused=sign_up.refused,
        evidence=sign_up.evidence,
        because=sign_up.because,
        available_before=before,
        available_after=after,
    )


def _require_something(owner: OrganizationRow, sign_up: SignUp) -> None:
    if sign_up.granted:
        return
    if sign_up.first_refusal is Refusal.DUPLICATE:
        others = ", ".join(
            f"{found.kind.replace('_', ' ')} of {found.organization}"
            for found in sign_up.evidence
            if found.strong
        )
        raise DuplicateOrganization(f"{owner.slug} has the {others or 'identity of another one'}")
    if sign_up.refused:
        raise Conflict(
            f"{owner.slug} gets no sign-up credits: {'; '.join(sign_up.because)}",
            hint=f"'creditctl promotions show {sign_up.refused[0]}' says what it asks for",
        )
    raise Conflict(f"{owner.slug} is registered and has its sign-up credits")


PROMOTE = Verb(
    name="orgs.promote",
    request=PromoteRequest,
    result=Promoted,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_promote,
    amount=nothing_counted,
)
