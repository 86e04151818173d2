"""Holds of many calls in a few statements, on PostgreSQL, where each is a round trip."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork


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


def callers_named(unit: UnitOfWork, names: Sequence[str]) -> Callable[[], list[CallerRow]]:
    """Whom each of the public ids of keys and slugs names, of those that exist."""
    return unit.asked(
        CallerRow,
        """
        SELECT k.public_id, o.id, o.slug, k.id
        FROM api_key AS k JOIN organization AS o ON o.id = k.organization_id
        WHERE k.public_id = ANY(:names)
        UNION ALL
        SELECT o.slug, o.id, o.slug, NULL FROM organization AS o WHERE o.slug = ANY(:names)
        """,
        names=list(names),
    )


def plain_calls(
    unit: UnitOfWork,
    calls: Iterable[tuple[int, int, bytes, int, int]],
    expired_before: datetime,
) -> Callable[[], list[PlainRow]]:
    """Which calls need nothing but grants and a hold: nothing is due, and nobody used the id.

    A call is its place, its organization, its event's id, and the first and last hour in which the
    same id is the same call.
    """
    places, owners, events, firsts, lasts = (list(column) for column in zip(*calls, strict=True))
    return unit.asked(
        PlainRow,
        """
        SELECT c.place FROM unnest(
            CAST(:places AS BIGINT[]), CAST(:owners AS BIGINT[]), CAST(:events AS BYTEA[]),
            CAST(:firsts AS BIGINT[]), CAST(:lasts AS BIGINT[])
        ) AS c (place, owner, event_id, first_hour, last_hour)
        WHERE NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.event_id = c.event_id)
          AND NOT EXISTS (
            SELECT 1 FROM generate_series(c.first_hour, c.last_hour) AS hour (number)
            WHERE EXISTS (SELECT 1 FROM usage_event AS e
                          WHERE e.event_hour = hour.number AND e.event_id = c.event_id)
        ) AND NOT EXISTS (SELECT 1 FROM subscription AS s WHERE s.organization_id = c.owner)
          AND NOT EXISTS (SELECT 1 FROM order_form AS f
                          WHERE f.organization_id = c.owner AND f.status = 'active')
          AND NOT EXISTS (
            SELECT 1 FROM credit_grant AS g
            WHERE g.organization_id = c.owner AND g.remaining_micro > g.held_micro
              AND (g.expires_at <= :expired_before OR g.reversed_at > 0)
        )
        """,
        places=places,
        owners=owners,
        events=events,
        firsts=firsts,
        lasts=lasts,
        expired_before=expired_before,
    )


def insert_holds(unit: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> None:
    """Place open holds; a constraint is broken where another used a request id meanwhile."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _HOLD_COLUMNS.items())
    names = ", ".join(_HOLD_COLUMNS)
    unit.run(
        f"""
        INSERT INTO hold ({names}, state)
        SELECT {names}, 'open' FROM unnest({arrays}) AS n ({names})
        """,
        **{name: [row[name] for row in rows] for name in _HOLD_COLUMNS},
    )


def reserve_parts(unit: UnitOfWork, parts: Sequence[tuple[str, int, int, int]]) -> None:
    """Reserve credits: hold's public id, place in burn-down order, grant, micro-credits.

    Owners are locked. That a grant has as much left is a constraint of its table.
    """
    if not parts:
        return
    holds, places, grants, amounts = (list(column) for column in zip(*parts, strict=True))
    unit.run(
        """
        INSERT INTO hold_part (hold_id, place, grant_id, amount_micro)
        SELECT h.id, p.place, p.grant_id, p.amount
        FROM unnest(
            CAST(:holds AS TEXT[]), CAST(:places AS BIGINT[]), CAST(:grants AS BIGINT[]),
            CAST(:amounts AS BIGINT[])
        ) AS p (public_id, place, grant_id, amount) JOIN hold AS h ON h.public_id = p.public_id
        """,
        holds=holds,
        places=places,
        grants=grants,
        amounts=amounts,
    )
    unit.run(
        """
        UPDATE credit_grant SET held_micro = held_micro + d.amount FROM (
            SELECT p.id, CAST(SUM(p.amount) AS BIGINT) AS amount
            FROM unnest(CAST(:grants AS BIGINT[]), CAST(:amounts AS BIGINT[])) AS p (id, amount)
            GROUP BY p.id
        ) AS d
        WHERE credit_grant.id = d.id
        """,
        grants=grants,
        amounts=amounts,
    )


_HOLD_COLUMNS = {
    "public_id": "TEXT",
    "organization_id": "BIGINT",
    "api_key_id": "BIGINT",
    "price_id": "BIGINT",
    "event_hour": "BIGINT",
    "event_id": "BYTEA",
    "id_text": "TEXT",
    "authorized_at": "BIGINT",
    "expires_at": "BIGINT",
    "estimated_units": "BIGINT",
    "estimate_micro": "BIGINT",
}
