"""Suspend, resume and close organizations: what that does to keys, subscriptions and calls."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.services.audit import record_change
from creditctl.services.enforcement import decide_anew
from creditctl.services.keys import revoke_active_keys
from creditctl.services.order_versions import end_open_orders
from creditctl.services.subscription_changes import end_subscription
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.orgs import (
    OrganizationRow,
    find_organization,
    lock_organizations,
    update_organization,
)
from creditctl.store.queries.subscriptions import subscriptions_of


@dataclass(frozen=True, slots=True)
class StatusChange:
    """An organization's new status, and what came with it."""

    organization: str
    previous: str
    status: str
    state: str | None
    """The state of enforcement, where it changed."""

    keys_revoked: int
    subscription_ended_at: datetime | None


def suspend_organization(context: Context, reference: str, *, reason: str) -> StatusChange:
    """Let no call through from now on, until it is resumed; plan and credits stay as they are.

    Raises OrganizationNotFound, InvalidInput without a reason, Conflict unless it is active.
    """
    return _change(context, reference, "suspended", ("active",), reason)


def resume_organization(context: Context, reference: str, *, reason: str) -> StatusChange:
    """Let a suspended organization go on. Raises as suspending does."""
    return _change(context, reference, "active", ("suspended",), reason)


def close_organization(context: Context, reference: str, *, reason: str) -> StatusChange:
    """End it for good: its keys are revoked, its subscription ends now, its books stay readable.

    What is left of bought credits is kept on record, there are no refunds; order forms deliver
    nothing more. Raises as suspending.
    """
    return _change(context, reference, "closed", ("active", "suspended"), reason)


def close(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, reason: str
) -> tuple[int, datetime | None]:
    """The effects of closing: how many keys were revoked, and when the subscription ended."""
    keys = revoke_active_keys(unit, context, owner.id, reason)
    end_open_orders(unit, context, owner.id, reason)
    ended_at = None
    for row in subscriptions_of(unit, owner.id):
        if row.status == "active" and (row.ended_at is None or row.ended_at > context.now):
            ended_at = end_subscription(unit, context, row, reason)
    return keys, ended_at


def _change(
    context: Context, reference: str, status: str, allowed: tuple[str, ...], reason: str
) -> StatusChange:
    if not reason.strip():
        raise InvalidInput("a change of status needs a reason", hint='add --reason "why"')
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [find_organization(unit, reference).id])
        owner = find_organization(unit, reference)
        if owner.status not in allowed:
            raise Conflict(f"{owner.slug} is {owner.status}")
        update_organization(unit, owner.id, status=status)
        keys, ended_at = 0, None
        if status == "closed":
            keys, ended_at = close(unit, context, owner, reason)
        record_change(
            unit,
            context,
            f"organization.{'resumed' if status == 'active' else status}",
            owner.public_id,
            organization_id=owner.id,
            reason=reason,
            before={"status": owner.status},
            after={"status": status, "keys_revoked": keys, "subscription_ended_at": ended_at},
        )
        decided = decide_anew(unit, context, owner.id)
    return StatusChange(
        owner.slug, owner.status, status, decided.state if decided else None, keys, ended_at
    )
