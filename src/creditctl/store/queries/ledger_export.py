"""Entries of the ledger with the names that people know, block by block."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from creditctl.store.engine import UnitOfWork

COLUMNS = {
    "entry": "count",
    "organization": "name",
    "grant": "text",
    "kind": "name",
    "source": "name",
    "promotion": "name",
    "product": "name",
    "amount_micro": "count",
    "amount": "credits",
    "net": "credits",
    "unit_cost": "text",
    "currency": "name",
    "happened_at": "time",
    "recorded_at": "time",
    "posted_on": "day",
    "overage_reason": "name",
    "settles": "count",
    "reverses": "count",
    "batch": "name",
    "invoice": "name",
    "actor": "words",
    "reason": "words",
}
"""Column of an export -> its kind."""

BLOCK_ENTRIES = 20_000
"""In memory at once."""


def entries_in_blocks(
    unit: UnitOfWork,
    organization_id: int | None,
    since: datetime | None,
    until: datetime | None,
    *,
    block: int = BLOCK_ENTRIES,
) -> Iterator[list[tuple[Any, ...]]]:
    """Entries of usage and bookings dated [since, until), in the order in which they were booked.

    Each block begins behind the last entry of the one before: neither database keeps a result.
    `net` is what an entry changes in the organization's balance: a grant that settles overage
    moves credits from one of its accounts to another, which is nothing.
    """
    owner = "" if organization_id is None else "AND e.organization_id = :organization_id"
    given = {} if organization_id is None else {"organization_id": organization_id}
    sql = f"""
        SELECT e.id, o.slug, g.public_id, e.kind, g.source, g.promotion, p.name, e.amount_micro,
               e.amount_micro,
               CASE WHEN e.settles_id IS NOT NULL AND e.grant_id IS NOT NULL THEN 0
                    ELSE e.amount_micro END,
               g.unit_cost, g.currency, e.event_at, e.recorded_at, e.posting_day,
               e.overage_reason, e.settles_id, e.reverses_id, b.public_id, i.number, e.actor,
               e.reason
        FROM ledger_entry AS e JOIN organization AS o ON o.id = e.organization_id
             LEFT JOIN credit_grant AS g ON g.id = e.grant_id
             LEFT JOIN product AS p ON p.id = e.product_id
             LEFT JOIN usage_batch AS b ON b.id = e.batch_id
             LEFT JOIN invoice AS i ON i.id = e.invoice_id
        WHERE e.id > :after {owner}
          AND (CAST(:since AS BIGINT) IS NULL OR e.event_at >= :since)
          AND (CAST(:until AS BIGINT) IS NULL OR e.event_at < :until)
        ORDER BY e.id LIMIT :block
    """
    after = 0
    while rows := unit.fetch_rows(sql, after=after, since=since, until=until, block=block, **given):
        yield rows
        after = rows[-1][0]
