"""The ledger as a person reads it: movements with the balance after each."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A ledger entry with the organization's running total after it."""

    event_at: datetime
    recorded_at: datetime
    kind: str
    amount: Credits
    net: Credits
    source: str | None
    grant: str | None
    product: str | None
    overage_reason: str | None
    batch: str | None
    actor: str
    reason: str


def latest_movements(
    unit: UnitOfWork,
    organization_id: int,
    *,
    kind: str | None = None,
    source: str | None = None,
    product: str | None = None,
    grant: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[MovementRow]:
    """The newest movements first, each with the net balance after it; filters hide, never change.

    What a grant repays moves from one account of the organization to another: the net stays.
    """
    return unit.fetch(
        MovementRow,
        """
        SELECT event_at, recorded_at, kind, amount, net, source, grant_public_id, product,
               overage_reason, batch, actor, reason
        FROM (
            SELECT e.id, e.event_at, e.recorded_at, e.kind, e.amount_micro AS amount,
                   SUM(CASE WHEN e.settles_id IS NOT NULL AND e.grant_id IS NOT NULL THEN 0
                            ELSE e.amount_micro END) OVER (ORDER BY e.id) AS net,
                   g.source, g.public_id AS grant_public_id, p.name AS product, e.overage_reason,
                   b.public_id AS batch, e.actor, e.reason
            FROM ledger_entry AS e
                 LEFT JOIN credit_grant AS g ON g.id = e.grant_id
                 LEFT JOIN product AS p ON p.id = e.product_id
                 LEFT JOIN usage_batch AS b ON b.id = e.batch_id
            WHERE e.organization_id = :organization_id
        ) AS movement
        WHERE (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
          AND (CAST(:source AS TEXT) IS NULL OR source = :source)
          AND (CAST(:product AS TEXT) IS NULL OR product = :product)
          AND (CAST(:grant_id AS TEXT) IS NULL OR grant_public_id = :grant_id)
          AND (CAST(:since AS BIGINT) IS NULL OR event_at >= :since)
          AND (CAST(:until AS BIGINT) IS NULL OR event_at < :until)
        ORDER BY id DESC LIMIT :limit
        """,
        organization_id=organization_id,
        kind=kind,
        source=source,
        product=product,
        grant_id=grant,
        since=since,
        until=until,
        limit=limit,
    )
