"""Holds of many calls in a few statements; on PostgreSQL each of these is a message."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from creditctl.rules.instants import MICROS_PER_HOUR
from creditctl.store.each_row import each_row
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_array, as_given, given, number_in
from creditctl.store.planning import there_is
from creditctl.store.queries.calls import booked_near
from creditctl.store.queries.due_work import is_due, pays_beyond_grants

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CallerRow:
    """Whom a key's public id or an organization's slug names."""

    name: str
    organization_id: int
    organization: str
    api_key_id: int | None


@dataclass(frozen=True, slots=True)
class PlainRow:
    """A call that is plain, by its place among those asked for."""

    place: int


@dataclass(frozen=True, slots=True)
class FreeGrantRow:
    """What burn-down knows of a grant; times in microseconds, what is free in micro-credits."""

    id: int
    organization_id: int
    free_micro: int
    product_id: int | None
    priority: int
    effective_at: int
    expires_at: int | None
    unit_cost: Decimal | None


class NewCall(NamedTuple):
    """A call by its place, its organization, its event's id, and when it is made."""

    place: int
    organization_id: int
    event_id: bytes
    at_micros: int


class NewHold(NamedTuple):
    """A hold to be placed: columns of its table."""

    public_id: str
    organization_id: int
    api_key_id: int | None
    price_id: int
    event_hour: int
    event_id: bytes
    id_text: str | None
    authorized_at: int
    expires_at: int
    estimated_units: int | None
    estimate_micro: int


def callers_named(unit: UnitOfWork, names: Iterable[str]) -> Callable[[], list[CallerRow]]:
    """Whom each of the public ids of keys and slugs names, of those that exist."""
    return unit.asked(
        CallerRow,
        f"""
        WITH {given(unit.dialect, "names", "name", words=("name",))}
        SELECT n.name, o.id, o.slug, k.id
        FROM names AS n JOIN api_key AS k ON k.public_id = n.name
             JOIN organization AS o ON o.id = k.organization_id
        UNION ALL
        SELECT n.name, o.id, o.slug, NULL
        FROM names AS n JOIN organization AS o ON o.slug = n.name
        """,
        names=as_given((name,) for name in names),
    )


def plain_calls(
    unit: UnitOfWork,
    calls: Sequence[NewCall],
    *,
    now: datetime,
    expired_before: datetime,
    window: timedelta,
) -> Callable[[], list[PlainRow]]:
    """Which calls need nothing but grants and a hold.

    Nothing is due, nothing but grants may pay, and nobody used the id. The same id within
    `window` is the same call.
    """
    reach = window // _MICROSECOND
    asked = [
        (
            call.place,
            number,
            call.organization_id,
            call.at_micros,
            (call.at_micros - reach) // MICROS_PER_HOUR,
        )
        for number, call in enumerate(calls)
    ]
    return unit.asked(
        PlainRow,
        f"""
        WITH {given(unit.dialect, "asked", "place", "number", "owner", "made_at", "first_hour")},
             {given(unit.dialect, "hours", "number")}, calls AS MATERIALIZED (
            SELECT place, owner, made_at, first_hour,
                   {number_in("events", "asked.number")} AS event_id
            FROM asked
        )
        SELECT c.place FROM calls AS c
        WHERE NOT {there_is("FROM hold AS h WHERE h.event_id = c.event_id")}
          AND NOT {booked_near("c.first_hour", "c.event_id")}
          AND NOT ({is_due("c.owner")}) AND NOT {pays_beyond_grants("c.owner", "c.made_at")}
        """,
        asked=as_given(asked),
        hours=as_given((number,) for number in range(2 * reach // MICROS_PER_HOUR + 2)),
        events=b"".join(call.event_id for call in calls),
        now=now,
        expired_before=expired_before,
    )


def free_grants(
    unit: UnitOfWork, organization_ids: Sequence[int]
) -> Callable[[], list[FreeGrantRow]]:
    """Grants of which something is left, be it held, whenever they are in force."""
    return unit.asked(
        FreeGrantRow,
        f"""
        SELECT id, organization_id, remaining_micro - held_micro, product_id, priority,
               effective_at, expires_at, unit_cost
        FROM credit_grant
        WHERE organization_id {_ONE_OF[unit.dialect]} AND reversed_at IS NULL
          AND remaining_micro > 0
        ORDER BY id
        """,
        ids=as_array(organization_ids)
        if unit.dialect == "postgresql"
        else f"[{','.join(map(str, organization_ids))}]",
    )


def insert_holds(unit: UnitOfWork, holds: Sequence[NewHold]) -> None:
    """Place open holds; a constraint is broken where another used a request id meanwhile."""
    unit.run_each(_new_holds(unit.dialect), holds)


@cache
def _new_holds(dialect: str) -> str:
    names = NewHold._fields
    hold = each_row(dialect, *names, words=("public_id", "id_text"), binary=("event_id",))
    return f"""
        INSERT INTO hold ({", ".join(names)}, state) {hold.values("'open'")}
        """


def insert_parts(unit: UnitOfWork, parts: Sequence[tuple[str, int, int, int]]) -> None:
    """What holds reserve: hold's public id, place in burn-down order, grant, micro-credits."""
    if parts:
        unit.run_each(_new_parts(unit.dialect), parts)


@cache
def _new_parts(dialect: str) -> str:
    part = each_row(dialect, "public_id", "place", "grant_id", "amount", words=("public_id",))
    hold_id = f"(SELECT h.id FROM hold AS h WHERE h.public_id = {part['public_id']})"
    return f"""
        INSERT INTO hold_part (hold_id, place, grant_id, amount_micro)
        {part.selected(hold_id, part["place"], part["grant_id"], part["amount"])}
        """


_ONE_OF = {
    "sqlite": "IN (SELECT value FROM json_each(:ids))",
    # A list that is joined would tempt it to read the grants of everybody.
    "postgresql": "= ANY(CAST(:ids AS BIGINT[]))",
}
