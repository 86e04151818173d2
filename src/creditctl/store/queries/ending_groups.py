"""Holds of many calls that are about to be ended, and what that has to know, at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given, number_in
from creditctl.store.planning import there_is
from creditctl.store.queries.calls import booked_near, options_of
from creditctl.store.queries.due_work import is_due, pays_beyond_grants
from creditctl.store.queries.holds import HoldRow

_FRESH_DRAFT = """
    FROM invoice AS i
    WHERE i.organization_id = h.organization_id AND i.status = 'draft' AND NOT i.stale
"""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NamedHold:
    """A hold as far as it never changes, and the reference that named it."""

    reference: str
    hold_id: int
    organization_id: int
    authorized_at: datetime


@dataclass(frozen=True, slots=True)
class EndingRow(HoldRow):
    """A hold of a locked organization, and what its capture has to know."""

    batch_id: int | None
    """The batch of its organization's calls of that day; None before the first one."""

    is_unhindered: bool
    """Nothing is due for its organization, only grants pay, and no event has its id."""

    has_draft: bool
    """An invoice of its organization may become stale."""


@dataclass(frozen=True, slots=True)
class HeldGrantRow:
    """What a hold reserves of a grant, and what that grant has; None: of a limit.

    Times in microseconds; `free_micro` is held by nobody.
    """

    hold_id: int
    amount_micro: int
    grant_id: int | None
    free_micro: int | None
    has_expired: bool | None
    product_id: int | None
    effective_at: int | None
    expires_at: int | None
    unit_cost: Decimal | None
    is_reversed: bool | None
    is_carried: bool
    """Another grant was rolled out of it."""

    source: str | None


def holds_named(
    unit: UnitOfWork, references: Iterable[tuple[str, bytes]]
) -> Callable[[], list[NamedHold]]:
    """The hold of each reference: of that public id, else the newest of that request id."""
    asked = list(references)
    return unit.asked(
        NamedHold,
        f"""
        WITH {given(unit.dialect, "asked", "number", "name", words=("name",))}
        SELECT a.name, h.id, h.organization_id, h.authorized_at
        FROM asked AS a JOIN hold AS h ON h.id = COALESCE(
            (SELECT n.id FROM hold AS n WHERE n.public_id = a.name),
            (SELECT n.id FROM hold AS n WHERE n.event_id = {number_in("events", "a.number")}
             ORDER BY n.authorized_at DESC, n.id DESC LIMIT 1)
        )
        """,
        asked=as_given((number, name) for number, (name, _) in enumerate(asked)),
        events=b"".join(number for _, number in asked),
    )


def named_holds(
    unit: UnitOfWork,
    holds: Iterable[tuple[NamedHold, str]],
    *,
    now: datetime,
    expired_before: datetime,
    window: timedelta,
) -> Callable[[], list[EndingRow]]:
    """The holds as they are now; each is asked for with the digest of its day's batch.

    Not only open ones: PostgreSQL would read the index of all that are, instead of a few rows.
    An event with the same id within `window` is the same call.
    """
    reach, asked = window // _MICROSECOND, []
    for hold, digest in holds:
        at = micros_of(hold.authorized_at)
        first = (at - reach) // MICROS_PER_HOUR
        asked.append((hold.hold_id, first, digest, options_of(hold.organization_id)))
    hours = 2 * reach // MICROS_PER_HOUR + 2
    return unit.asked(
        EndingRow,
        _named_holds(unit.dialect),
        asked=as_given(asked),
        hours=as_given((number,) for number in range(hours)),
        now=now,
        expired_before=expired_before,
    )


def _named_holds(dialect: str) -> str:
    asked = given(
        dialect, "asked", "hold_id", "first_hour", "digest", "options", words=("digest", "options")
    )
    return f"""
        WITH {asked}, {given(dialect, "hours", "number")}
        SELECT h.id, h.public_id, h.organization_id, o.slug, h.api_key_id, h.price_id,
               h.event_hour, h.event_id, h.id_text, h.authorized_at, h.expires_at,
               h.estimated_units, h.estimate_micro, h.state, h.captured_micro, b.id,
               NOT ({is_due("h.organization_id")})
               AND NOT {pays_beyond_grants("h.organization_id", "h.authorized_at")}
               AND NOT {booked_near("a.first_hour", "h.event_id")},
               {there_is(_FRESH_DRAFT)}
        FROM asked AS a JOIN hold AS h ON h.id = a.hold_id
             JOIN organization AS o ON o.id = h.organization_id
             LEFT JOIN usage_batch AS b ON b.sha256 = a.digest AND b.options = a.options
                                           AND b.undone_number = 0
    """


def held_grants(unit: UnitOfWork, hold_ids: Iterable[int]) -> Callable[[], list[HeldGrantRow]]:
    """What these holds reserve, in burn-down order of each."""
    return unit.asked(
        HeldGrantRow,
        f"""
        WITH {given(unit.dialect, "asked", "hold_id")}
        SELECT p.hold_id, p.amount_micro, p.grant_id, g.remaining_micro - g.held_micro,
               g.expired_micro > 0, g.product_id, g.effective_at, g.expires_at, g.unit_cost,
               g.reversed_at IS NOT NULL,
               EXISTS (SELECT 1 FROM credit_grant AS c WHERE c.rolled_from_id = g.id),
               g.source
        FROM asked AS a JOIN hold_part AS p ON p.hold_id = a.hold_id
             LEFT JOIN credit_grant AS g ON g.id = p.grant_id
        ORDER BY p.hold_id, p.place
        """,
        asked=as_given((one,) for one in hold_ids),
    )
