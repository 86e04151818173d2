"""Invariants of late usage; see `services.checks`."""

from creditctl.store.queries.late_usage import FINAL
from creditctl.store.queries.usage_pruning import FIRST_KEPT_DAY

UNPAID_LATE_USAGE = """
    SELECT o.slug, 'late usage of ' || l.month || ' cost ' || COALESCE(d.credits, 0)
           || ' micro-credits, its entries come to ' || COALESCE(e.credits, 0)
    FROM late_usage AS l JOIN organization AS o ON o.id = l.organization_id
         LEFT JOIN (SELECT late_usage_id, SUM(credits_micro) AS credits FROM late_usage_day
                    GROUP BY late_usage_id) AS d ON d.late_usage_id = l.id
         LEFT JOIN (SELECT t.late_usage_id, -SUM(e.amount_micro) AS credits
                    FROM late_usage_entry AS t LEFT JOIN ledger_entry AS e ON e.id = t.entry_id
                    GROUP BY t.late_usage_id) AS e ON e.late_usage_id = l.id
    WHERE COALESCE(e.credits, 0) > COALESCE(d.credits, 0) OR COALESCE(e.credits, 0) < 0
"""
"""An invariant: what paid for late usage is no more than it cost (an unlimited plan pays less)."""

LATE_IN_OPEN_TIME = f"""
    SELECT o.slug, 'has late usage of ' || l.month || ', after which no invoice is final'
    FROM late_usage AS l JOIN organization AS o ON o.id = l.organization_id
    WHERE NOT EXISTS (SELECT 1 FROM invoice AS i
                      WHERE i.organization_id = l.organization_id AND {FINAL}
                        AND i.ends_at >= l.ends_at)
"""
"""An invariant: usage is late only where it, or a later time, was invoiced for good."""

LISTED_TOO_EARLY = """
    SELECT i.public_id, 'lists late usage of ' || l.month || ', which it does not follow'
    FROM late_usage AS l JOIN invoice AS i ON i.id = l.invoice_id
    WHERE i.organization_id <> l.organization_id OR i.starts_at < l.ends_at
"""
"""An invariant: late usage is on a later invoice of its organization."""

BOOKED_IN_QUARANTINE = f"""
    SELECT l.public_id, 'is ' || l.state || ', and its event is '
           || CASE WHEN e.batch_id IS NULL THEN 'not booked' ELSE 'booked' END
    FROM late_event AS l LEFT JOIN usage_event AS e
         ON e.event_hour = l.event_hour AND e.event_id = l.event_id
    WHERE (l.state = 'released') = (e.batch_id IS NULL)
      AND l.event_hour >= {FIRST_KEPT_DAY} * 24
"""
"""An invariant: of the events that came too late, exactly the released ones are booked."""

QUARANTINE_COUNTS = """
    SELECT public_id, 'says ' || says || ' events in quarantine, holds ' || held
    FROM (
        SELECT b.public_id, b.quarantined AS says, COALESCE(l.events, 0) AS held
        FROM usage_batch AS b LEFT JOIN (
            SELECT batch_id, COUNT(*) AS events FROM late_event WHERE state <> 'released'
            GROUP BY batch_id) AS l ON l.batch_id = b.id
        WHERE b.status <> 'undone') AS counted
    WHERE says <> held
"""
"""An invariant: a batch counts the events of its file that wait or were rejected as too late."""
