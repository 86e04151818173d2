"""Receivables by posting day: what was invoiced, paid, credited and voided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.closings import posted_day

INVOICED, PAID, CREDITED, VOIDED = "invoiced", "paid", "credited", "voided"
_POST = f"""
    INSERT INTO receivable_entry (organization_id, invoice_id, kind, amount_minor,
                                  posting_day, payment_id, credit_note_id, charged_back_id)
    SELECT CAST(:organization_id AS BIGINT), CAST(:invoice_id AS BIGINT), :kind,
           CAST(:amount_minor AS BIGINT), {posted_day("CAST(:day AS BIGINT)")},
           CAST(:payment_id AS BIGINT), CAST(:credit_note_id AS BIGINT),
           CAST(:charged_back_id AS BIGINT)
"""


@dataclass(frozen=True, slots=True)
class MovedRow:
    """What an organization's receivables in one currency were moved by, in minor units."""

    organization: str
    currency: str
    kind: str
    before: int
    """Posted before the month that is asked for."""

    within: int
    """Posted in it."""


@dataclass(frozen=True, slots=True)
class PostedRow:
    """A document that was posted: an invoice, a payment, a credit note, a void, a charge-back."""

    id: int
    kind: str
    posted_on: date
    organization: str
    organization_id: int
    currency: str
    invoice_id: int | None
    number: str
    """Of the invoice, or of the receipt."""

    lot_id: int | None
    """Of a credit note for what was reversed: the grant as it was sold."""

    note: str | None
    """Of the credit note."""

    reference: str | None
    """Of the payment."""

    charge_back: str | None
    """The payment that was charged back."""

    net_minor: int
    """Without tax, signed as `amount_minor` is; 0 for a payment."""

    amount_minor: int
    """Tax included; above zero it is owed."""


@dataclass(frozen=True, slots=True)
class PostedTaxRow:
    """A tax of a posted document, signed as its amount is."""

    entry_id: int
    place: str
    tax: str
    tax_minor: int


@dataclass(frozen=True, slots=True)
class BilledPartRow:
    """A fee or order form of a final invoice, or its overage of one price in `micro`-credits."""

    invoice_id: int
    is_fee: bool
    is_order: bool
    description: str
    unit_price: str | None
    micro: int
    amount_minor: int


def post_receivable(
    unit: UnitOfWork,
    *,
    organization_id: int,
    invoice_id: int | None,
    kind: str,
    amount_minor: int,
    at: datetime,
    payment_id: int | None = None,
    credit_note_id: int | None = None,
    charged_back_id: int | None = None,
) -> None:
    """Post a document of that time on its day, or on the first that is open."""
    unit.run(
        _POST,
        organization_id=organization_id,
        invoice_id=invoice_id,
        kind=kind,
        amount_minor=amount_minor,
        day=at.date(),
        payment_id=payment_id,
        credit_note_id=credit_note_id,
        charged_back_id=charged_back_id,
    )


def post_invoiced(unit: UnitOfWork, invoices: Iterable[tuple[int, int, int]], at: datetime) -> None:
    """The same of final invoices: organization, invoice and its total in minor units."""
    same = {"kind": INVOICED, "day": at.date()}
    same |= dict.fromkeys(("payment_id", "credit_note_id", "charged_back_id"))
    unit.run_many(
        _POST,
        [
            {"organization_id": owner, "invoice_id": invoice_id, "amount_minor": total, **same}
            for owner, invoice_id, total in invoices
        ],
    )


def receivables_moved(unit: UnitOfWork, first_day: date, end_day: date) -> list[MovedRow]:
    """What was posted before `first_day`, and in [first_day, end_day), by slug and currency."""
    return unit.fetch(
        MovedRow,
        f"""
        SELECT o.slug, {CURRENCY}, e.kind,
               SUM(CASE WHEN e.posting_day < :first_day THEN e.amount_minor ELSE 0 END),
               SUM(CASE WHEN e.posting_day < :first_day THEN 0 ELSE e.amount_minor END)
        FROM {POSTED} JOIN organization AS o ON o.id = e.organization_id
        WHERE e.posting_day < :end_day GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """,
        first_day=first_day,
        end_day=end_day,
    )


def documents_posted(unit: UnitOfWork, first_day: date, end_day: date) -> list[PostedRow]:
    """Every document posted in [first_day, end_day), in the order in which it was recorded."""
    return unit.fetch(
        PostedRow,
        f"""
        SELECT e.id, e.kind, e.posting_day, o.slug, e.organization_id, {CURRENCY}, i.id,
               COALESCE(i.number, p.receipt_number), n.grant_id, n.number, a.reference, c.public_id,
               CASE e.kind WHEN 'invoiced' THEN i.subtotal_minor WHEN 'voided'
                    THEN -i.subtotal_minor ELSE -COALESCE(n.net_minor, 0) END,
               e.amount_minor
        FROM {POSTED} JOIN organization AS o ON o.id = e.organization_id
             LEFT JOIN invoice_payment AS a ON a.id = e.payment_id
        WHERE e.posting_day >= :first_day AND e.posting_day < :end_day ORDER BY e.id
        """,
        first_day=first_day,
        end_day=end_day,
    )


POSTED = """
    receivable_entry AS e LEFT JOIN invoice AS i ON i.id = e.invoice_id
    LEFT JOIN credit_note AS n ON n.id = e.credit_note_id
    LEFT JOIN payment AS c ON c.id = e.charged_back_id
    LEFT JOIN purchase AS p ON p.id = COALESCE(n.purchase_id, c.purchase_id)
"""
"""What was posted, with its invoice, or with the purchase whose receipt it is about."""

CURRENCY = "COALESCE(i.currency, p.currency)"
TREATMENT = "COALESCE(i.treatment, p.treatment, '')"

DOCUMENT_TAXES = f"""
    SELECT e.id AS entry_id, e.kind, e.posting_day, i.currency, i.treatment, t.position, t.country,
           t.region, t.name, t.ppm,
           CASE e.kind WHEN 'invoiced' THEN t.taxable_minor ELSE -t.taxable_minor END AS taxable,
           CASE e.kind WHEN 'invoiced' THEN t.tax_minor ELSE -t.tax_minor END AS tax
    FROM receivable_entry AS e JOIN invoice AS i ON i.id = e.invoice_id
         JOIN invoice_tax AS t ON t.invoice_id = i.id
    WHERE e.kind IN ('invoiced', 'voided')
    UNION ALL
    SELECT e.id, e.kind, e.posting_day, {CURRENCY}, {TREATMENT}, t.position, t.country, t.region,
           t.name, t.ppm, -t.taxable_minor, -t.tax_minor
    FROM {POSTED} JOIN credit_note_tax AS t ON t.credit_note_id = e.credit_note_id
    WHERE e.kind = 'credited'
"""
"""Each tax of each posted document; a void and a credit note take theirs back."""


def taxes_posted(unit: UnitOfWork, first_day: date, end_day: date) -> list[PostedTaxRow]:
    """Taxes of the documents posted in [first_day, end_day)."""
    return unit.fetch(
        PostedTaxRow,
        f"""
        SELECT d.entry_id,
               d.country || CASE WHEN d.region IS NULL THEN '' ELSE '-' || d.region END, d.name,
               d.tax
        FROM ({DOCUMENT_TAXES}) AS d
        WHERE d.posting_day >= :first_day AND d.posting_day < :end_day
        ORDER BY d.entry_id, d.position
        """,
        first_day=first_day,
        end_day=end_day,
    )


def billed_parts(unit: UnitOfWork, first_day: date, end_day: date) -> list[BilledPartRow]:
    """Of invoices posted or voided in [first_day, end_day): its fees, orders and overage."""
    return unit.fetch(
        BilledPartRow,
        """
        SELECT invoice_id, is_fee, is_order, MIN(description), unit_price, SUM(micro),
               SUM(amount_minor)
        FROM (
            SELECT l.invoice_id, l.kind = 'fee' AS is_fee, l.kind = 'order' AS is_order,
                   CASE WHEN l.kind IN ('fee', 'order') THEN l.description ELSE ''
                        END AS description,
                   CASE WHEN l.kind IN ('fee', 'order') THEN NULL ELSE COALESCE(l.unit_price, (
                       SELECT MIN(x.unit_price) FROM invoice_line AS x
                       WHERE x.invoice_id = l.invoice_id)) END AS unit_price,
                   CASE WHEN l.kind IN ('fee', 'order') THEN l.position ELSE 0 END AS position,
                   COALESCE(l.credits_micro, 0) AS micro, l.amount_minor
            FROM invoice_line AS l
            WHERE l.invoice_id IN (
                SELECT e.invoice_id FROM receivable_entry AS e
                WHERE e.kind IN ('invoiced', 'voided')
                  AND e.posting_day >= :first_day AND e.posting_day < :end_day)
        ) AS part
        GROUP BY invoice_id, is_fee, is_order, position, unit_price
        ORDER BY invoice_id, position DESC, unit_price
        """,
        first_day=first_day,
        end_day=end_day,
    )
