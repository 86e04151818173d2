"""The overage that drafts bill: how much it is, and its settlement when they become final."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.given import as_given, given
from creditctl.store.queries.closings import posted_day
from creditctl.store.queries.invoice_steps import BILLS_OVERAGE
from creditctl.store.queries.ledger import SETTLED

_OWED = f"""
    SELECT * FROM (
        SELECT w.place, i.id AS invoice_id, i.number, o.id, o.organization_id, o.product_id,
               o.event_at, -o.amount_micro - {SETTLED} AS unsettled
        FROM wanted AS w CROSS JOIN invoice AS i CROSS JOIN ledger_entry AS o
        WHERE i.id = w.invoice_id AND o.organization_id = i.organization_id
          AND o.kind = 'overage' AND {BILLS_OVERAGE}
          AND NOT EXISTS (SELECT 1 FROM ledger_entry AS u WHERE u.reverses_id = o.id)
    ) AS billed WHERE unsettled > 0
"""
"""Overage that each invoice lists and nothing has settled yet."""


def overage_billed_by(unit: UnitOfWork, invoice_ids: Sequence[int]) -> dict[int, Credits]:
    """What each invoice lists of overage that nothing has settled yet."""
    rows = unit.fetch_rows(
        f"""
        WITH {_wanted(unit)}
        SELECT invoice_id, SUM(unsettled) FROM ({_OWED}) AS owed GROUP BY invoice_id
        """,
        wanted=as_given(enumerate(invoice_ids)),
    )
    found = dict.fromkeys(invoice_ids, NO_CREDITS)
    return found | {int(invoice_id): Credits(int(micro)) for invoice_id, micro in rows}


def settle_billed_overage(
    unit: UnitOfWork, invoice_ids: Iterable[int], *, actor: str, at: datetime
) -> None:
    """Append an entry for each overage that these numbered invoices bill, the oldest first."""
    event_at = "CASE WHEN event_at > :at THEN event_at ELSE :at END"
    unit.run(
        f"""
        WITH {_wanted(unit)}
        INSERT INTO ledger_entry (organization_id, kind, amount_micro, event_at, recorded_at,
                                  posting_day, product_id, settles_id, actor, reason, invoice_id)
        SELECT organization_id, 'invoiced', unsettled, {event_at}, :at,
               {posted_day(f"({event_at}) / {MICROS_PER_DAY}")}, product_id, id, :actor,
               'settled by invoice ' || number, invoice_id
        FROM ({_OWED}) AS owed ORDER BY place, owed.event_at, id
        """,
        wanted=as_given(enumerate(invoice_ids)),
        actor=actor,
        at=at,
    )


def _wanted(unit: UnitOfWork) -> str:
    return given(unit.dialect, "wanted", "place", "invoice_id")
