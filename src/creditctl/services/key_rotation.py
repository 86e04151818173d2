"""`keys rotate`: a new secret under the same name; the old one works on for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.key_format import mode_of
from creditctl.services.audit import record_change
from creditctl.services.keys import insert_key, key_shown
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.keys import KeyRow, find_key, rename_key, set_key_end
from creditctl.store.queries.orgs import lock_organizations
from creditctl.store.queries.plans import find_plan

DEFAULT_GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """A new key with its secret, and until when the old one works."""

    id: str
    organization: str
    name: str
    prefix: str
    plan: str | None
    secret: str
    old_prefix: str
    old_name: str
    old_expires_at: datetime


def rotate_key(
    context: Context, reference: str, *, grace: timedelta = DEFAULT_GRACE, reason: str = ""
) -> RotatedKey:
    """Make a key that takes the place of another one, with its name and plan.

    The old one is renamed after its prefix and ends when the grace is over, or earlier if it was
    to expire before. Both are one key to quotas, bursts, connections and budgets. Raises
    KeyNotFound, and Conflict for a key that has ended.
    """
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [find_key(unit, reference).organization_id])
        old = find_key(unit, reference)
        if not old.is_active(context.now):
            raise Conflict(
                f"{old.prefix}… is {key_shown(old, context.now).status}",
                hint="make a new key with 'creditctl keys create'",
            )
        over_at = context.now + grace
        ends_at = min(over_at, old.expires_at or over_at)
        old_name = f"{old.name} ({old.prefix})"
        rename_key(unit, old.id, old_name)
        set_key_end(unit, old.id, ends_at)
        secret, key = insert_key(
            unit,
            context,
            old.organization_id,
            name=old.name,
            plan_id=find_plan(unit, old.plan).id if old.plan else None,
            mode=mode_of(old.prefix),
            expires_at=None,
            first_key_id=old.first_id,
        )
        _audit(unit, context, old, key, ends_at, reason)
    return RotatedKey(
        id=key.public_id,
        organization=key.organization,
        name=key.name,
        prefix=key.prefix,
        plan=key.plan,
        secret=secret,
        old_prefix=old.prefix,
        old_name=old_name,
        old_expires_at=ends_at,
    )


def _audit(
    unit: UnitOfWork, context: Context, old: KeyRow, key: KeyRow, ends_at: datetime, reason: str
) -> None:
    record_change(
        unit,
        context,
        "key.rotated",
        key.public_id,
        organization_id=old.organization_id,
        reason=reason,
        before={"id": old.public_id, "prefix": old.prefix, "expires_at": old.expires_at},
        after={"prefix": key.prefix, "old_expires_at": ends_at},
    )
