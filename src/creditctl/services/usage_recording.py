"""`usage record`: one request that no log has, booked as an import of it would be (DESIGN 4)."""

import json
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.pricing import is_billed
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.rules.usage_events import ID_TAKEN
from creditctl.services.audit import record_change
from creditctl.services.balances import Balance, balance_of
from creditctl.services.call_prices import caller_of, quoted
from creditctl.services.money_verbs import NO_RAILS, Rails, Verb, run_verb
from creditctl.services.price_book import load_price_book
from creditctl.services.usage_files import measured, spooled
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.usage_batches import BatchRow, batch_rejects

SOURCE = "usage record"
"""What `usage batches` lists it as, in place of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRequest:
    """A request that was served; without an id it gets one."""

    organization: str
    method: str
    path: str
    at: datetime
    reason: str
    key: str | None = None
    """Id or prefix."""

    status: int = 200
    units: int = 0
    id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedUsage:
    """What became of it; `usage undo` takes the batch back."""

    event: str
    """Its id."""

    batch: str
    organization: str
    request: str
    outcome: str
    """`billed`, `free`, `failed`, `adjusted` (on the next invoice), `quarantined`, `duplicate`."""

    credits: Credits
    overage: Credits
    """What of them no grant of its time could pay, and is owed."""

    available_before: Credits
    available_after: Credits
    dry_run: bool = False
    needs_approval: bool = False
    """In a dry run: above the actor's ceiling, so that a second person would be asked."""


def record_usage(
    context: Context, request: RecordRequest, rails: Rails = NO_RAILS
) -> RecordedUsage:
    """Price the request, book it and draw credits; one that is known already changes nothing.

    Raises OrganizationNotFound, KeyNotFound, EndpointNotFound, InvalidInput for what an import
    rejects, Conflict where the id is another request's, and what rails raise.
    """
    return run_verb(context, RECORD, request, rails)


def _perform(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: RecordRequest
) -> RecordedUsage:
    # Loads what reads and books columns: the other verbs do without.
    from creditctl.services.usage_file_import import import_within

    event_id = request.id or new_public_id("event", context.now)
    before = balance_of(unit, owner.id, owner.slug, context.now)
    with spooled(BytesIO(_line(request, event_id)), SOURCE) as source:
        file = import_within(unit, context, *measured(source), owner)
    batch = file.batch
    _refuse_rejected(unit, batch)
    outcome = "duplicate" if file.status == "unchanged" else _outcome(batch)
    after = balance_of(unit, owner.id, owner.slug, context.now)
    recorded = RecordedUsage(
        event=event_id,
        batch=batch.public_id,
        organization=owner.slug,
        request=f"{request.method.upper()} {request.path}",
        outcome=outcome,
        credits=NO_CREDITS if outcome == "duplicate" else batch.credits,
        overage=_owed(after) - _owed(before),
        available_before=before.available,
        available_after=after.available,
    )
    record_change(
        unit,
        context,
        "usage.recorded",
        batch.public_id,
        organization_id=owner.id,
        reason=request.reason,
        after={"id": event_id, "request": recorded.request, "credits": recorded.credits},
    )
    return recorded


def _owed(balance: Balance) -> Credits:
    return balance.open_overage + balance.postpaid_overage


def _line(request: RecordRequest, event_id: str) -> bytes:
    """The request as a line of a usage file."""
    fields = {
        "id": event_id,
        "time": request.at.isoformat(),
        "method": request.method.upper(),
        "path": request.path,
        "status": request.status,
        "units": request.units,
    }
    if request.key is not None:
        fields["key"] = request.key
    return json.dumps(fields).encode() + b"\n"


def _refuse_rejected(unit: UnitOfWork, batch: BatchRow) -> None:
    for reject in batch_rejects(unit, batch.id):
        kind = Conflict if reject.reason == ID_TAKEN else InvalidInput
        raise kind(f"{reject.field} {reject.value!r} {reject.reason}")


def _outcome(batch: BatchRow) -> str:
    counts = ("adjusted", "billed", "free", "failed", "duplicate", "quarantined")
    return next(name for name in counts if getattr(batch, name))


def _cost(unit: UnitOfWork, owner: OrganizationRow, request: RecordRequest) -> Credits:
    """What it costs the organization if that answer is billed."""
    book = load_price_book(unit)
    caller = caller_of(unit, owner.slug, request.key)
    asked = request.method, request.path
    call = quoted(unit, book, caller, asked, request.at, request.units)
    rule = book.version(call.price_id).rule
    return call.estimate if is_billed(rule.billed_statuses, request.status) else NO_CREDITS


RECORD = Verb(
    name="usage.record",
    request=RecordRequest,
    result=RecordedUsage,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_perform,
    amount=_cost,
)
