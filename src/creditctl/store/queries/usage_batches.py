"""Imports: claimed, advanced and finished; their summaries and rejects."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from creditctl.errors import NotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork

_COLUMNS = (
    "id, public_id, source_name, format, status, cursor, billed, free, failed, duplicate, "
    "rejected, credits_micro, started_at, finished_at, actor, reused, adjusted, "
    "quarantined, pruned"
)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row of `usage_batch`; `cursor` is the number of records already booked."""

    id: int
    public_id: str
    source_name: str
    format: str
    status: str
    cursor: int
    billed: int
    free: int
    failed: int
    duplicate: int
    rejected: int
    credits: Credits
    started_at: datetime
    finished_at: datetime | None
    actor: str
    reused: int
    adjusted: int
    quarantined: int
    pruned: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some records; the sum without `reused` and `adjusted` is those read."""

    billed: int = 0
    free: int = 0
    failed: int = 0
    duplicate: int = 0
    rejected: int = 0
    reused: int = 0
    """New events whose id was seen before, outside of the duplicate window."""

    adjusted: int = 0
    """Of the booked ones those that the next invoice lists as late usage."""

    quarantined: int = 0
    """Too late to be booked before somebody decides."""

    credits: Credits = NO_CREDITS


@dataclass(frozen=True, slots=True)
class RejectRow:
    """A rejected record, with the file it stood in."""

    file: str
    line: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchProductRow:
    """What an import brought for a product."""

    product: str
    requests: int
    credits: Credits


def find_batch(unit: UnitOfWork, sha256: str, options: str) -> BatchRow | None:
    """The import of that content under those options, finished or not."""
    return unit.fetch_one(
        BatchRow,
        f"""
        SELECT {_COLUMNS} FROM usage_batch
        WHERE sha256 = :sha256 AND options = :options AND undone_number = 0
        """,
        sha256=sha256,
        options=options,
    )


def batch_by_id(unit: UnitOfWork, batch_id: int) -> BatchRow:
    """A batch that exists."""
    (found,) = unit.fetch(
        BatchRow, f"SELECT {_COLUMNS} FROM usage_batch WHERE id = :id", id=batch_id
    )
    return found


def batch_named(unit: UnitOfWork, public_id: str) -> BatchRow:
    """The batch with that public id; raises NotFound."""
    found = unit.fetch_one(
        BatchRow, f"SELECT {_COLUMNS} FROM usage_batch WHERE public_id = :id", id=public_id
    )
    if found is None:
        raise NotFound(
            f"there is no import {public_id!r}", hint="'creditctl usage batches' lists them"
        )
    return found


def latest_batches(unit: UnitOfWork, limit: int) -> list[BatchRow]:
    """The newest first."""
    return unit.fetch(
        BatchRow, f"SELECT {_COLUMNS} FROM usage_batch ORDER BY id DESC LIMIT :limit", limit=limit
    )


def insert_batch(
    unit: UnitOfWork,
    *,
    public_id: str,
    source_name: str,
    format_name: str,
    sha256: str,
    options: str,
    started_at: datetime,
    actor: str,
) -> int | None:
    """Begin an import; returns its internal id, or None when another process began the same."""
    found = unit.fetch_value(
        """
        INSERT INTO usage_batch (public_id, source_name, format, sha256, options, status, cursor,
                                 billed, free, failed, duplicate, rejected, credits_micro,
                                 reused, adjusted, quarantined, undone_number, started_at, actor)
        VALUES (:public_id, :source_name, :format, :sha256, :options, 'running', 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, :started_at, :actor)
        ON CONFLICT (sha256, options, undone_number) DO NOTHING RETURNING id
        """,
        public_id=public_id,
        source_name=source_name,
        format=format_name,
        sha256=sha256,
        options=options,
        started_at=started_at,
        actor=actor,
    )
    return None if found is None else int(found)


def move_cursor(unit: UnitOfWork, batch_id: int, expected: int, records: int) -> bool:
    """Claim the next records of an import; False when somebody else has moved on."""
    changed = unit.run(
        """
        UPDATE usage_batch SET cursor = cursor + :records
        WHERE id = :id AND cursor = :expected AND status = 'running'
        """,
        id=batch_id,
        expected=expected,
        records=records,
    )
    return changed == 1


def add_counts(unit: UnitOfWork, batch_id: int, counts: Counts) -> None:
    """Add what became of a chunk's records."""
    unit.run(
        """
        UPDATE usage_batch
        SET billed = billed + :billed, free = free + :free, failed = failed + :failed,
            duplicate = duplicate + :duplicate, rejected = rejected + :rejected,
            reused = reused + :reused, adjusted = adjusted + :adjusted,
            quarantined = quarantined + :quarantined,
            credits_micro = credits_micro + :credits
        WHERE id = :id
        """,
        id=batch_id,
        billed=counts.billed,
        free=counts.free,
        failed=counts.failed,
        duplicate=counts.duplicate,
        rejected=counts.rejected,
        reused=counts.reused,
        adjusted=counts.adjusted,
        quarantined=counts.quarantined,
        credits=counts.credits,
    )


def finish_batch(unit: UnitOfWork, batch_id: int, at: datetime) -> bool:
    """Everything is booked; False when that was known."""
    changed = unit.run(
        """
        UPDATE usage_batch SET status = 'done', finished_at = :at
        WHERE id = :id AND status = 'running'
        """,
        id=batch_id,
        at=at,
    )
    return changed == 1


def batch_products(unit: UnitOfWork, batch_id: int) -> list[BatchProductRow]:
    """What an import brought, per product."""
    return unit.fetch(
        BatchProductRow,
        """
        SELECT p.name, b.requests, b.credits_micro
        FROM usage_batch_product AS b JOIN product AS p ON p.id = b.product_id
        WHERE b.batch_id = :id ORDER BY p.name
        """,
        id=batch_id,
    )


def batch_rejects(unit: UnitOfWork, batch_id: int, page: int = 10_000) -> Iterator[RejectRow]:
    """All rejected records of an import in the order of the file, read page by page."""
    line, last = -1, -1
    while True:
        rows = unit.fetch_rows(
            """
            SELECT r.id, b.source_name, r.line, r.field, r.value, r.reason
            FROM usage_reject AS r JOIN usage_batch AS b ON b.id = r.batch_id
            WHERE r.batch_id = :batch_id AND (r.line, r.id) > (:line, :last)
            ORDER BY r.line, r.id LIMIT :page
            """,
            batch_id=batch_id,
            line=line,
            last=last,
            page=page,
        )
        for last, *columns in rows:  # noqa: B007 - the next page begins after the last row
            row = RejectRow(*columns)
            line = row.line
            yield row
        if len(rows) < page:
            return
