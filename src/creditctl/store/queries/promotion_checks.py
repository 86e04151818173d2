"""Invariants of promotions; see `services.checks`."""

OVER_BUDGET = """
    SELECT name, 'gave ' || given_micro || ' micro-credits to ' || redemptions
           || ' organizations, more than its budget'
    FROM promotion
    WHERE given_micro > budget_micro OR redemptions > budget_redemptions
"""
"""An invariant: a budget is never exceeded, whatever the catalog or the hour."""

MISCOUNTED_GIFTS = """
    SELECT promotion, 'counts ' || SUM(counted) || ' gifts and ' || SUM(counted_micro)
           || ' micro-credits, its grants are ' || SUM(granted) || ' and ' || SUM(granted_micro)
    FROM (
        SELECT name AS promotion, redemptions AS counted, given_micro AS counted_micro,
               0 AS granted, 0 AS granted_micro
        FROM promotion
        UNION ALL
        SELECT promotion, 0, 0, 1, amount_micro FROM credit_grant WHERE promotion IS NOT NULL
    ) AS gifts
    GROUP BY promotion
    HAVING SUM(counted) <> SUM(granted) OR SUM(counted_micro) <> SUM(granted_micro)
"""
"""An invariant: what a promotion counts in its budget is what was granted in its name."""

CLAIMED_FOR_NOTHING = """
    SELECT c.promotion, 'is claimed by ' || c.kind || ' ' || c.value || ', which got nothing'
    FROM promotion_claim AS c
    WHERE NOT EXISTS (SELECT 1 FROM credit_grant AS g
                      WHERE g.organization_id = c.organization_id
                        AND (g.promotion = c.promotion
                             OR (c.kind = 'device' AND g.source = 'guest')))
"""
"""An invariant: an identity is taken only by an organization that got the credits."""
