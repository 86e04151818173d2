"""Counters of the gate: windows, moments and connections of a key."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.rules.rate_limits import CONNECTIONS
from creditctl.store.engine import UnitOfWork

_CLOCK = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection that a key holds open."""

    lease: str
    opened_at: datetime
    expires_at: datetime


def server_micros(unit: UnitOfWork) -> int | None:
    """The server's own clock; None on SQLite, where the caller's is the only one."""
    return None if unit.dialect == "sqlite" else int(unit.fetch_value(_CLOCK))


def add_use(
    unit: UnitOfWork,
    key_id: int,
    name: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    cost: int,
    at_least: int,
) -> int:
    """Count in the window, which held `at_least` so much before; returns what it holds now.

    Its row stays locked, so that two gates never count on the same number.
    """
    return int(
        unit.fetch_value(
            """
            INSERT INTO gate_counter (api_key_id, limit_name, starts_at, ends_at, used)
            VALUES (:key_id, :name, :starts_at, :ends_at, :at_least + :cost)
            ON CONFLICT (api_key_id, limit_name, starts_at) DO UPDATE SET
                ends_at = excluded.ends_at,
                used = :cost + CASE WHEN gate_counter.used < :at_least THEN :at_least
                                    ELSE gate_counter.used END
            RETURNING used
            """,
            key_id=key_id,
            name=name,
            starts_at=starts_at,
            ends_at=ends_at,
            cost=cost,
            at_least=at_least,
        )
    )


def use_of(unit: UnitOfWork, key_id: int, name: str, starts_at: datetime) -> int:
    """What the window holds."""
    return int(
        unit.fetch_value(
            """
            SELECT used FROM gate_counter
            WHERE api_key_id = :key_id AND limit_name = :name AND starts_at = :starts_at
            """,
            key_id=key_id,
            name=name,
            starts_at=starts_at,
        )
        or 0
    )


def take_use(unit: UnitOfWork, key_id: int, name: str, starts_at: datetime, cost: int) -> None:
    """Count so much less in the window, down to nothing."""
    unit.run(
        """
        UPDATE gate_counter SET used = CASE WHEN used > :cost THEN used - :cost ELSE 0 END
        WHERE api_key_id = :key_id AND limit_name = :name AND starts_at = :starts_at
        """,
        key_id=key_id,
        name=name,
        starts_at=starts_at,
        cost=cost,
    )


def drop_windows(unit: UnitOfWork, key_id: int, name: str, ended_before: datetime) -> None:
    """Forget windows of the limit that were over before that time."""
    unit.run(
        """
        DELETE FROM gate_counter
        WHERE api_key_id = :key_id AND limit_name = :name
          AND starts_at > 0 AND ends_at < :ended_before
        """,
        key_id=key_id,
        name=name,
        ended_before=ended_before,
    )


def lock_limit(unit: UnitOfWork, key_id: int, name: str) -> None:
    """Let other gates wait before they look at the key's moments or connections."""
    unit.run(
        """
        INSERT INTO gate_counter (api_key_id, limit_name, starts_at, ends_at, used)
        VALUES (:key_id, :name, 0, 0, 0)
        ON CONFLICT (api_key_id, limit_name, starts_at) DO UPDATE SET used = 0
        """,
        key_id=key_id,
        name=name,
    )


def drop_moments(unit: UnitOfWork, key_id: int, name: str, until: datetime) -> None:
    """Forget moments up to and including that time."""
    unit.run(
        """
        DELETE FROM gate_moment
        WHERE api_key_id = :key_id AND limit_name = :name AND used_at <= :until
        """,
        key_id=key_id,
        name=name,
        until=until,
    )


def moments_of(unit: UnitOfWork, key_id: int, name: str, after: datetime) -> list[tuple[int, int]]:
    """Microseconds and what was used then, the earliest first."""
    rows = unit.fetch_rows(
        """
        SELECT used_at, used FROM gate_moment
        WHERE api_key_id = :key_id AND limit_name = :name AND used_at > :after
        ORDER BY used_at
        """,
        key_id=key_id,
        name=name,
        after=after,
    )
    return [(int(at), int(used)) for at, used in rows]


def add_moment(unit: UnitOfWork, key_id: int, name: str, at: datetime, cost: int) -> None:
    """Count so much in that microsecond."""
    unit.run(
        """
        INSERT INTO gate_moment (api_key_id, limit_name, used_at, used)
        VALUES (:key_id, :name, :at, :cost)
        ON CONFLICT (api_key_id, limit_name, used_at) DO UPDATE SET
            used = gate_moment.used + excluded.used
        """,
        key_id=key_id,
        name=name,
        at=at,
        cost=cost,
    )


def set_moment(unit: UnitOfWork, key_id: int, name: str, micros: int, used: int) -> None:
    """Let a moment hold so much; nothing removes it."""
    sql = (
        "UPDATE gate_moment SET used = :used" if used else "DELETE FROM gate_moment"
    ) + " WHERE api_key_id = :key_id AND limit_name = :name AND used_at = :micros"
    values = {"used": used} if used else {}
    unit.run(sql, key_id=key_id, name=name, micros=micros, **values)


def connections_of(unit: UnitOfWork, key_id: int, at: datetime) -> list[ConnectionRow]:
    """The key's connections that are open at that time, the oldest first."""
    return unit.fetch(
        ConnectionRow,
        """
        SELECT lease, opened_at, expires_at FROM gate_connection
        WHERE api_key_id = :key_id AND expires_at > :at AND expires_at > opened_at
        ORDER BY opened_at, lease
        """,
        key_id=key_id,
        at=at,
    )


def lock_connections(unit: UnitOfWork, key_id: int, at: datetime) -> list[ConnectionRow]:
    """The same, with those that are over forgotten and other gates waiting."""
    lock_limit(unit, key_id, CONNECTIONS)
    unit.run(
        """
        DELETE FROM gate_connection
        WHERE api_key_id = :key_id AND expires_at <= :at AND opened_at <= :at
        """,
        key_id=key_id,
        at=at,
    )
    return connections_of(unit, key_id, at)


def add_connection(
    unit: UnitOfWork, key_id: int, lease: str, at: datetime, lasts: timedelta
) -> None:
    """Hold a connection open; the caller knows that there is room."""
    unit.run(
        """
        INSERT INTO gate_connection (api_key_id, lease, opened_at, expires_at)
        VALUES (:key_id, :lease, :at, :expires_at)
        ON CONFLICT (api_key_id, lease) DO UPDATE SET
            opened_at = excluded.opened_at, expires_at = excluded.expires_at
        """,
        key_id=key_id,
        lease=lease,
        at=at,
        expires_at=at + lasts,
    )


def renew_connection(
    unit: UnitOfWork, key_id: int, lease: str, at: datetime, lasts: timedelta
) -> bool:
    """Let an open connection last longer; False when it is not open any more."""
    renewed = unit.run(
        """
        UPDATE gate_connection SET expires_at = :expires_at
        WHERE api_key_id = :key_id AND lease = :lease
          AND expires_at > :at AND expires_at > opened_at
        """,
        key_id=key_id,
        lease=lease,
        at=at,
        expires_at=at + lasts,
    )
    return renewed == 1


def give_way(
    unit: UnitOfWork, key_id: int, lease: str, at: datetime, *, until: datetime, most: int
) -> None:
    """End a connection for another, and remember that until then; of `most` a key at a time.

    One that gave way is a row whose `opened_at`, until when it is remembered, is after its end.
    """
    remembered = unit.run(
        """
        UPDATE gate_connection SET opened_at = :until, expires_at = :at
        WHERE api_key_id = :key_id AND lease = :lease AND :most > (
            SELECT COUNT(*) FROM gate_connection
            WHERE api_key_id = :key_id AND opened_at > expires_at
        )
        """,
        key_id=key_id,
        lease=lease,
        at=at,
        until=until,
        most=most,
    )
    if not remembered:
        drop_connection(unit, key_id, lease)


def gave_way(unit: UnitOfWork, key_id: int, lease: str, at: datetime) -> bool:
    """Whether a connection of that name gave way to another, and that is remembered."""
    found = unit.fetch_value(
        """
        SELECT 1 FROM gate_connection
        WHERE api_key_id = :key_id AND lease = :lease
          AND opened_at > expires_at AND opened_at > :at
        """,
        key_id=key_id,
        lease=lease,
        at=at,
    )
    return found is not None


def drop_connection(unit: UnitOfWork, key_id: int, lease: str) -> None:
    """Forget the connection."""
    unit.run(
        "DELETE FROM gate_connection WHERE api_key_id = :key_id AND lease = :lease",
        key_id=key_id,
        lease=lease,
    )
