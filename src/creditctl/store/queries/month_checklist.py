"""What is left to be done before a month is closed: one query for each kind, with its subjects."""

from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork

_DRAFTS = """
    SELECT o.slug || ', ' || i.month
    FROM invoice AS i JOIN organization AS o ON o.id = i.organization_id
    WHERE i.status = 'draft' AND i.month <= :month AND
"""
STALE_DRAFTS = f"{_DRAFTS} i.stale ORDER BY i.month, o.slug"
DRAFTS = f"{_DRAFTS} NOT i.stale ORDER BY i.month, o.slug"
LATE_EVENTS = """
    SELECT e.public_id || ', ' || o.slug
    FROM late_event AS e JOIN organization AS o ON o.id = e.organization_id
    WHERE e.state = 'quarantined' AND e.occurred_at < :ends_at ORDER BY e.id
"""
IMPORTS = """
    SELECT public_id || ', ' || source_name FROM usage_batch
    WHERE status = 'running' AND started_at < :now ORDER BY id
"""
PURCHASES = """
    SELECT p.public_id || ', ' || o.slug
    FROM purchase AS p JOIN organization AS o ON o.id = p.organization_id
    WHERE p.status = 'pending' AND p.created_at < :ends_at ORDER BY p.id
"""
ENDED_GRANTS = """
    SELECT g.public_id || ', ' || o.slug
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
    WHERE g.remaining_micro > 0 AND g.expires_at <= :ends_at ORDER BY g.id
"""
INSTALMENTS = """
    SELECT f.public_id || ', ' || o.slug
    FROM order_instalment AS i JOIN order_line AS l ON l.id = i.line_id
         JOIN order_form AS f ON f.id = l.order_id
         JOIN organization AS o ON o.id = f.organization_id
    WHERE i.state = 'planned' AND f.status = 'active' AND i.due_at < :ends_at ORDER BY i.id
"""
HOLDS = """
    SELECT h.public_id || ', ' || o.slug
    FROM hold AS h JOIN organization AS o ON o.id = h.organization_id
    WHERE h.state = 'open' AND h.authorized_at < :ends_at ORDER BY h.id
"""
LATE_USAGE = """
    SELECT o.slug || ', ' || l.month || ', ' || SUM(l.events) || ' events'
    FROM late_usage AS l JOIN organization AS o ON o.id = l.organization_id
         LEFT JOIN invoice AS i ON i.id = l.invoice_id
    WHERE l.month <= :month AND (i.id IS NULL OR i.status = 'draft')
    GROUP BY o.slug, l.month ORDER BY l.month, o.slug
"""


def left_to_do(
    unit: UnitOfWork, query: str, *, month: str, ends_at: datetime, now: datetime
) -> list[str]:
    """The subjects of one of these queries, in words."""
    named = {"month": month, "ends_at": ends_at, "now": now}
    used = {name: value for name, value in named.items() if f":{name}" in query}
    return [str(subject) for (subject,) in unit.fetch_rows(query, **used)]


def unsettled_by_organization(
    unit: UnitOfWork, month: str, ends_at: datetime
) -> list[tuple[str, Credits]]:
    """Overage before that time which nothing settled, and which no later invoice is to bill.

    Late usage waits for the next invoice, and so does usage after the end of an aligned period.
    """
    rows = unit.fetch_rows(
        """
        SELECT slug, SUM(unsettled) FROM (
            SELECT g.slug, -o.amount_micro - COALESCE((
                       SELECT SUM(CASE WHEN s.grant_id IS NULL THEN s.amount_micro
                                       ELSE -s.amount_micro END)
                       FROM ledger_entry AS s WHERE s.settles_id = o.id), 0) AS unsettled
            FROM ledger_entry AS o JOIN organization AS g ON g.id = o.organization_id
            WHERE o.kind = 'overage' AND o.event_at < :ends_at
              AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
              AND NOT EXISTS (SELECT 1 FROM late_usage_entry AS t WHERE t.entry_id = o.id)
              AND NOT (g.aligned AND o.event_at >= COALESCE((
                  SELECT MAX(i.ends_at) FROM invoice AS i
                  WHERE i.organization_id = g.id AND i.status <> 'void' AND i.month <= :month), 0))
        ) AS owed
        WHERE unsettled > 0 GROUP BY slug ORDER BY slug
        """,
        month=month,
        ends_at=ends_at,
    )
    return [(str(slug), Credits(int(micro))) for slug, micro in rows]


def standing_drafts_of(unit: UnitOfWork, month: str) -> dict[int, bool]:
    """Organizations with an invoice of the month that is not void; whether it is a stale draft."""
    rows = unit.fetch_rows(
        """
        SELECT organization_id, CASE WHEN status = 'draft' AND stale THEN 1 ELSE 0 END
        FROM invoice WHERE month = :month AND status <> 'void'
        """,
        month=month,
    )
    return {int(owner): bool(stale) for owner, stale in rows}
