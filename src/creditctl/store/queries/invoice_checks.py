"""Invariants of invoices; see `services.checks`."""

from creditctl.store.queries.late_usage import FINAL

INVOICE_TOTALS = """
    SELECT i.public_id, 'comes to ' || i.subtotal_minor || ' and ' || i.tax_minor
           || ' of tax, its lines sum to ' || COALESCE(SUM(l.amount_minor), 0)
    FROM invoice AS i LEFT JOIN invoice_line AS l ON l.invoice_id = i.id
    GROUP BY i.id, i.public_id, i.subtotal_minor, i.tax_minor, i.total_minor, i.prices_include_tax
    HAVING COALESCE(SUM(l.amount_minor), 0)
           <> CASE WHEN i.prices_include_tax THEN i.total_minor ELSE i.subtotal_minor END
"""
"""Lines sum to the subtotal, or to the total where prices include tax."""

INVOICE_ORDERS = """
    SELECT i.public_id, 'bills ' || COALESCE(l.amount, 0) || ' by order forms, its instalments are '
           || COALESCE(n.amount, 0)
    FROM invoice AS i
         LEFT JOIN (SELECT invoice_id, SUM(amount_minor) AS amount FROM invoice_line
                    WHERE kind = 'order' GROUP BY invoice_id) AS l ON l.invoice_id = i.id
         LEFT JOIN (SELECT invoice_id, SUM(amount_minor) AS amount FROM order_instalment
                    WHERE invoice_id IS NOT NULL GROUP BY invoice_id) AS n ON n.invoice_id = i.id
    WHERE i.status <> 'void' AND COALESCE(l.amount, 0) <> COALESCE(n.amount, 0)
"""
"""Each instalment is on one invoice, and every line of an order form is of such."""

INVOICE_TAXES = """
    SELECT d.name, 'has ' || d.tax_minor || ' of tax, its taxes sum to ' || d.taxes
    FROM (
        SELECT i.public_id AS name, i.tax_minor,
               (SELECT COALESCE(SUM(t.tax_minor), 0) FROM invoice_tax AS t
                WHERE t.invoice_id = i.id) AS taxes
        FROM invoice AS i
        UNION ALL
        SELECT n.number, n.tax_minor, (SELECT COALESCE(SUM(t.tax_minor), 0)
                                       FROM credit_note_tax AS t WHERE t.credit_note_id = n.id)
        FROM credit_note AS n
    ) AS d
    WHERE d.tax_minor <> d.taxes
"""
"""Taxes sum to the tax; net + tax = total is a CHECK."""

INVOICE_NUMBER_GAPS = """
    SELECT d.series || ' of ' || d.year, d.given || ' numbers were given, ' || d.used || ' are used'
    FROM (
        SELECT s.series, s.year, s.last AS given,
               CASE s.series
                   WHEN 'invoice' THEN (SELECT COUNT(*) FROM invoice AS i
                                        WHERE i.number LIKE 'INV-' || s.year || '-%')
                   ELSE (SELECT COUNT(*) FROM credit_note AS n
                         WHERE n.number LIKE 'CN-' || s.year || '-%') END AS used
        FROM number_series AS s WHERE s.series IN ('invoice', 'credit_note')
    ) AS d
    WHERE d.given <> d.used
"""
"""Final invoices and credit notes are numbered without gaps."""

SETTLED_SUMS = """
    SELECT i.public_id, 'is ' || i.status || ' and says ' || i.paid_minor || ' paid and '
           || i.credited_minor || ' credited, its payments and credit notes sum to '
           || COALESCE(p.amount, 0) || ' and ' || COALESCE(n.total, 0)
    FROM invoice AS i
         LEFT JOIN (SELECT invoice_id, SUM(amount_minor) AS amount FROM invoice_payment
                    GROUP BY invoice_id) AS p ON p.invoice_id = i.id
         LEFT JOIN (SELECT invoice_id, SUM(total_minor) AS total FROM credit_note
                    GROUP BY invoice_id) AS n ON n.invoice_id = i.id
    WHERE i.paid_minor <> COALESCE(p.amount, 0) OR i.credited_minor <> COALESCE(n.total, 0)
       OR (i.status IN ('finalized', 'sent') AND i.paid_minor + i.credited_minor >= i.total_minor)
"""
"""What was paid and credited is what payments and credit notes sum to; in full is paid."""

CREDITED_TOO_MUCH = """
    SELECT i.public_id, 'comes to ' || i.subtotal_minor || ' and ' || i.tax_minor
           || ' of tax, its credit notes to ' || n.net || ' and ' || n.tax
    FROM invoice AS i JOIN (
        SELECT invoice_id, SUM(net_minor) AS net, SUM(tax_minor) AS tax FROM credit_note
        GROUP BY invoice_id
    ) AS n ON n.invoice_id = i.id
    WHERE n.net > i.subtotal_minor OR n.tax > i.tax_minor OR i.status IN ('draft', 'void')
       OR (n.net + n.tax = i.total_minor AND n.net <> i.subtotal_minor)
"""
"""Credit notes never exceed their invoice, neither its net nor its tax."""

BILLED_OTHERWISE = f"""
    SELECT i.public_id, 'bills ' || CASE WHEN {FINAL} THEN l.credits ELSE 0 END
           || ' micro-credits of overage, and settled ' || COALESCE(s.credits, 0)
    FROM invoice AS i
         JOIN (SELECT v.id, COALESCE(SUM(x.credits_micro), 0) AS credits
               FROM invoice AS v LEFT JOIN invoice_line AS x ON x.invoice_id = v.id
               GROUP BY v.id) AS l ON l.id = i.id
         LEFT JOIN (SELECT invoice_id, SUM(amount_micro) AS credits FROM ledger_entry
                    WHERE invoice_id IS NOT NULL GROUP BY invoice_id) AS s ON s.invoice_id = i.id
    WHERE COALESCE(s.credits, 0) <> CASE WHEN {FINAL} THEN l.credits ELSE 0 END
"""
"""A final invoice settled exactly the overage on its lines; drafts and void ones settle none."""
