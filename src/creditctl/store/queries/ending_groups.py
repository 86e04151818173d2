"""What ends holds of many calls in a few statements, and books those that were served.

Statements are given integers and look up the rest by the hold, on both databases alike.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.calls import options_of
from creditctl.store.queries.closings import posted_day
from creditctl.store.queries.holds import HoldRow

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NamedHold:
    """A hold as far as it never changes, and the reference that named it."""

    reference: str
    hold_id: int
    organization_id: int
    authorized_at: datetime


@dataclass(frozen=True, slots=True)
class OpenHoldRow(HoldRow):
    """An open hold of a locked organization, and what its capture has to know."""

    batch_id: int | None
    """The batch of its organization's calls of that day; None before the first one."""

    is_unhindered: bool
    """Nothing is due for its organization, and no event has its id."""

    has_draft: bool
    """An invoice of its organization may become stale."""


@dataclass(frozen=True, slots=True)
class HeldGrantRow:
    """What a hold reserves of a grant, and what that grant has; None: of a limit."""

    hold_id: int
    amount: Credits
    grant_id: int | None
    remaining: Credits | None
    held: Credits | None
    expired: Credits | None
    product_id: int | None
    effective_at: datetime | None
    expires_at: datetime | None
    unit_cost: Decimal | None
    reversed_at: datetime | None
    is_carried: bool
    """Another grant was rolled out of it."""


class Served(NamedTuple):
    """A call to be booked; credits in micro-credits."""

    hold_id: int
    status: int
    units: int
    credits_micro: int
    batch_id: int
    product_id: int
    failed: bool


class Drawn(NamedTuple):
    """What a grant pays of a call, in micro-credits; when that is written, and by whom."""

    hold_id: int
    grant_id: int
    credits_micro: int
    batch_id: int
    product_id: int
    recorded_at: int
    actor: str


def holds_named(
    unit: UnitOfWork, references: Iterable[tuple[str, bytes]]
) -> Callable[[], list[NamedHold]]:
    """The hold of each reference: of that public id, else the newest of that request id."""
    asked = list(references)
    if unit.dialect == "sqlite":
        found = [unit.fetch(NamedHold, _ONE_NAMED, name=name, number=one) for name, one in asked]
        return lambda: [row for rows in found for row in rows]
    names, numbers = (list(column) for column in zip(*asked, strict=True))
    return unit.asked(NamedHold, _MANY_NAMED, names=names, numbers=numbers)


_NEWEST = "ORDER BY {0}.authorized_at DESC, {0}.id DESC LIMIT 1"
_ONE_NAMED = f"""
    SELECT CAST(:name AS TEXT), id, organization_id, authorized_at FROM hold WHERE id = COALESCE(
        (SELECT h.id FROM hold AS h WHERE h.public_id = :name),
        (SELECT h.id FROM hold AS h WHERE h.event_id = :number {_NEWEST.format("h")})
    )
"""
_MANY_NAMED = f"""
    SELECT c.name, h.id, h.organization_id, h.authorized_at
    FROM unnest(CAST(:names AS TEXT[]), CAST(:numbers AS BYTEA[])) AS c (name, number)
         JOIN hold AS h ON h.id = COALESCE(
        (SELECT n.id FROM hold AS n WHERE n.public_id = c.name),
        (SELECT n.id FROM hold AS n WHERE n.event_id = c.number {_NEWEST.format("n")})
    )
"""


def open_holds(
    unit: UnitOfWork,
    holds: Iterable[tuple[NamedHold, str]],
    *,
    expired_before: datetime,
    window: timedelta,
) -> Callable[[], list[OpenHoldRow]]:
    """Those that are open; each is asked for with the digest of its day's batch.

    An event with the same id within `window` is the same call.
    """
    reach, asked = window // _MICROSECOND, []
    for hold, digest in holds:
        at = micros_of(hold.authorized_at)
        first, last = ((at + offset) // MICROS_PER_HOUR for offset in (-reach, reach))
        asked.append((hold.hold_id, first, digest, options_of(hold.organization_id)))
    hours = 2 * reach // MICROS_PER_HOUR + 2
    return unit.asked(
        OpenHoldRow,
        _open_holds(unit.dialect),
        asked=as_given(asked),
        hours=as_given((number,) for number in range(hours)),
        expired_before=expired_before,
    )


def _open_holds(dialect: str) -> str:
    asked = given(
        dialect, "asked", "hold_id", "first_hour", "digest", "options", words=("digest", "options")
    )
    return f"""
        WITH {asked}, {given(dialect, "hours", "number")}
        SELECT h.id, h.public_id, h.organization_id, o.slug, h.api_key_id, h.price_id,
               h.event_hour, h.event_id, h.id_text, h.authorized_at, h.expires_at,
               h.estimated_units, h.estimate_micro, h.state, h.captured_micro, b.id,
               NOT EXISTS (
                   SELECT 1 FROM subscription AS s WHERE s.organization_id = h.organization_id
               ) AND NOT EXISTS (
                   SELECT 1 FROM order_form AS f
                   WHERE f.organization_id = h.organization_id AND f.status = 'active'
               ) AND NOT EXISTS (
                   SELECT 1 FROM credit_grant AS g
                   WHERE g.organization_id = h.organization_id AND g.remaining_micro > g.held_micro
                     AND (g.expires_at <= :expired_before OR g.reversed_at > 0)
               ) AND NOT EXISTS (
                   SELECT 1 FROM hours CROSS JOIN usage_event AS e
                   WHERE e.event_hour = a.first_hour + hours.number AND e.event_id = h.event_id
               ),
               EXISTS (
                   SELECT 1 FROM invoice AS i
                   WHERE i.organization_id = h.organization_id AND i.status = 'draft'
                     AND NOT i.stale
               )
        FROM asked AS a JOIN hold AS h ON h.id = a.hold_id
             JOIN organization AS o ON o.id = h.organization_id
             LEFT JOIN usage_batch AS b ON b.sha256 = a.digest AND b.options = a.options
                                           AND b.undone_number = 0
        WHERE h.state = 'open'
    """


def held_grants(unit: UnitOfWork, hold_ids: Iterable[int]) -> Callable[[], list[HeldGrantRow]]:
    """What these holds reserve, in burn-down order of each."""
    return unit.asked(
        HeldGrantRow,
        f"""
        WITH {given(unit.dialect, "asked", "hold_id")}
        SELECT p.hold_id, p.amount_micro, p.grant_id, g.remaining_micro, g.held_micro,
               g.expired_micro, g.product_id, g.effective_at, g.expires_at, g.unit_cost,
               g.reversed_at,
               EXISTS (SELECT 1 FROM credit_grant AS c WHERE c.rolled_from_id = g.id)
        FROM asked AS a JOIN hold_part AS p ON p.hold_id = a.hold_id
             LEFT JOIN credit_grant AS g ON g.id = p.grant_id
        ORDER BY p.hold_id, p.place
        """,
        asked=as_given((one,) for one in hold_ids),
    )


def draw_held(unit: UnitOfWork, grants: Mapping[int, tuple[int, int]]) -> None:
    """Free what was held of grants, and take what was used; owners are locked.

    By internal id, both in micro-credits. That a grant has as much is a constraint of its table.
    """
    if not grants:
        return
    unit.run(
        f"""
        UPDATE credit_grant SET held_micro = held_micro - t.freed,
                                remaining_micro = remaining_micro - t.used
        FROM (WITH {given(unit.dialect, "taken", "id", "freed", "used")} SELECT * FROM taken) AS t
        WHERE credit_grant.id = t.id
        """,
        taken=as_given((grant, *sums) for grant, sums in grants.items()),
    )


def close_holds(
    unit: UnitOfWork, ended: Sequence[tuple[int, int, int | None, int | None]]
) -> None:
    """End open holds: hold, when, what was captured in micro-credits, its batch; None: released."""
    unit.run(
        f"""
        WITH {given(unit.dialect, "ended", "id", "closed_at", "captured", "batch")}
        UPDATE hold SET state = CASE WHEN e.captured IS NULL THEN 'released' ELSE 'captured' END,
                        closed_at = e.closed_at, captured_micro = e.captured, batch_id = e.batch
        FROM ended AS e WHERE hold.id = e.id AND hold.state = 'open'
        """,
        ended=as_given(ended),
    )


def insert_served(unit: UnitOfWork, calls: Sequence[Served], *, have_words: bool) -> None:
    """Write the events of holds and, where their ids are hashes, the words of them."""
    served = given(unit.dialect, "served", "hold_id", "status", "units", "credits", "batch_id")
    unit.run(
        f"""
        WITH {served}
        INSERT INTO usage_event (event_hour, event_id, occurred_at, organization_id, api_key_id,
                                 price_id, status, units, credits_micro, batch_id, volume_before)
        SELECT h.event_hour, h.event_id, h.authorized_at, h.organization_id, h.api_key_id,
               h.price_id, s.status, s.units, s.credits, s.batch_id, 0
        FROM served AS s JOIN hold AS h ON h.id = s.hold_id
        """,
        served=as_given(call[:5] for call in calls),
    )
    if have_words:
        unit.run(
            f"""
            WITH {given(unit.dialect, "served", "hold_id")}
            INSERT INTO usage_event_text (event_hour, event_id, id_text)
            SELECT h.event_hour, h.event_id, h.id_text
            FROM served AS s JOIN hold AS h ON h.id = s.hold_id WHERE h.id_text IS NOT NULL
            """,
            served=as_given((call.hold_id,) for call in calls),
        )


def book_drawn(unit: UnitOfWork, draws: Sequence[Drawn], reason: str) -> None:
    """Append to the ledger who pays for which call, and add to the rollup of a day's payers."""
    if not draws:
        return
    columns = ("place", *Drawn._fields)
    drawn = given(unit.dialect, "drawn", *columns, words=("actor",))
    rows = as_given((place, *draw) for place, draw in enumerate(draws))
    day = f"h.authorized_at / {MICROS_PER_DAY}"
    unit.run(
        f"""
        WITH {drawn}
        INSERT INTO ledger_entry (
            organization_id, grant_id, kind, amount_micro, event_at, recorded_at, product_id,
            batch_id, first_event_at, first_event_id, last_event_at, last_event_id, actor, reason,
            posting_day
        )
        SELECT h.organization_id, d.grant_id, 'usage', -d.credits_micro, h.authorized_at,
               d.recorded_at, d.product_id, d.batch_id, h.authorized_at, h.event_id,
               h.authorized_at, h.event_id, d.actor, CAST(:reason AS TEXT), {posted_day(day)}
        FROM drawn AS d JOIN hold AS h ON h.id = d.hold_id ORDER BY d.place
        """,
        drawn=rows,
        reason=reason,
    )
    unit.run(
        f"""
        WITH {drawn}
        INSERT INTO debit_day (day, organization_id, product_id, source, credits_micro)
        SELECT {day}, h.organization_id, d.product_id, g.source,
               CAST(SUM(d.credits_micro) AS BIGINT)
        FROM drawn AS d JOIN hold AS h ON h.id = d.hold_id
             JOIN credit_grant AS g ON g.id = d.grant_id
        WHERE true GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (day, organization_id, product_id, source)
        DO UPDATE SET credits_micro = debit_day.credits_micro + excluded.credits_micro
        """,
        drawn=rows,
    )


def count_served(unit: UnitOfWork, calls: Sequence[Served]) -> None:
    """Count the events in the batches of their organizations' days."""
    served = given(unit.dialect, "served", *Served._fields)
    rows = as_given((*call[:-1], int(call.failed)) for call in calls)
    unit.run(
        f"""
        WITH {served}
        INSERT INTO usage_batch_product (batch_id, product_id, requests, credits_micro)
        SELECT batch_id, product_id, COUNT(*), CAST(SUM(credits_micro) AS BIGINT)
        FROM served WHERE true GROUP BY batch_id, product_id ORDER BY batch_id, product_id
        ON CONFLICT (batch_id, product_id) DO UPDATE
        SET requests = usage_batch_product.requests + excluded.requests,
            credits_micro = usage_batch_product.credits_micro + excluded.credits_micro
        """,
        served=rows,
    )
    unit.run(
        f"""
        WITH {served}, sums AS (
            SELECT batch_id, COUNT(*) AS records,
                   SUM(CASE WHEN credits_micro > 0 THEN 1 ELSE 0 END) AS billed,
                   SUM(CASE WHEN credits_micro = 0 AND failed = 0 THEN 1 ELSE 0 END) AS free,
                   SUM(failed) AS failed, SUM(credits_micro) AS micro
            FROM served GROUP BY batch_id
        )
        UPDATE usage_batch
        SET cursor = cursor + s.records, billed = usage_batch.billed + s.billed,
            free = usage_batch.free + s.free, failed = usage_batch.failed + s.failed,
            credits_micro = credits_micro + s.micro
        FROM sums AS s WHERE usage_batch.id = s.batch_id
        """,
        served=rows,
    )
