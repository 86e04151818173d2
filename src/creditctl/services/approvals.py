"""Approvals: a second person lets happen, or refuses, what somebody may not do alone."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, SecondPersonNeeded
from creditctl.rules.units import Credits
from creditctl.services.answers import from_json, to_json
from creditctl.services.audit import record_change
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.idempotency import remember
from creditctl.services.money_verbs import perform_verb, verb_named
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.approvals import (
    ApprovalRow,
    decide_approval,
    find_approval,
    list_approval_rows,
)
from creditctl.store.queries.orgs import find_organization, lock_organizations


@dataclass(frozen=True, slots=True)
class Approval:
    """A request above its actor's ceiling."""

    id: str
    verb: str
    organization: str
    amount: Credits
    reason: str
    status: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    request: dict[str, Any]
    """Everything that was asked for, by the names of the command's options."""

    result: dict[str, Any] | None
    """What the command answered once it was approved."""


def list_approvals(context: Context, *, everything: bool = False) -> list[Approval]:
    """What waits, or every request there was."""
    with reading(context.database) as unit:
        return [_shown(row) for row in list_approval_rows(unit, everything=everything)]


def approve(context: Context, approval_id: str, *, reason: str = "") -> Approval:
    """Do what was asked for, in the name of who asked; both names are in the audit log.

    Raises ApprovalNotFound, SecondPersonNeeded, Conflict when it was decided already, and what the
    verb raises: the books may have changed since.
    """
    with unit_of_work(context.database) as unit:
        row = find_approval(unit, approval_id)
        verb = verb_named(row.verb)
        request = from_json(verb.request, row.request)
        lock_organizations(unit, [owner.id for owner in verb.organizations(unit, request)])
        _refuse(unit, context, approval_id)
        owner = verb.organizations(unit, request)[0]
        book_what_is_due(unit, context, owner.id)
        asker = replace(context, actor=row.requested_by)
        result = to_json(perform_verb(unit, asker, verb, owner, request))
        if row.idempotency_key is not None:
            identity = {"request": row.request, "of": owner.public_id}
            remember(unit, verb.name, row.idempotency_key, identity, result, context.now)
        return _decide(unit, context, row, "approved", reason, result)


def reject(context: Context, approval_id: str, *, reason: str) -> Approval:
    """Refuse what was asked for; raises ApprovalNotFound, Conflict, InvalidInput for no reason."""
    if not reason.strip():
        raise InvalidInput("a rejection needs a reason", hint='add --reason "why"')
    with unit_of_work(context.database) as unit:
        row = find_approval(unit, approval_id)
        lock_organizations(unit, [find_organization(unit, row.organization).id])
        return _decide(unit, context, row, "rejected", reason, None)


def _refuse(unit: UnitOfWork, context: Context, approval_id: str) -> None:
    """As it is once the organization is locked: somebody may have decided meanwhile."""
    row = find_approval(unit, approval_id)
    if row.status != "pending":
        raise _decided(row)
    if row.requested_by == context.actor:
        raise SecondPersonNeeded(f"{context.actor} asked for it and cannot approve it")


def _decided(row: ApprovalRow) -> Conflict:
    return Conflict(f"{row.public_id} was {row.status} already")


def _decide(
    unit: UnitOfWork,
    context: Context,
    row: ApprovalRow,
    status: str,
    reason: str,
    result: str | None,
) -> Approval:
    decided = decide_approval(
        unit, row.id, status=status, by=context.actor, at=context.now, reason=reason, result=result
    )
    if not decided:
        raise _decided(find_approval(unit, row.public_id))
    record_change(
        unit,
        context,
        f"approval.{status}",
        row.public_id,
        organization_id=find_organization(unit, row.organization).id,
        reason=reason or row.reason,
        before={"status": "pending", "requested_by": row.requested_by},
        after={"status": status, "verb": row.verb, "amount": row.amount},
    )
    return _shown(find_approval(unit, row.public_id))


def _shown(row: ApprovalRow) -> Approval:
    return Approval(
        id=row.public_id,
        verb=row.verb,
        organization=row.organization,
        amount=row.amount,
        reason=row.reason,
        status=row.status,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
        request=json.loads(row.request),
        result=None if row.result is None else json.loads(row.result),
    )
