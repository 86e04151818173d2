"""Why an invoice would be another today: what was recorded after it became final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.invoice_difference import Pair
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_history import (
    ChangedSinceRow,
    LateSinceRow,
    MovedSinceRow,
    changed_since,
    late_since,
    moved_since,
)
from creditctl.store.queries.invoices import InvoiceRow

LATE, BOOKINGS, CATALOG, SUBSCRIPTION, FACTS, VOIDED = (
    "late usage",
    "bookings",
    "catalog",
    "subscription",
    "organization",
    "void",
)
"""Kinds of causes; bookings are those of the ledger, which say who paid."""

_EXPLAINS = {
    "late": (LATE, VOIDED, CATALOG, BOOKINGS),
    "correction": (VOIDED, BOOKINGS, CATALOG),
    "fee": (SUBSCRIPTION, CATALOG),
    "order": (VOIDED,),
    "usage": (BOOKINGS, CATALOG, SUBSCRIPTION),
    "credits": (BOOKINGS, CATALOG, SUBSCRIPTION),
    "covered": (SUBSCRIPTION, CATALOG, BOOKINGS),
    "rounding": (CATALOG, BOOKINGS, SUBSCRIPTION),
    "tax": (FACTS, LATE, VOIDED, BOOKINGS, CATALOG, SUBSCRIPTION),
    "total": (LATE, VOIDED, BOOKINGS, CATALOG, SUBSCRIPTION, FACTS),
}
"""Part of an invoice -> what may have changed it."""

UNKNOWN = "unknown: 'creditctl check' says more"


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that was recorded after an invoice became final."""

    kind: str
    what: str
    events: int | None
    """Late events, or entries of the ledger."""

    credits: Credits | None
    subject: str | None
    """The import, or what was changed."""

    recorded_at: datetime | None
    actor: str | None
    reason: str | None


def causes_since(unit: UnitOfWork, row: InvoiceRow, since: datetime) -> tuple[Cause, ...]:
    """Everything that may make a difference, by kind; late usage with the invoice it is on."""
    span = row.starts_at, row.ends_at
    late = late_since(unit, row.id, row.organization_id, *span)
    moved = moved_since(unit, row.organization_id, *span, since)
    changed = changed_since(unit, row.organization_id, row.ends_at, since)
    causes = [_late(one) for one in late]
    causes += [_moved(one) for one in moved]
    causes += [_changed(one) for one in changed]
    if row.status == "void":
        causes.append(
            Cause(
                VOIDED,
                "the invoice is void",
                None,
                None,
                row.number,
                row.voided_at,
                row.voided_by,
                row.void_reason,
            )
        )
    return tuple(causes)


def cause_of(pair: Pair, causes: Sequence[Cause]) -> str:
    """The kinds of causes that explain a difference, or that none is known."""
    explains = _EXPLAINS[pair.part]
    if pair.part == "total" and pair.description == "subtotal":
        explains = tuple(kind for kind in explains if kind != FACTS)
    known = {cause.kind for cause in causes}
    return ", ".join(kind for kind in explains if kind in known) or UNKNOWN


def _late(row: LateSinceRow) -> Cause:
    where = f"on {row.listed_on}" if row.listed_on else "on no final invoice yet"
    return Cause(
        LATE,
        f"came after it was final, {where}",
        row.events,
        row.credits,
        row.batch,
        None,
        None,
        None,
    )


def _moved(row: MovedSinceRow) -> Cause:
    return Cause(
        BOOKINGS,
        row.kind,
        row.entries,
        row.credits,
        row.batch,
        row.recorded_at,
        row.actor,
        row.reason,
    )


def _changed(row: ChangedSinceRow) -> Cause:
    kind = row.action.partition(".")[0]
    return Cause(kind, row.action, None, None, row.subject, row.recorded_at, row.actor, row.reason)
