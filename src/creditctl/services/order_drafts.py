"""`orders create` and `amend`: order forms are drafted, priced once and for all (DESIGN 3.4)."""

from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import Conflict, GuestNotAllowed
from creditctl.rules.order_forms import OrderTerms, PricedLine
from creditctl.rules.units import Credits
from creditctl.services.audit import record_change
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, nothing_counted, run_verb
from creditctl.services.order_offers import priced_lines
from creditctl.services.order_outcomes import OrderOutcome, outcome_of
from creditctl.services.order_versions import booked_from
from creditctl.services.products import product_id_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.order_instalments import insert_instalments
from creditctl.store.queries.orders import (
    OrderRow,
    amendment_of,
    earlier_versions,
    find_order,
    insert_line,
    insert_order,
    next_version,
)
from creditctl.store.queries.orgs import OrganizationRow, find_organization, organization_by_id

AMENDABLE = ("signed", "active", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """A new order form for the organization."""

    organization: str
    terms: OrderTerms
    reason: str = "order form drafted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest:
    """A new version of a signed order form: `terms` say what is delivered from now on."""

    order: str
    terms: OrderTerms
    reason: str


def create_order(context: Context, request: DraftRequest, rails: Rails = NO_RAILS) -> OrderOutcome:
    """Draft an order form; nobody owes anything before it is signed and activated.

    Raises OrganizationNotFound, GuestNotAllowed, InvalidInput for terms that do not add up, and
    what rails raise.
    """
    return run_verb(context, CREATE, request, rails)


def amend_order(context: Context, request: AmendRequest, rails: Rails = NO_RAILS) -> OrderOutcome:
    """Draft the next version of an order form; it takes over when it is activated.

    Purchase order number and terms are those of the old version unless given. Raises NotFound,
    Conflict unless that is signed and has no other amendment, and as creating does.
    """
    return run_verb(context, AMEND, request, rails)


def _create(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: DraftRequest
) -> OrderOutcome:
    if owner.kind == "guest":
        raise GuestNotAllowed(f"{owner.slug} is a guest and cannot be topped up")
    return _draft(unit, context, owner, request.terms, request.reason, None)


def _amend(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: AmendRequest
) -> OrderOutcome:
    old = find_order(unit, request.order)
    if old.status not in AMENDABLE:
        raise Conflict(
            f"{old.public_id} is {old.status}",
            hint="what was signed and goes on can be amended; otherwise create a new order form",
        )
    if (other := amendment_of(unit, old.id)) is not None:
        raise Conflict(
            f"{other.public_id} amends {old.public_id} already",
            hint=f"amend that, or 'creditctl orders cancel {other.public_id}'",
        )
    if request.terms.currency != old.currency:
        raise Conflict(f"{old.public_id} is in {old.currency}, not {request.terms.currency}")
    return _draft(unit, context, owner, request.terms, request.reason, old)


def _draft(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    terms: OrderTerms,
    reason: str,
    old: OrderRow | None,
) -> OrderOutcome:
    lines = priced_lines(unit, terms, context.now)
    first_day = min(part.due_at for line in lines for part in line.instalments)
    earlier = [] if old is None else [old, *earlier_versions(unit, old)]
    public_id = new_public_id("order", context.now)
    order_id = insert_order(
        unit,
        public_id=public_id,
        organization_id=owner.id,
        version=1 if old is None else next_version(unit, old),
        supersedes_id=old.id if old else None,
        known_deliveries=booked_from(unit, earlier, first_day),
        currency=terms.currency,
        po_number=terms.po_number or (old.po_number if old else None),
        terms=terms.terms or (old.terms if old else None),
        created_at=context.now,
    )
    for number, line in enumerate(lines, start=1):
        _insert_line(unit, order_id, number, line)
    record_change(
        unit,
        context,
        "order.drafted" if old is None else "order.amended",
        public_id,
        organization_id=owner.id,
        reason=reason,
        after={
            "lines": len(lines),
            "credits": Credits(sum(line.terms.credits.micro for line in lines)),
            "supersedes": old.public_id if old else None,
        },
    )
    return outcome_of(unit, order_id, "drafted")


def _insert_line(unit: UnitOfWork, order_id: int, number: int, line: PricedLine) -> None:
    line_id = insert_line(
        unit,
        order_id=order_id,
        number=number,
        credits_micro=line.terms.credits,
        list_price=line.list_price,
        discount=line.terms.discount,
        unit_price=line.unit_price,
        price_minor=line.price.minor,
        product_id=product_id_of(unit, line.terms.product),
        starts_on=line.terms.starts_on,
        expiry=line.terms.expiry,
    )
    insert_instalments(unit, line_id, line.instalments)


CREATE = Verb(
    name="orders.create",
    request=DraftRequest,
    result=OrderOutcome,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_create,
    amount=nothing_counted,
)
AMEND = Verb(
    name="orders.amend",
    request=AmendRequest,
    result=OrderOutcome,
    organizations=lambda unit, request: [
        organization_by_id(unit, find_order(unit, request.order).organization_id)
    ],
    perform=_amend,
    amount=nothing_counted,
)
