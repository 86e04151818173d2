"""Destinations: who is told of what, by which channel."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from creditctl.rules.destinations import SECRET_BYTES, SIGNED, secret_text, shown_address
from creditctl.services.audit import record_change
from creditctl.services.delivery_steps import opened
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.destinations import (
    DestinationRow,
    destination_named,
    destination_rows,
    insert_destination,
    update_destination,
    wishes,
)
from creditctl.store.queries.notifications import cancel_pending
from creditctl.store.queries.orgs import find_organization, lock_organizations

DEFAULT_WISHES = ("hard", "notify")
LONGEST_GRACE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination as it may be shown: no secret, nothing in its address that opens anything."""

    id: str
    organization: str | None
    """None: it is told about every organization."""

    channel: str
    address: str
    told: tuple[str, ...]
    state: str
    failures: int
    """In a row."""

    paused_until: datetime | None
    """After too many failures it is left alone until then."""

    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewDestination:
    """A new destination, or one with a new secret, which nobody can show again."""

    id: str
    organization: str | None
    channel: str
    address: str
    told: tuple[str, ...]
    secret: str | None
    old_secret_until: datetime | None = None


def add_destination(
    context: Context,
    organization: str | None,
    *,
    channel: str,
    address: str,
    told: Sequence[str] = DEFAULT_WISHES,
) -> NewDestination:
    """Add one; without an organization it is told about everybody.

    `told` are checked patterns (`rules.events.checked_pattern`). Raises OrganizationNotFound,
    AlreadyExists, Conflict, and InvalidInput for what the channel could never deliver to.
    """
    opened(context, channel).check(address)
    patterns = tuple(sorted(set(told)))
    public_id = new_public_id("dest", context.now)
    secret = new_secret(channel)
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization) if organization is not None else None
        if owner is not None:
            lock_organizations(unit, [owner.id])
            if owner.status == "closed":
                raise Conflict(f"{owner.slug} is closed", hint="its books can only be read")
        owner_id = owner.id if owner else None
        _refuse_twice(unit, owner_id, channel, address)
        insert_destination(
            unit,
            patterns,
            public_id=public_id,
            organization_id=owner_id,
            channel=channel,
            address=address,
            secret=secret,
            created_at=context.now,
            created_by=context.actor,
        )
        row = find_destination(unit, public_id)
        _audit(unit, context, "added", row, after={**_facts(row), "told": patterns})
    return shown_once(row, patterns, secret)


def list_destinations(context: Context, organization: str | None = None) -> list[Destination]:
    """Every destination, or those that are told of one organization."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization).id if organization else None
        told = wishes(unit)
        rows = destination_rows(unit, owner)
    return [_shown(row, told.get(row.id, ()), context.now) for row in rows]


def show_destination(context: Context, destination: str) -> Destination:
    """One destination; raises NotFound."""
    with reading(context.database) as unit:
        row = find_destination(unit, destination)
        return _shown(row, wishes(unit)[row.id], context.now)


def switch_destination(
    context: Context, destination: str, *, on: bool, reason: str = ""
) -> Destination:
    """Disable it, so that nothing is sent or written for it, or enable it; again changes nothing.

    Enabling forgets its failures. Raises NotFound.
    """
    state = "active" if on else "disabled"
    with unit_of_work(context.database) as unit:
        row = find_destination(unit, destination)
        if row.state != state:
            update_destination(unit, row.id, state=state, failures=0, open_until=None)
            verb = "enabled" if on else "disabled"
            _audit(unit, context, verb, row, reason=reason, after={"state": state})
        return _shown(find_destination(unit, destination), wishes(unit)[row.id], context.now)


def remove_destination(context: Context, destination: str, reason: str = "") -> Destination:
    """Forget its secrets and give up what waits for it; what it was told stays. Raises NotFound."""
    with unit_of_work(context.database) as unit:
        row = find_destination(unit, destination)
        update_destination(
            unit,
            row.id,
            state="removed",
            secret=None,
            previous_secret=None,
            previous_secret_until=None,
        )
        cancelled = cancel_pending(unit, row.id)
        _audit(
            unit,
            context,
            "removed",
            row,
            reason=reason,
            before=_facts(row),
            after={"cancelled": cancelled},
        )
        return _shown(row, wishes(unit)[row.id], context.now)


def rotate_secret(
    context: Context, destination: str, *, grace: timedelta, reason: str = ""
) -> NewDestination:
    """Make a new signing secret; until the grace is over, messages carry both signatures.

    Raises NotFound, Conflict where nothing is signed, InvalidInput for a grace beyond 30 days.
    """
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        raise InvalidInput("the grace is from nothing to 30 days")
    with unit_of_work(context.database) as unit:
        row = find_destination(unit, destination)
        secret = new_secret(row.channel)
        if secret is None:
            raise Conflict(f"{row.channel} messages are not signed: there is no secret to rotate")
        until = context.now + grace if grace and row.secret else None
        update_destination(
            unit,
            row.id,
            secret=secret,
            previous_secret=row.secret if until else None,
            previous_secret_until=until,
        )
        _audit(unit, context, "rotated", row, reason=reason, after={"old_secret_until": until})
        return shown_once(row, wishes(unit)[row.id], secret, until)


def find_destination(unit: UnitOfWork, destination: str) -> DestinationRow:
    """The destination of that id; raises NotFound."""
    row = destination_named(unit, destination)
    if row is None:
        raise NotFound(
            f"there is no destination {destination!r}",
            hint="'creditctl destinations list' shows them",
        )
    return row


def new_secret(channel: str) -> str | None:
    """A fresh signing secret, for channels that sign."""
    return secret_text(secrets.token_bytes(SECRET_BYTES)) if channel in SIGNED else None


def shown_once(
    row: DestinationRow,
    told: tuple[str, ...],
    secret: str | None,
    old_secret_until: datetime | None = None,
) -> NewDestination:
    """A destination with the secret that it has just got."""
    return NewDestination(
        id=row.public_id,
        organization=row.organization,
        channel=row.channel,
        address=shown_address(row.channel, row.address),
        told=told,
        secret=secret,
        old_secret_until=old_secret_until,
    )


def _refuse_twice(unit: UnitOfWork, owner_id: int | None, channel: str, address: str) -> None:
    for row in destination_rows(unit, owner_id):
        if (row.organization_id, row.channel, row.address) == (owner_id, channel, address):
            raise AlreadyExists(
                f"{row.public_id} goes there already",
                hint="remove it first to change what it is told",
            )


def _shown(row: DestinationRow, told: tuple[str, ...], now: datetime) -> Destination:
    paused = row.open_until is not None and row.open_until > now
    return Destination(
        id=row.public_id,
        organization=row.organization,
        channel=row.channel,
        address=shown_address(row.channel, row.address),
        told=told,
        state=row.state,
        failures=row.failures,
        paused_until=row.open_until if paused else None,
        created_at=row.created_at,
    )


def _facts(row: DestinationRow) -> dict[str, object]:
    return {"channel": row.channel, "address": shown_address(row.channel, row.address)}


def _audit(
    unit: UnitOfWork,
    context: Context,
    verb: str,
    row: DestinationRow,
    *,
    reason: str = "",
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    record_change(
        unit,
        context,
        f"destination.{verb}",
        row.public_id,
        organization_id=row.organization_id,
        reason=reason,
        before=before,
        after=after,
    )
