"""Crossings: what was crossed, in which window, and whether it recovered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.budgets import Reading
from creditctl.rules.crossings import Crossing
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.limit_marks import chosen, given


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """A row of `crossing`; figures are those of the moment it was crossed."""

    id: int
    organization_id: int
    line: str
    revision: int
    kind: str
    measure: str
    event: str
    product_id: int
    api_key_id: int
    window_starts_at: datetime
    window_ends_at: datetime | None
    usage: Credits
    limit: Credits
    crossed_at: datetime
    recovered_at: datetime | None

    @property
    def crossing(self) -> Crossing:
        """As the rules know it."""
        return Crossing(
            self.id,
            self.line,
            self.revision,
            self.window_starts_at,
            self.window_ends_at,
            self.recovered_at is None,
        )


_COLUMNS = """
    x.id, x.organization_id, x.line, x.revision, x.kind, x.measure, x.event, x.product_id,
    x.api_key_id, x.window_starts_at, x.window_ends_at, x.usage_micro, x.limit_micro,
    x.crossed_at, x.recovered_at
"""


def crossings_now(
    unit: UnitOfWork,
    at: datetime,
    organization_id: int | None = None,
    *,
    since: datetime | None = None,
) -> list[CrossingRow]:
    """Of marked organizations, or the one given: what is open or was crossed in a window that runs.

    Or in one that ended after `since`. By the time they were crossed.
    """
    source = f"FROM {chosen(organization_id)} AS c JOIN crossing AS x"
    of_owner = "x.organization_id = c.organization_id"
    return unit.fetch(
        CrossingRow,
        f"""
        SELECT {_COLUMNS} {source} ON {of_owner} AND x.recovered_at IS NULL
        UNION
        SELECT {_COLUMNS} {source} ON {of_owner} AND x.window_ends_at > :since
        UNION
        SELECT {_COLUMNS} {source} ON {of_owner} AND x.window_starts_at = :at
               AND x.window_ends_at IS NULL
        ORDER BY crossed_at, id
        """,
        at=at,
        since=at if since is None else min(since, at),
        **given(organization_id),
    )


def crossing_history(unit: UnitOfWork, organization_id: int, limit: int) -> list[CrossingRow]:
    """The organization's crossings, the newest first."""
    return unit.fetch(
        CrossingRow,
        f"""
        SELECT {_COLUMNS} FROM crossing AS x WHERE x.organization_id = :organization_id
        ORDER BY x.crossed_at DESC, x.id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        limit=limit,
    )


def exceeded_part(
    unit: UnitOfWork, organization_id: int, product_id: int | None, key_id: int, at: datetime
) -> CrossingRow | None:
    """The hard line of the product's or the key's own that is crossed for the longest, if any."""
    return unit.fetch_one(
        CrossingRow,
        f"""
        SELECT {_COLUMNS} FROM crossing AS x
        WHERE x.organization_id = :organization_id AND x.recovered_at IS NULL AND x.kind = 'hard'
          AND x.product_id IN (0, :product_id) AND x.api_key_id IN (0, :key_id)
          AND (x.product_id <> 0 OR x.api_key_id <> 0)
          AND (x.window_ends_at IS NULL OR x.window_ends_at > :at)
        ORDER BY x.window_ends_at IS NULL DESC, x.window_ends_at DESC, x.id LIMIT 1
        """,
        organization_id=organization_id,
        product_id=product_id or 0,
        key_id=key_id,
        at=at,
    )


def insert_crossing(
    unit: UnitOfWork,
    organization_id: int,
    reading: Reading,
    event: str,
    crossed_at: datetime,
    *,
    recovered_at: datetime | None = None,
) -> None:
    """Write a crossing; one without a window begins when it is crossed."""
    line, window = reading.line, reading.window
    unit.run(
        """
        INSERT INTO crossing (organization_id, line, revision, kind, measure, event,
                              product_id, api_key_id, window_starts_at, window_ends_at, usage_micro,
                              limit_micro, crossed_at, recovered_at)
        VALUES (:organization_id, :line, :revision, :kind, :measure, :event, :product_id,
                :api_key_id, :starts_at, :ends_at, :usage, :limit, :crossed_at,
                :recovered_at)
        """,
        organization_id=organization_id,
        line=line.id,
        revision=line.revision,
        kind=line.kind,
        measure=line.measure,
        event=event,
        product_id=line.product_id or 0,
        api_key_id=line.api_key_id or 0,
        starts_at=window.starts_at if window else crossed_at,
        ends_at=window.ends_at if window else None,
        usage=reading.usage,
        limit=reading.limit,
        crossed_at=crossed_at,
        recovered_at=recovered_at,
    )


def close_crossings(unit: UnitOfWork, crossings: Sequence[Crossing], at: datetime) -> None:
    """They recovered."""
    unit.run_many(
        "UPDATE crossing SET recovered_at = :at WHERE id = :id",
        [{"id": one.id, "at": at} for one in crossings],
    )


def reopen_crossings(unit: UnitOfWork, crossings: Sequence[Crossing]) -> None:
    """They are crossed again in the same window."""
    unit.run_many(
        "UPDATE crossing SET recovered_at = NULL WHERE id = :id",
        [{"id": one.id} for one in crossings],
    )
