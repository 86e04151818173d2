"""What auto-recharge tells: bought, failed, capped, disabled; written with what was decided."""

from creditctl.context import Context
from creditctl.rules.events import Event
from creditctl.services.balances import balance_of
from creditctl.services.outbox import enqueue, subject_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.recharges import RechargeRow


def tell(
    unit: UnitOfWork, context: Context, row: RechargeRow, name: str, *, window: str, note: str
) -> int:
    """The step: enqueue an event of a locked organization's auto-recharge; returns how many.

    `window` is what it is about: a purchase, a month, an instant. The limit is the threshold.
    """
    balance = balance_of(unit, row.organization_id, row.organization, context.now)
    event = Event(
        name=name,
        organization=subject_of(unit, row.organization_id),
        rule=name,
        window=window,
        revision=row.crossings,
        occurred_at=context.now,
        limit=row.below,
        balance=balance.available,
        note=note,
    )
    return enqueue(unit, context, row.organization_id, event)
