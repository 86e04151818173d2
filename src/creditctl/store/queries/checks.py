"""The questions `creditctl check` asks: each query returns what should not be there."""

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage_pruning import FIRST_KEPT_DAY

GRANT_SUMS = """
    SELECT g.public_id, 'remaining is ' || g.remaining_micro || ', its entries sum to '
           || COALESCE(e.remaining, 0)
    FROM credit_grant AS g LEFT JOIN (
        SELECT grant_id, SUM(amount_micro) AS remaining FROM ledger_entry GROUP BY grant_id
    ) AS e ON e.grant_id = g.id
    WHERE g.remaining_micro <> COALESCE(e.remaining, 0)
"""
EXPIRED_SUMS = """
    SELECT g.public_id, 'expired is ' || g.expired_micro || ', its entries sum to '
           || COALESCE(e.expired, 0)
    FROM credit_grant AS g LEFT JOIN (
        SELECT grant_id, SUM(-amount_micro) AS expired FROM ledger_entry
        WHERE kind IN ('expiry', 'expiry_reversal') GROUP BY grant_id
    ) AS e ON e.grant_id = g.id
    WHERE g.expired_micro <> COALESCE(e.expired, 0)
"""
GRANT_BOUNDS = """
    SELECT public_id, 'holds ' || remaining_micro || ' and ' || expired_micro || ' expired of '
           || amount_micro
    FROM credit_grant
    WHERE remaining_micro < 0 OR expired_micro < 0
       OR remaining_micro + expired_micro > amount_micro
"""
GRANT_ENTRIES = """
    SELECT g.public_id, 'has ' || COUNT(e.id) || ' grant entries, or one of another amount'
    FROM credit_grant AS g LEFT JOIN ledger_entry AS e
         ON e.grant_id = g.id AND e.kind = 'grant' AND e.amount_micro = g.amount_micro
    GROUP BY g.id, g.public_id HAVING COUNT(e.id) <> 1
"""
DRAWN_OUTSIDE = """
    SELECT g.public_id, 'paid usage of another organization, product or time (entry ' || e.id || ')'
    FROM ledger_entry AS e JOIN credit_grant AS g ON g.id = e.grant_id
    WHERE e.organization_id <> g.organization_id
       OR (e.kind = 'usage' AND g.product_id <> e.product_id)
       OR (e.kind = 'usage' AND e.first_event_at < g.effective_at)
       OR (e.kind = 'usage' AND e.last_event_at >= g.expires_at)
"""
REPAID_TOO_MUCH = """
    SELECT 'entry ' || o.id, 'overage of ' || -o.amount_micro || ' was settled with ' || s.settled
    FROM ledger_entry AS o JOIN (
        SELECT settles_id, SUM(CASE WHEN grant_id IS NULL THEN amount_micro
                                    ELSE -amount_micro END) AS settled
        FROM ledger_entry WHERE settles_id IS NOT NULL GROUP BY settles_id
    ) AS s ON s.settles_id = o.id
    WHERE o.kind <> 'overage' OR s.settled < 0 OR s.settled > -o.amount_micro
       OR (s.settled > 0
           AND EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id))
"""
UNWOUND_WRONG = """
    SELECT 'entry ' || u.id, 'takes back ' || u.amount_micro || ' of entry ' || e.id
           || ', which booked ' || e.amount_micro
    FROM ledger_entry AS u JOIN ledger_entry AS e ON e.id = u.reverses_id
    WHERE u.amount_micro <> -e.amount_micro OR u.organization_id <> e.organization_id
       OR COALESCE(u.grant_id, 0) <> COALESCE(e.grant_id, 0)
       OR COALESCE(u.settles_id, 0) <> COALESCE(e.settles_id, 0) OR u.id < e.id
       OR COALESCE(u.invoice_id, 0) <> COALESCE(e.invoice_id, 0)
       OR e.kind NOT IN ('usage', 'overage', 'repayment', 'waiver', 'invoiced')
"""
REVERSED_HOLD = """
    SELECT public_id, 'was reversed and has ' || remaining_micro - held_micro
    FROM credit_grant WHERE reversed_at IS NOT NULL AND remaining_micro <> held_micro
"""
CARRIED_TOO_MUCH = """
    SELECT g.public_id, 'rolled over ' || -COALESCE(r.rolled, 0) || ', the grants it became hold '
           || c.carried
    FROM credit_grant AS g
         LEFT JOIN (SELECT rolled_from_id, SUM(amount_micro) AS carried FROM credit_grant
                    WHERE rolled_from_id IS NOT NULL GROUP BY rolled_from_id) AS c
                   ON c.rolled_from_id = g.id
         LEFT JOIN (SELECT grant_id, SUM(amount_micro) AS rolled FROM ledger_entry
                    WHERE kind = 'rollover' GROUP BY grant_id) AS r ON r.grant_id = g.id
    WHERE COALESCE(c.carried, 0) <> -COALESCE(r.rolled, 0)
"""
PASSED_BACK = """
    SELECT o.slug, 'credits that went back to the grant they were rolled from sum to '
           || SUM(e.amount_micro)
    FROM ledger_entry AS e JOIN organization AS o ON o.id = e.organization_id
    WHERE e.kind = 'rollover_reversal' GROUP BY o.slug HAVING SUM(e.amount_micro) <> 0
"""
DEBIT_DAYS = """
    SELECT o.slug, 'day ' || d.day || ' ' || d.source || ': ' || d.rolled
           || ' in the rollup, ' || d.booked || ' in the ledger'
    FROM (
        SELECT day, organization_id, product_id, source, SUM(rolled) AS rolled,
               SUM(booked) AS booked
        FROM (
            SELECT day, organization_id, product_id, source, credits_micro AS rolled, 0 AS booked
            FROM debit_day
            UNION ALL
            SELECT e.event_at / 86400000000, e.organization_id, e.product_id,
                   COALESCE(g.source, 'overage'), 0, -e.amount_micro
            FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE e.kind IN ('usage', 'overage') OR (e.kind = 'unwind' AND e.settles_id IS NULL)
        ) AS debited
        GROUP BY day, organization_id, product_id, source HAVING SUM(rolled) <> SUM(booked)
    ) AS d JOIN organization AS o ON o.id = d.organization_id
"""
HOUR_ROLLUPS = f"""
    SELECT o.slug, 'hour ' || u.hour || ': ' || u.requests || ' requests and '
           || u.credits || ' micro-credits differ between events and usage_hour'
    FROM (
        SELECT hour, organization_id, SUM(requests) AS requests, SUM(credits) AS credits
        FROM (
            SELECT hour, organization_id, endpoint_id, api_key_id, requests,
                   credits_micro AS credits
            FROM usage_hour WHERE hour >= {FIRST_KEPT_DAY} * 24
            UNION ALL
            SELECT e.event_hour, e.organization_id, p.endpoint_id, COALESCE(e.api_key_id, 0), -1,
                   -e.credits_micro
            FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
            WHERE e.event_hour >= {FIRST_KEPT_DAY} * 24
        ) AS counted
        GROUP BY hour, organization_id, endpoint_id, api_key_id
        HAVING SUM(requests) <> 0 OR SUM(credits) <> 0
    ) AS u JOIN organization AS o ON o.id = u.organization_id
"""
DAY_ROLLUPS = """
    SELECT o.slug, 'day ' || u.day || ': usage_hour and usage_day differ by ' || u.requests
           || ' requests and ' || u.credits || ' micro-credits'
    FROM (
        SELECT day, organization_id, SUM(requests) AS requests, SUM(credits) AS credits
        FROM (
            SELECT day, organization_id, product_id, requests, credits_micro AS credits
            FROM usage_day
            UNION ALL
            SELECT h.hour / 24, h.organization_id, e.product_id, -h.requests, -h.credits_micro
            FROM usage_hour AS h JOIN endpoint AS e ON e.id = h.endpoint_id
        ) AS summed
        GROUP BY day, organization_id, product_id
        HAVING SUM(requests) <> 0 OR SUM(credits) <> 0
    ) AS u JOIN organization AS o ON o.id = u.organization_id
"""
ORPHANED_EVENTS = """
    SELECT 'batch ' || e.batch_id, COUNT(*) || ' events name a row that does not exist'
    FROM usage_event AS e
         LEFT JOIN organization AS o ON o.id = e.organization_id
         LEFT JOIN api_key AS k ON k.id = e.api_key_id AND k.organization_id = e.organization_id
         LEFT JOIN endpoint_price AS p ON p.id = e.price_id
         LEFT JOIN usage_batch AS b ON b.id = e.batch_id
    WHERE o.id IS NULL OR p.id IS NULL OR b.id IS NULL
       OR (e.api_key_id IS NOT NULL AND k.id IS NULL)
    GROUP BY e.batch_id
"""
ORPHANED_ENTRIES = """
    SELECT 'entry ' || e.id, 'names a row that does not exist'
    FROM ledger_entry AS e
         LEFT JOIN organization AS o ON o.id = e.organization_id
         LEFT JOIN credit_grant AS g ON g.id = e.grant_id
         LEFT JOIN product AS p ON p.id = e.product_id
         LEFT JOIN usage_batch AS b ON b.id = e.batch_id
    WHERE o.id IS NULL OR (e.grant_id IS NOT NULL AND g.id IS NULL)
       OR (e.product_id IS NOT NULL AND p.id IS NULL) OR (e.batch_id IS NOT NULL AND b.id IS NULL)
"""
SIDE_ROLLUPS = """
    SELECT 'day ' || day, 'has ' || MIN(credits) || ' to ' || MAX(credits)
           || ' micro-credits, depending on what they are summed by'
    FROM (
        SELECT hour / 24 AS day, SUM(requests) AS requests, SUM(credits) AS credits
        FROM (SELECT hour, SUM(requests) AS requests, SUM(credits_micro) AS credits
              FROM usage_hour GROUP BY hour) AS of_hours
        GROUP BY 1
        UNION ALL SELECT hour / 24, SUM(requests), SUM(credits_micro)
        FROM usage_endpoint_hour GROUP BY 1
        UNION ALL SELECT day, SUM(requests), SUM(credits_micro) FROM usage_tier_day GROUP BY 1
        UNION ALL SELECT day, SUM(requests), SUM(credits_micro) FROM usage_key_day GROUP BY 1
        UNION ALL SELECT day, SUM(requests), SUM(credits_micro) FROM usage_status_day GROUP BY 1
    ) AS summed
    GROUP BY day
    HAVING MIN(requests) <> MAX(requests) OR MIN(credits) <> MAX(credits) OR COUNT(*) <> 5
"""
BATCH_COUNTS = """
    SELECT public_id, 'says ' || says_events || ' events and ' || says_credits
           || ' micro-credits, holds ' || events || ' and ' || credits
    FROM (
        SELECT b.public_id,
               CASE WHEN b.status = 'undone' THEN 0 ELSE b.billed + b.free + b.failed END
                   AS says_events,
               CASE WHEN b.status = 'undone' THEN 0 ELSE b.credits_micro END AS says_credits,
               COALESCE(e.events, 0) + b.pruned AS events,
               COALESCE(e.credits, 0) + b.pruned_micro AS credits
        FROM usage_batch AS b LEFT JOIN (
            SELECT batch_id, COUNT(*) AS events, SUM(credits_micro) AS credits
            FROM usage_event GROUP BY batch_id) AS e ON e.batch_id = b.id) AS counted
    WHERE says_events <> events OR says_credits <> credits
"""
PRICED_OUTSIDE = """
    SELECT 'price ' || p.id, COUNT(*) || ' events are outside the time it was in force'
    FROM usage_event AS e JOIN endpoint_price AS p ON p.id = e.price_id
    WHERE e.occurred_at < p.effective_from OR e.occurred_at >= p.effective_to
    GROUP BY p.id
"""
OVERLAPPING_PRICES = """
    SELECT 'endpoint ' || a.endpoint_id, 'prices ' || a.id || ' and ' || b.id
           || ' are in force at once'
    FROM endpoint_price AS a JOIN endpoint_price AS b
         ON b.endpoint_id = a.endpoint_id AND b.plan_id = a.plan_id AND b.id <> a.id
    WHERE a.effective_from <= b.effective_from
      AND (a.effective_to IS NULL OR a.effective_to > b.effective_from)
"""
OVERLAPPING_TERMS = """
    SELECT p.name, 'versions ' || a.id || ' and ' || b.id || ' are in force at once'
    FROM plan_version AS a
         JOIN plan_version AS b ON b.plan_id = a.plan_id AND b.id <> a.id
         JOIN plan AS p ON p.id = a.plan_id
    WHERE a.effective_from <= b.effective_from
      AND (a.effective_to IS NULL OR a.effective_to > b.effective_from)
"""
PRICES_OF_NO_PLAN = """
    SELECT 'price ' || e.id, 'is that of plan ' || e.plan_id || ', which does not exist'
    FROM endpoint_price AS e LEFT JOIN plan AS p ON p.id = e.plan_id
    WHERE e.plan_id <> 0 AND p.id IS NULL
"""
REPAID_WRONG = """
    SELECT g.public_id, 'repaid what it may not (entry ' || e.id || ')'
    FROM ledger_entry AS e JOIN credit_grant AS g ON g.id = e.grant_id
         JOIN ledger_entry AS o ON o.id = e.settles_id
    WHERE e.kind = 'repayment'
      AND (g.source NOT IN ('purchase', 'auto_recharge', 'order_form')
           OR o.organization_id <> g.organization_id OR g.product_id <> o.product_id
           OR o.overage_reason = 'postpaid')
"""
CLOSED_ALIVE = """
    SELECT o.slug, 'is closed and has an active key or subscription' FROM organization AS o
    WHERE o.status = 'closed'
      AND (EXISTS (SELECT 1 FROM api_key AS k
                   WHERE k.organization_id = o.id AND k.status = 'active')
           OR EXISTS (SELECT 1 FROM subscription AS s
                      WHERE s.organization_id = o.id AND s.ended_at IS NULL))
"""
APPROVED_ALONE = """
    SELECT public_id, 'was ' || status || ' by ' || COALESCE(decided_by, 'nobody')
           || ', asked for by ' || requested_by
    FROM approval
    WHERE (status = 'approved' AND (decided_by = requested_by OR result IS NULL))
       OR (status <> 'pending' AND decided_by IS NULL)
"""


def breaches(unit: UnitOfWork, query: str) -> list[tuple[str, str]]:
    """What one of the queries above found: (subject, detail) pairs."""
    return [(str(subject), str(detail)) for subject, detail in unit.fetch_rows(query)]


def things_made(unit: UnitOfWork) -> set[str]:
    """The public id of everything that remembered answers point at."""
    rows = unit.fetch_rows(
        """
        SELECT public_id FROM credit_grant UNION ALL SELECT public_id FROM subscription
        UNION ALL SELECT public_id FROM purchase UNION ALL SELECT public_id FROM order_form
        UNION ALL SELECT public_id FROM invoice UNION ALL SELECT public_id FROM credit_note
        """
    )
    return {str(public_id) for (public_id,) in rows}


def damage(unit: UnitOfWork) -> list[tuple[str, str]]:
    """What SQLite itself finds wrong with the file; PostgreSQL watches over its own."""
    if unit.dialect != "sqlite":
        return []
    found = [("file", str(text)) for (text,) in unit.fetch_rows("PRAGMA integrity_check")]
    keys = unit.fetch_rows("PRAGMA foreign_key_check")
    found += [(str(table), f"row {row} names a missing {parent}") for table, row, parent, _ in keys]
    return [pair for pair in found if pair != ("file", "ok")]
