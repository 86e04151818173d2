"""Charges beside paid credits: whom they are for, what was given, and what nobody paid for."""

from dataclasses import dataclass
from datetime import date

from creditctl.rules.instants import day_of
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An organization as a billing account."""

    id: int
    public_id: str
    slug: str
    legal_name: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class UnpaidUsageRow:
    """Usage of a day that no paid credits covered: by an allowance, a gift, or nobody."""

    day: date
    organization_id: int
    product: str
    payer: str
    """The source of the grant, `overage` or `waived`."""

    credits: Credits


@dataclass(frozen=True, slots=True)
class GiftRow:
    """Credits given to an organization on a day."""

    day: date
    organization_id: int
    source: str
    promotion: str | None
    credits: Credits


def accounts(unit: UnitOfWork) -> dict[int, AccountRow]:
    """Every organization by internal id."""
    rows = unit.fetch(
        AccountRow, "SELECT id, public_id, slug, legal_name, currency FROM organization"
    )
    return {row.id: row for row in rows}


def papers_of_lots(unit: UnitOfWork) -> dict[int, str]:
    """Paid grants by internal id -> the number of the receipt or final invoice that bills them.

    No single one bills the credits of an order form whose money goes by other days than they do.
    """
    return dict(
        unit.fetch_rows(
            """
            SELECT grant_id, receipt_number FROM purchase
            WHERE grant_id IS NOT NULL AND receipt_number IS NOT NULL
            UNION ALL
            SELECT n.grant_id, i.number
            FROM order_instalment AS n JOIN invoice AS i ON i.id = n.invoice_id
            WHERE n.grant_id IS NOT NULL AND i.number IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM order_instalment AS a WHERE a.line_id = n.line_id
                              AND (a.credits_micro = 0 OR a.amount_minor = 0))
            """
        )
    )


def notes_of_lots(unit: UnitOfWork, first_day: date, end_day: date) -> dict[tuple[int, date], str]:
    """Lots that were reversed, and the day -> the number of the credit note that was posted then.

    Where several were, the first one.
    """
    rows = unit.fetch_rows(
        """
        SELECT n.grant_id, e.posting_day, MIN(n.number)
        FROM receivable_entry AS e JOIN credit_note AS n ON n.id = e.credit_note_id
        WHERE e.kind = 'credited' AND n.grant_id IS NOT NULL
          AND e.posting_day >= :first_day AND e.posting_day < :end_day
        GROUP BY n.grant_id, e.posting_day
        """,
        first_day=first_day,
        end_day=end_day,
    )
    return {(int(lot_id), day_of(day)): str(number) for lot_id, day, number in rows}


def unpaid_usage(unit: UnitOfWork, first_day: date, end_day: date) -> list[UnpaidUsageRow]:
    """What was posted in [first_day, end_day); what a settlement takes from overage is negative.

    What an invoice bills is taken from overage too: it is usage with a price then.
    """
    return unit.fetch(
        UnpaidUsageRow,
        """
        SELECT day, organization_id, COALESCE(p.name, ''), payer, SUM(micro)
        FROM (
            SELECT e.posting_day AS day, e.organization_id, e.product_id,
                   COALESCE(g.source, 'overage') AS payer, -e.amount_micro AS micro
            FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE e.kind IN ('usage', 'overage', 'unwind') AND e.settles_id IS NULL
              AND g.unit_cost IS NULL
              AND e.posting_day >= :first_day AND e.posting_day < :end_day
            UNION ALL
            SELECT e.posting_day, e.organization_id, e.product_id, 'overage',
                   CASE WHEN e.grant_id IS NULL THEN -e.amount_micro ELSE e.amount_micro END
            FROM ledger_entry AS e WHERE e.settles_id IS NOT NULL
              AND e.posting_day >= :first_day AND e.posting_day < :end_day
            UNION ALL
            SELECT e.posting_day, e.organization_id, e.product_id,
                   COALESCE(g.source, 'waived'),
                   CASE WHEN e.grant_id IS NULL THEN e.amount_micro ELSE -e.amount_micro END
            FROM ledger_entry AS e LEFT JOIN credit_grant AS g ON g.id = e.grant_id
            WHERE e.settles_id IS NOT NULL AND g.unit_cost IS NULL AND e.invoice_id IS NULL
              AND e.posting_day >= :first_day AND e.posting_day < :end_day
        ) AS moved LEFT JOIN product AS p ON p.id = moved.product_id
        GROUP BY 1, 2, 3, 4 HAVING SUM(micro) <> 0 ORDER BY 1, 2, 3, 4
        """,
        first_day=first_day,
        end_day=end_day,
    )


def gifts_of_days(unit: UnitOfWork, first_day: date, end_day: date) -> list[GiftRow]:
    """Unpaid credits granted in [first_day, end_day), without allowances."""
    return unit.fetch(
        GiftRow,
        """
        SELECT e.posting_day, e.organization_id, g.source, g.promotion, SUM(e.amount_micro)
        FROM ledger_entry AS e JOIN credit_grant AS g ON g.id = e.grant_id
        WHERE e.kind = 'grant' AND g.unit_cost IS NULL AND g.source <> 'subscription'
          AND g.moved_from_id IS NULL
          AND e.posting_day >= :first_day AND e.posting_day < :end_day
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        """,
        first_day=first_day,
        end_day=end_day,
    )
