"""Invariants of receivables: see `services.checks`."""

from creditctl.rules.burn_down import MICROS_PER_DAY

_OF_INVOICES = f"""
    SELECT i.public_id, i.id AS invoice_id, 'invoiced' AS kind, i.total_minor AS amount,
           i.finalized_at / {MICROS_PER_DAY} AS day, CAST(NULL AS BIGINT) AS document
    FROM invoice AS i WHERE i.status <> 'draft'
    UNION ALL
    SELECT i.public_id, i.id, 'voided', -i.total_minor, i.voided_at / {MICROS_PER_DAY}, NULL
    FROM invoice AS i WHERE i.status = 'void'
    UNION ALL
    SELECT i.public_id, i.id, 'paid', -p.amount_minor, p.arrived_at / {MICROS_PER_DAY}, p.id
    FROM invoice_payment AS p JOIN invoice AS i ON i.id = p.invoice_id
    UNION ALL
    SELECT i.public_id, i.id, 'credited', -n.total_minor, n.issued_at / {MICROS_PER_DAY}, n.id
    FROM credit_note AS n JOIN invoice AS i ON i.id = n.invoice_id
"""
_OF_RECEIPTS = "SELECT n.id FROM credit_note AS n WHERE n.invoice_id IS NULL"
_FIRST_OPEN = """(SELECT MAX(c.first_open_day) FROM period_closing AS c
                  WHERE c.last_receivable_id < e.id)"""
_ON_ITS_DAY = """
    e.posting_day = CASE WHEN {day} < {first} THEN {first} ELSE {day} END
"""

POSTED_OTHERWISE = f"""
    SELECT d.public_id, d.kind || ' on day ' || d.day || ' is posted '
           || COUNT(e.id) || ' times, or on another day'
    FROM ({_OF_INVOICES}) AS d LEFT JOIN receivable_entry AS e
         ON e.invoice_id = d.invoice_id AND e.kind = d.kind AND e.amount_minor = d.amount
            AND COALESCE(e.payment_id, e.credit_note_id, 0) = COALESCE(d.document, 0)
            AND {_ON_ITS_DAY.format(day="d.day", first=_FIRST_OPEN)}
    GROUP BY d.public_id, d.invoice_id, d.kind, d.amount, d.day, d.document HAVING COUNT(e.id) <> 1
    UNION ALL
    SELECT n.public_id, 'is posted ' || COUNT(e.id) || ' times, or on another day'
    FROM credit_note AS n LEFT JOIN receivable_entry AS e
         ON e.invoice_id IS NULL AND e.credit_note_id = n.id AND e.kind = 'credited'
            AND e.amount_minor = -n.total_minor
            AND {_ON_ITS_DAY.format(day=f"n.issued_at / {MICROS_PER_DAY}", first=_FIRST_OPEN)}
    WHERE n.invoice_id IS NULL GROUP BY n.public_id HAVING COUNT(e.id) <> 1
    UNION ALL
    SELECT 'receivables', s.posted || ' entries for ' || s.known || ' documents'
    FROM (SELECT (SELECT COUNT(*) FROM receivable_entry
                  WHERE invoice_id IS NOT NULL OR kind = 'credited') AS posted,
                 (SELECT COUNT(*) FROM ({_OF_INVOICES}) AS d)
                 + (SELECT COUNT(*) FROM ({_OF_RECEIPTS}) AS n) AS known) AS s
    WHERE s.posted <> s.known
"""
"""Every final invoice, payment, credit note and void is posted once, on its day or a later one."""

RECEIPT_CREDITED_TOO_MUCH = """
    SELECT p.public_id, 'cost ' || p.net_minor || ' and ' || p.tax_minor
           || ' of tax, its credit notes come to ' || n.net || ' and ' || n.tax
    FROM purchase AS p JOIN (
        SELECT purchase_id, SUM(net_minor) AS net, SUM(tax_minor) AS tax FROM credit_note
        WHERE purchase_id IS NOT NULL GROUP BY purchase_id
    ) AS n ON n.purchase_id = p.id
    WHERE n.net > p.net_minor OR n.tax > p.tax_minor OR p.status <> 'paid'
       OR (n.net + n.tax = p.gross_minor AND n.net <> p.net_minor)
"""
"""Credit notes never exceed their receipt, neither its net nor its tax."""

RECEIPT_CREDIT_USED_TWICE = """
    SELECT p.public_id, s.charged_back || ' of ' || p.gross_minor || ' were charged back, and '
           || s.moved || ' paid invoices, of ' || s.credited || ' that credit notes owed'
    FROM purchase AS p JOIN (
        SELECT COALESCE(n.purchase_id, c.purchase_id) AS purchase_id,
               SUM(CASE WHEN e.kind = 'credited' THEN -e.amount_minor ELSE 0 END) AS credited,
               SUM(CASE WHEN e.kind = 'paid' AND c.id IS NULL THEN e.amount_minor
                        ELSE 0 END) AS moved,
               SUM(CASE WHEN c.id IS NULL THEN 0 ELSE e.amount_minor END) AS charged_back
        FROM receivable_entry AS e LEFT JOIN credit_note AS n ON n.id = e.credit_note_id
             LEFT JOIN payment AS c ON c.id = e.charged_back_id
        WHERE e.invoice_id IS NULL GROUP BY 1
    ) AS s ON s.purchase_id = p.id
    WHERE s.charged_back > p.gross_minor OR s.moved > s.credited
    UNION ALL
    SELECT n.number, 'paid ' || e.amount_minor || ' of an invoice that got '
           || COALESCE(a.amount_minor, 0)
    FROM receivable_entry AS e JOIN credit_note AS n ON n.id = e.credit_note_id
         LEFT JOIN invoice_payment AS a ON a.id = e.payment_id
    WHERE e.kind = 'paid' AND e.invoice_id IS NULL
      AND COALESCE(a.amount_minor, 0) <> e.amount_minor
"""
"""What is owed back of a receipt pays invoices once, and is charged back once."""
