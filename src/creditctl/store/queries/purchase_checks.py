"""Invariants of purchases; see `services.checks`."""

_RECEIVED = """
    (SELECT COALESCE(SUM(y.received_minor + COALESCE(a.amount, 0)), 0)
     FROM payment AS y LEFT JOIN (
         SELECT payment_id, SUM(amount_minor) AS amount FROM payment_arrival GROUP BY payment_id
     ) AS a ON a.payment_id = y.id
     WHERE y.purchase_id = p.id)
"""

PAID_WITHOUT_MONEY = f"""
    SELECT p.public_id, 'is ' || p.status || ', ' || {_RECEIVED} || ' of ' || p.gross_minor
           || ' minor units arrived'
    FROM purchase AS p
    WHERE (p.status = 'paid') <> ({_RECEIVED} >= p.gross_minor)
      AND NOT EXISTS (SELECT 1 FROM payment AS y
                      WHERE y.purchase_id = p.id AND y.status = 'charged_back')
"""
"""What is paid was paid for, and what was paid for is granted."""

GRANTED_OTHERWISE = """
    SELECT p.public_id, 'bought ' || p.credits_micro || ' micro-credits, its grant is of '
           || g.amount_micro
    FROM purchase AS p JOIN credit_grant AS g ON g.id = p.grant_id
    WHERE g.amount_micro <> p.credits_micro OR g.source <> p.source
       OR g.unit_cost <> p.unit_cost OR g.currency <> p.currency
       OR (g.organization_id <> p.organization_id
           AND NOT EXISTS (SELECT 1 FROM organization AS o WHERE o.id = p.organization_id
                           AND o.merged_into_id IS NOT NULL))
"""
"""The grant is what was bought."""

TAX_SUMS = """
    SELECT p.public_id, 'has ' || p.tax_minor || ' of tax, its taxes sum to '
           || COALESCE(SUM(t.tax_minor), 0)
    FROM purchase AS p LEFT JOIN purchase_tax AS t ON t.purchase_id = p.id
    GROUP BY p.id, p.public_id, p.tax_minor HAVING p.tax_minor <> COALESCE(SUM(t.tax_minor), 0)
"""
"""Taxes sum to the tax; net + tax = gross is a CHECK."""

NUMBER_GAPS = """
    SELECT 'receipts of ' || s.year, s.last || ' numbers were given, '
           || COUNT(p.id) || ' purchases have one'
    FROM number_series AS s LEFT JOIN purchase AS p
         ON p.receipt_number LIKE 'R-' || s.year || '-%'
    WHERE s.series = 'receipt' GROUP BY s.year, s.last HAVING s.last <> COUNT(p.id)
"""
"""Receipts are numbered without gaps."""
