"""Holds: placed, found again, and closed; the credits they reserve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

IDS = "hold_"
"""How public ids of holds begin."""

OPEN, CAPTURED, RELEASED, EXPIRED = "open", "captured", "released", "expired"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold with the names of whom and what it is for."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    api_key_id: int | None
    price_id: int
    event_hour: int
    event_id: bytes
    id_text: str | None
    authorized_at: datetime
    expires_at: datetime
    estimated_units: int | None
    estimate: Credits
    state: str
    captured: Credits | None


@dataclass(frozen=True, slots=True)
class PartRow:
    """What a hold reserves of a grant, and what became of that grant; None: of a limit."""

    hold_id: int
    grant_id: int | None
    amount: Credits
    grant_ends_at: datetime | None
    grant_reversed_at: datetime | None


_SELECT = """
    SELECT h.id, h.public_id, h.organization_id, o.slug, h.api_key_id, h.price_id, h.event_hour,
           h.event_id, h.id_text, h.authorized_at, h.expires_at, h.estimated_units,
           h.estimate_micro, h.state, h.captured_micro
    FROM hold AS h JOIN organization AS o ON o.id = h.organization_id
"""


def hold_named(unit: UnitOfWork, public_id: str) -> HoldRow | None:
    """The hold with that public id."""
    return unit.fetch_one(HoldRow, f"{_SELECT} WHERE h.public_id = :id", id=public_id)


def hold_by_id(unit: UnitOfWork, hold_id: int) -> HoldRow:
    """The hold with that internal id, which exists."""
    (found,) = unit.fetch(HoldRow, f"{_SELECT} WHERE h.id = :id", id=hold_id)
    return found


def newest_hold_of(unit: UnitOfWork, event_id: bytes) -> HoldRow | None:
    """The newest hold of that request id."""
    return unit.fetch_one(
        HoldRow,
        f"{_SELECT} WHERE h.event_id = :event_id ORDER BY h.authorized_at DESC, h.id DESC LIMIT 1",
        event_id=event_id,
    )


def insert_hold(unit: UnitOfWork, **columns: object) -> int | None:
    """Place an open hold; returns its internal id, None where the request id was taken."""
    names = ", ".join(columns)
    places = ", ".join(f":{name}" for name in columns)
    found = unit.fetch_value(
        f"""
        INSERT INTO hold ({names}, state) VALUES ({places}, 'open')
        ON CONFLICT (event_hour, event_id) DO NOTHING RETURNING id
        """,
        **columns,
    )
    return None if found is None else int(found)


def reserve(unit: UnitOfWork, hold_id: int, parts: Sequence[tuple[int | None, Credits]]) -> None:
    """Reserve credits of grants, in burn-down order; their organization is locked.

    That a grant has that much left is a constraint of its table: only a bug can break it. Where
    nobody waits for counts that has to do.
    """
    for place, (grant_id, amount) in enumerate(parts):
        unit.run(
            """
            INSERT INTO hold_part (hold_id, place, grant_id, amount_micro)
            VALUES (:hold_id, :place, :grant_id, :amount)
            """,
            hold_id=hold_id,
            place=place,
            grant_id=grant_id,
            amount=amount,
        )
        if grant_id is None:
            continue
        changed = unit.run(
            "UPDATE credit_grant SET held_micro = held_micro + :amount WHERE id = :id",
            id=grant_id,
            amount=amount,
        )
        if unit.dialect == "sqlite" and changed != 1:
            raise AssertionError(f"grant {grant_id} is not there, though locked")


def close_hold(
    unit: UnitOfWork,
    hold: HoldRow,
    parts: Sequence[PartRow],
    state: str,
    at: datetime,
    *,
    captured: Credits | None = None,
    batch_id: int | None = None,
    event_hour: int | None = None,
) -> None:
    """End a hold that is not captured, and free what it still reserves by its parts.

    `event_hour` is that of the event that captured it. Its organization is locked.
    """
    if hold.state == OPEN and parts:
        unit.run(
            """
            UPDATE credit_grant SET held_micro = held_micro - p.amount_micro
            FROM hold_part AS p WHERE p.hold_id = :id AND p.grant_id = credit_grant.id
            """,
            id=hold.id,
        )
    unit.run(
        """
        UPDATE hold SET state = :state, closed_at = :at, captured_micro = :captured,
                        batch_id = :batch_id, event_hour = :event_hour
        WHERE id = :id AND state <> 'captured'
        """,
        id=hold.id,
        state=state,
        at=at,
        captured=captured,
        batch_id=batch_id,
        event_hour=hold.event_hour if event_hour is None else event_hour,
    )


def charge_as_booked(unit: UnitOfWork, hold_id: int) -> None:
    """Let a captured hold say what its event costs."""
    unit.run(
        """
        UPDATE hold SET captured_micro = e.credits_micro FROM usage_event AS e
        WHERE hold.id = :id AND e.event_hour = hold.event_hour AND e.event_id = hold.event_id
        """,
        id=hold_id,
    )


def parts_of(unit: UnitOfWork, hold_id: int) -> list[PartRow]:
    """What a hold reserves or had reserved, in burn-down order."""
    return unit.fetch(
        PartRow,
        """
        SELECT p.hold_id, p.grant_id, p.amount_micro, g.expires_at, g.reversed_at
        FROM hold_part AS p LEFT JOIN credit_grant AS g ON g.id = p.grant_id
        WHERE p.hold_id = :hold_id ORDER BY p.place
        """,
        hold_id=hold_id,
    )


def has_open_holds(unit: UnitOfWork) -> bool:
    """Whether any call is in flight."""
    return unit.fetch_value("SELECT 1 FROM hold WHERE state = 'open' LIMIT 1") is not None


def count_open_holds(unit: UnitOfWork) -> int:
    """How many calls are in flight."""
    return int(unit.fetch_value("SELECT COUNT(*) FROM hold WHERE state = 'open'"))


def open_holds_of(unit: UnitOfWork, organization_ids: Iterable[int]) -> list[HoldRow]:
    """The open holds of these organizations."""
    wanted = set(organization_ids)
    rows = unit.fetch(HoldRow, f"{_SELECT} WHERE h.state = 'open' ORDER BY h.id")
    return [row for row in rows if row.organization_id in wanted]


def owners_of_due_holds(unit: UnitOfWork, now: datetime) -> list[int]:
    """Organizations with an open hold whose time is over, in id order."""
    rows = unit.fetch_rows(
        """
        SELECT DISTINCT organization_id FROM hold
        WHERE state = 'open' AND expires_at <= :now ORDER BY organization_id
        """,
        now=now,
    )
    return [int(organization_id) for (organization_id,) in rows]


_OVERDUE = "h.organization_id = :organization_id AND h.state = 'open' AND h.expires_at <= :now"


def free_overdue(
    unit: UnitOfWork, organization_id: int, now: datetime, ended_before: datetime
) -> bool:
    """Free what open holds of the locked organization reserve past their time.

    Says whether a grant was among them that ended by `ended_before`, or was reversed.
    """
    rows = unit.fetch_rows(
        f"""
        UPDATE credit_grant SET held_micro = held_micro - due.amount
        FROM (SELECT p.grant_id, SUM(p.amount_micro) AS amount
              FROM hold AS h JOIN hold_part AS p ON p.hold_id = h.id
              WHERE {_OVERDUE} AND p.grant_id IS NOT NULL GROUP BY p.grant_id) AS due
        WHERE credit_grant.id = due.grant_id
        RETURNING CASE WHEN reversed_at > 0 OR expires_at <= :ended_before THEN 1 ELSE 0 END
        """,
        organization_id=organization_id,
        now=now,
        ended_before=ended_before,
    )
    return any(has_ended for (has_ended,) in rows)


def end_overdue(unit: UnitOfWork, organization_id: int, now: datetime) -> int:
    """End these holds, of which nothing is reserved any more; returns how many there were."""
    return unit.run(
        f"UPDATE hold AS h SET state = 'expired', closed_at = :now WHERE {_OVERDUE}",
        organization_id=organization_id,
        now=now,
    )


def last_call_held(unit: UnitOfWork, grant_id: int) -> int:
    """When the latest call that holds credits of the grant was authorised; 0 for none."""
    found = unit.fetch_value(
        """
        SELECT MAX(h.authorized_at) FROM hold_part AS p JOIN hold AS h ON h.id = p.hold_id
        WHERE p.grant_id = :grant_id AND h.state = 'open'
          AND h.organization_id = (SELECT organization_id FROM credit_grant WHERE id = :grant_id)
        """,
        grant_id=grant_id,
    )
    return int(found or 0)


def move_holds(unit: UnitOfWork, from_id: int, to_id: int) -> None:
    """Make the closed holds of one organization another's, as their events are."""
    unit.run(
        "UPDATE hold SET organization_id = :to_id WHERE organization_id = :from_id",
        from_id=from_id,
        to_id=to_id,
    )


def newest_holds(
    unit: UnitOfWork, organization_id: int | None, state: str | None, limit: int
) -> list[HoldRow]:
    """Holds of an organization or of all, in a state or in any, the newest first."""
    wanted = {"organization_id": organization_id, "state": state}
    given = {name: value for name, value in wanted.items() if value is not None}
    where = " AND ".join(f"h.{name} = :{name}" for name in given) or "1 = 1"
    return unit.fetch(
        HoldRow,
        f"{_SELECT} WHERE {where} ORDER BY h.authorized_at DESC, h.id DESC LIMIT :limit",
        limit=limit,
        **given,
    )
