"""What `creditctl check` asks of holds: each query returns what should not be there."""

HELD_SUMS = """
    SELECT g.public_id, 'holds reserve ' || COALESCE(p.held, 0) || ', the grant says '
           || g.held_micro
    FROM credit_grant AS g LEFT JOIN (
        SELECT p.grant_id, SUM(p.amount_micro) AS held
        FROM hold_part AS p JOIN hold AS h ON h.id = p.hold_id
        WHERE h.state = 'open' GROUP BY p.grant_id
    ) AS p ON p.grant_id = g.id
    WHERE g.held_micro <> COALESCE(p.held, 0) OR g.held_micro > g.remaining_micro
"""
HELD_OTHERWISE = """
    SELECT h.public_id, 'reserves ' || SUM(p.amount_micro) || ' of an estimate of '
           || h.estimate_micro || ', or credits it may not draw'
    FROM hold AS h JOIN hold_part AS p ON p.hold_id = h.id
         LEFT JOIN endpoint_price AS v ON v.id = h.price_id
         LEFT JOIN endpoint AS e ON e.id = v.endpoint_id
         LEFT JOIN credit_grant AS g ON g.id = p.grant_id
    GROUP BY h.id, h.public_id, h.estimate_micro, h.state, h.organization_id
    HAVING SUM(p.amount_micro) <> h.estimate_micro
        OR (h.state = 'open' AND SUM(
                CASE WHEN g.id IS NOT NULL
                          AND (g.organization_id <> h.organization_id
                               OR COALESCE(g.product_id, e.product_id) <> e.product_id)
                     THEN 1 ELSE 0 END) > 0)
"""
CAPTURED_FOR_NOTHING = """
    SELECT h.public_id, 'was captured for ' || h.captured_micro || ', its event costs '
           || COALESCE(e.credits_micro, -1)
    FROM hold AS h JOIN usage_batch AS b ON b.id = h.batch_id
         LEFT JOIN usage_event AS e
              ON e.event_hour = h.event_hour AND e.event_id = h.event_id AND e.batch_id = b.id
         LEFT JOIN pruned_event AS p
              ON p.event_hour = h.event_hour AND p.event_id = h.event_id
    WHERE h.state = 'captured' AND b.status <> 'undone' AND p.event_id IS NULL
      AND (e.event_id IS NULL OR e.credits_micro <> h.captured_micro
           OR e.organization_id <> h.organization_id)
"""
CALLS_LEFT_HELD = """
    SELECT h.public_id, 'is open, and its event is booked'
    FROM hold AS h JOIN usage_event AS e
         ON e.event_hour = h.event_hour AND e.event_id = h.event_id
            AND e.organization_id = h.organization_id
    WHERE h.state = 'open'
"""
