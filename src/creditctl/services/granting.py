"""`credits grant`: credits given by hand."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import GuestNotAllowed, InvalidInput
from creditctl.rules.units import Credits
from creditctl.services.balances import balance_of
from creditctl.services.grants import DEFAULT_PRIORITY, NewGrant, add_grant
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, run_verb
from creditctl.services.products import product_id_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.grants import PAID_SOURCES
from creditctl.store.queries.orgs import OrganizationRow, find_organization

GRANTED_BY_HAND = ("goodwill", "promotion", "trial", "purchase", "order_form", "correction")
"""Sources a person may name; the product itself makes the others."""

RESTRICTABLE = ("order_form", "correction")
"""Only credits from a sales order form may be for one product [FF]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """What a person asks for; `unit_cost` is money per credit, None for a gift."""

    organization: str
    amount: Credits
    reason: str
    source: str = "goodwill"
    product: str | None = None
    priority: int = DEFAULT_PRIORITY
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    unit_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GrantResult:
    """A grant that was given (or, in a dry run, would be), and what it did to the balance."""

    id: str
    organization: str
    source: str
    amount: Credits
    repaid: Credits
    available_before: Credits
    available_after: Credits
    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def grant_credits(context: Context, request: GrantRequest, rails: Rails = NO_RAILS) -> GrantResult:
    """Give credits by hand; the same idempotency key gives the same answer and nothing new.

    Raises OrganizationNotFound, ProductNotFound, InvalidInput, GuestNotAllowed, GuardFailed,
    IdempotencyKeyReused, ApprovalNeeded, and Conflict for a closed organization.
    """
    _check(request)
    return run_verb(context, GRANT, request, rails)


def _check(request: GrantRequest) -> None:
    if request.source not in GRANTED_BY_HAND:
        raise InvalidInput(
            f"a person cannot grant from {request.source!r}",
            hint=f"sources: {', '.join(GRANTED_BY_HAND)}",
        )
    if request.product is not None and request.source not in RESTRICTABLE:
        raise InvalidInput(
            f"credits from {request.source} are good for every product",
            hint=f"only {' and '.join(RESTRICTABLE)} may name one",
        )
    is_paid = request.source in PAID_SOURCES
    if is_paid != (request.unit_cost is not None):
        needs = "needs what a credit cost" if is_paid else "is a gift and costs nothing"
        raise InvalidInput(
            f"a grant from {request.source} {needs}",
            hint="add --unit-cost PRICE" if is_paid else "leave --unit-cost out",
        )


def _grant(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: GrantRequest
) -> GrantResult:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot be topped up")
    before = balance_of(unit, owner.id, owner.slug, context.now).available
    added = add_grant(
        unit,
        context,
        NewGrant(
            organization_id=owner.id,
            source=request.source,
            amount=request.amount,
            reason=request.reason,
            product_id=product_id_of(unit, request.product),
            priority=request.priority,
            effective_at=request.effective_at,
            expires_at=request.expires_at,
            unit_cost=request.unit_cost,
            currency=None if request.unit_cost is None else applied_catalog_version(unit).currency,
        ),
    )
    after = balance_of(unit, owner.id, owner.slug, context.now).available
    return GrantResult(
        added.public_id, owner.slug, request.source, request.amount, added.repaid, before, after
    )


GRANT = Verb(
    name="credits.grant",
    request=GrantRequest,
    result=GrantResult,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_grant,
    amount=lambda _unit, _owner, request: request.amount,
)
