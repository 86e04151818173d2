"""Invariants of order forms; see `services.checks`."""

INSTALMENT_SUMS = """
    SELECT f.public_id, 'line ' || l.number || ' sells ' || l.credits_micro
           || ' micro-credits for ' || l.price_minor || ', its instalments sum to '
           || COALESCE(i.credits, 0) || ' for ' || COALESCE(i.amount, 0)
    FROM order_line AS l JOIN order_form AS f ON f.id = l.order_id
         LEFT JOIN (SELECT line_id, SUM(credits_micro) AS credits, SUM(amount_minor) AS amount
                    FROM order_instalment GROUP BY line_id) AS i ON i.line_id = l.id
    WHERE l.credits_micro <> COALESCE(i.credits, 0) OR l.price_minor <> COALESCE(i.amount, 0)
"""
"""An invariant: what is planned, booked and dropped of a line is all of it, to the last unit."""

_MORE = """
    (CAST(g.unit_cost AS NUMERIC) - CAST(l.unit_price AS NUMERIC)) * i.credits_micro * l.price_minor
"""
_TWO_UNITS = "2 * CAST(l.unit_price AS NUMERIC) * l.credits_micro"
"""Two minor units of money, as the line's own price tells how much that is."""

WRONGLY_DELIVERED = f"""
    SELECT f.public_id, 'line ' || l.number || ' instalment ' || i.number || ' delivered '
           || i.credits_micro || ' micro-credits, its grant has '
           || COALESCE(CAST(g.amount_micro AS TEXT), 'none')
    FROM order_instalment AS i JOIN order_line AS l ON l.id = i.line_id
         JOIN order_form AS f ON f.id = l.order_id LEFT JOIN credit_grant AS g ON g.id = i.grant_id
    WHERE i.state = 'booked' AND i.credits_micro > 0
      AND (g.id IS NULL OR g.source <> 'order_form' OR g.amount_micro <> i.credits_micro
           OR g.effective_at <> i.due_at
           OR (g.unit_cost <> l.unit_price
               AND ({_MORE} > {_TWO_UNITS}
                    OR (-{_MORE} > {_TWO_UNITS}
                        AND NOT EXISTS (SELECT 1 FROM seller WHERE prices_include_tax <> 'false'))))
           OR g.currency <> f.currency OR COALESCE(g.product_id, 0) <> COALESCE(l.product_id, 0))
"""
"""An invariant: a grant has the credits, start, price and product that were agreed.

Its price may be another by rounding, so that the instalments of a line sum to its price; lower by
more only under a seller whose prices include tax, by that tax.
"""

WRONG_STATUS = """
    SELECT public_id, 'is ' || status || ' with ' || planned || ' instalments planned and '
           || booked || ' booked'
    FROM (
        SELECT f.public_id, f.status, f.activated_at,
               SUM(CASE WHEN i.state = 'planned' THEN 1 ELSE 0 END) AS planned,
               SUM(CASE WHEN i.state = 'booked' THEN 1 ELSE 0 END) AS booked,
               SUM(CASE WHEN i.state = 'dropped' THEN 1 ELSE 0 END) AS dropped
        FROM order_form AS f JOIN order_line AS l ON l.order_id = f.id
             JOIN order_instalment AS i ON i.line_id = l.id
        GROUP BY f.public_id, f.status, f.activated_at) AS counted
    WHERE (activated_at IS NULL AND booked > 0)
       OR (status IN ('draft', 'signed') AND booked + dropped > 0)
       OR (status = 'active' AND (planned = 0 OR dropped > 0))
       OR (status = 'completed' AND planned + dropped > 0)
       OR (status IN ('cancelled', 'superseded') AND activated_at IS NULL AND planned > 0)
"""
"""An invariant: only active order forms deliver, and a completed one has delivered everything."""

NOT_TAKEN_OVER = """
    SELECT f.public_id, 'is superseded, and no later version was activated'
    FROM order_form AS f
    WHERE f.status = 'superseded'
      AND NOT EXISTS (SELECT 1 FROM order_form AS n WHERE n.supersedes_id = f.id
                        AND (n.activated_at IS NOT NULL OR n.status = 'superseded'))
"""
"""An invariant: a version gives way only to one that is in force."""
