"""API keys: made once, shown once, expired and revoked."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AlreadyExists, Conflict, InvalidInput
from creditctl.rules.key_format import ENTROPY_BYTES, new_key, parts_of
from creditctl.services.audit import record_change
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.keys import (
    KeyRow,
    all_keys,
    find_key,
    key_name_is_taken,
    keys_of,
    revoke,
    set_key_end,
)
from creditctl.store.queries.orgs import find_organization, lock_organizations
from creditctl.store.queries.plans import find_plan

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown: its prefix and last four characters, never more."""

    id: str
    organization: str
    name: str
    prefix: str
    last_four: str
    plan: str | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which nobody can show again."""

    id: str
    organization: str
    name: str
    prefix: str
    plan: str | None
    secret: str
    expires_at: datetime | None


def create_key(
    context: Context,
    organization: str,
    *,
    name: str,
    plan: str | None = None,
    mode: str = "live",
    expires_at: datetime | None = None,
) -> CreatedKey:
    """Make a key; only its prefix, hash and last four characters are stored.

    A key bound to a plan of its own takes tiers, limits and capabilities from it [FL].
    Raises OrganizationNotFound, PlanNotFound, AlreadyExists, InvalidInput.
    """
    check_key(context, name, expires_at)
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization)
        lock_organizations(unit, [owner.id])
        if owner.status == "closed":
            raise Conflict(f"{owner.slug} is closed", hint="its books can only be read")
        if key_name_is_taken(unit, owner.id, name):
            raise AlreadyExists(f"{owner.slug} has a key named {name!r} already")
        plan_id = find_plan(unit, plan).id if plan else None
        secret, key = insert_key(
            unit, context, owner.id, name=name, plan_id=plan_id, mode=mode, expires_at=expires_at
        )
        record_change(
            unit,
            context,
            "key.created",
            key.public_id,
            organization_id=owner.id,
            after={"name": name, "prefix": key.prefix, "plan": plan},
        )
    return CreatedKey(key.public_id, owner.slug, name, key.prefix, plan, secret, expires_at)


def insert_key(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    *,
    name: str,
    plan_id: int | None,
    mode: str,
    expires_at: datetime | None,
    first_key_id: int | None = None,
) -> tuple[str, KeyRow]:
    """The step: make a secret and keep its hash; the secret is returned and never seen again.

    With `first_key_id` it goes on with what that key and its successors have used.
    """
    secret = new_key(mode, secrets.token_bytes(ENTROPY_BYTES))
    parts = parts_of(secret, context.settings.key_pepper)
    public_id = new_public_id("key", context.now)
    unit.insert(
        "api_key",
        public_id=public_id,
        organization_id=organization_id,
        name=name,
        prefix=parts.prefix,
        secret_hash=parts.secret_hash,
        last_four=parts.last_four,
        plan_id=plan_id,
        status="active",
        created_at=context.now,
        expires_at=expires_at,
        first_key_id=first_key_id,
    )
    return secret, find_key(unit, public_id)


def list_keys(context: Context, organization: str | None = None) -> list[ApiKey]:
    """The keys of an organization, or of all."""
    with reading(context.database) as unit:
        if organization is None:
            rows = all_keys(unit)
        else:
            rows = keys_of(unit, find_organization(unit, organization).id)
    return [key_shown(row, context.now) for row in rows]


def show_key(context: Context, reference: str) -> ApiKey:
    """The key with that id or prefix; raises KeyNotFound."""
    with reading(context.database) as unit:
        return key_shown(find_key(unit, reference), context.now)


def revoke_key(context: Context, reference: str, *, reason: str = "") -> ApiKey:
    """End a key for good; revoking it again changes nothing. Raises KeyNotFound."""
    with unit_of_work(context.database) as unit:
        key = find_key(unit, reference)
        if key.status == "active":
            _revoke(unit, context, key, reason)
        return key_shown(find_key(unit, reference), context.now)


def expire_key(
    context: Context, reference: str, *, at: datetime | None = None, reason: str = ""
) -> ApiKey:
    """Let a key end at that time, now unless given; raises KeyNotFound, Conflict, InvalidInput."""
    ends_at = at or context.now
    if ends_at < context.now:
        raise InvalidInput("a key cannot have ended in the past", hint="leave --at out for now")
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [find_key(unit, reference).organization_id])
        key = find_key(unit, reference)
        if not key.is_active(context.now):
            raise Conflict(f"{key.prefix}… is {key_shown(key, context.now).status} already")
        set_key_end(unit, key.id, ends_at)
        record_change(
            unit,
            context,
            "key.expired",
            key.public_id,
            organization_id=key.organization_id,
            reason=reason,
            before={"expires_at": key.expires_at},
            after={"expires_at": ends_at},
        )
        return key_shown(find_key(unit, reference), context.now)


def revoke_active_keys(
    unit: UnitOfWork, context: Context, organization_id: int, reason: str
) -> int:
    """The step: end all of an organization's keys for good; returns how many."""
    active = [key for key in keys_of(unit, organization_id) if key.status == "active"]
    for key in active:
        _revoke(unit, context, key, reason)
    return len(active)


def _revoke(unit: UnitOfWork, context: Context, key: KeyRow, reason: str) -> None:
    revoke(unit, key.id, context.now)
    record_change(
        unit,
        context,
        "key.revoked",
        key.public_id,
        organization_id=key.organization_id,
        reason=reason,
        before={"status": "active"},
        after={"status": "revoked"},
    )


def check_key(context: Context, name: str, expires_at: datetime | None) -> None:
    """Refuse a name or an expiry that cannot be; raises InvalidInput."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidInput(f"a key's name has 1 to {LONGEST_NAME} characters")
    if expires_at is not None and expires_at <= context.now:
        raise InvalidInput("the key would be expired from the start", hint="check --expires")


def key_shown(row: KeyRow, now: datetime) -> ApiKey:
    """A key as it may be shown at that time."""
    is_over = row.status == "active" and row.expires_at is not None and row.expires_at <= now
    return ApiKey(
        id=row.public_id,
        organization=row.organization,
        name=row.name,
        prefix=row.prefix,
        last_four=row.last_four,
        plan=row.plan,
        status="expired" if is_over else row.status,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
