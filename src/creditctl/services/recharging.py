"""`recharge run`, and what `limits check` does of it: one purchase for each crossing (DESIGN 3.4).

The decision and the purchase with its payment are one transaction under the organization's lock;
the provider is asked outside of it. `recharge.purchase_id` names the purchase whose outcome is open
and is cleared by the transaction that finds it: until then, whoever comes looks the payment up.
"""

from dataclasses import dataclass, replace

from creditctl.context import Context
from creditctl.errors import CreditctlError, NotFound
from creditctl.rules.periods import calendar_month, month_text
from creditctl.rules.recharges import credits_needed
from creditctl.rules.units import Credits, Money
from creditctl.services.answers import to_json
from creditctl.services.audit import record_change
from creditctl.services.balances import balance_of
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.idempotency import remember
from creditctl.services.payment_calls import collect, configured, look_up
from creditctl.services.purchases import BUY, Bought, BuyRequest
from creditctl.services.quoting import Wish, quoted
from creditctl.services.recharge_events import tell
from creditctl.services.recharge_outcomes import RechargeRun, account_for, current_recharge
from creditctl.services.recharge_standing import (
    lasting_trouble,
    next_try,
    spent_in_month,
    switch_off,
)
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.orgs import (
    OrganizationRow,
    find_organization,
    lock_organizations,
    organization_by_id,
)
from creditctl.store.queries.payments import OPEN, payments_of
from creditctl.store.queries.purchases import purchase_by_id, purchase_named
from creditctl.store.queries.recharges import (
    RechargeRow,
    recharge_of,
    recharges_at_work,
    update_recharge,
)

_ACTS = ("buy", "capped", "disable")
"""What a judgement leads to that is written down."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    act: str
    """The outcome as it is, or what is to be done: buy, disable."""

    note: str | None = None
    credits: Credits | None = None
    total: Money | None = None


def run_recharges(context: Context, organization: str | None = None) -> list[RechargeRun]:
    """Buy what is due now, for everybody or one; one's trouble stops no other.

    Raises OrganizationNotFound, and NotFound where the one named has no auto-recharge.
    """
    with reading(context.database) as unit:
        if organization is None:
            rows = recharges_at_work(unit)
        else:
            owner = find_organization(unit, organization)
            named = recharge_of(unit, owner.id)
            if named is None:
                raise NotFound(
                    f"{owner.slug} has no auto-recharge",
                    hint=f"'creditctl recharge set {owner.slug}' begins one",
                )
            rows = [named]
    return [_tried(context, row) for row in rows]


def _tried(context: Context, row: RechargeRow) -> RechargeRun:
    try:
        return _run_one(context, row)
    except CreditctlError as trouble:
        return RechargeRun(row.organization, "failed", note=trouble.detail)


def _run_one(context: Context, row: RechargeRow) -> RechargeRun:
    if row.purchase_id is not None:
        return _follow(context, row, row.purchase_id)
    with reading(context.database) as unit:  # most have enough: no lock for those
        judged = _judge(unit, context, row)
    if judged.act not in _ACTS or (judged.act == "capped" and _is_told(context, row)):
        return _run_of(row, judged)
    if judged.act == "buy":
        configured(context, row.provider)  # before anything is written that it could not do
    found, bought = _act(context, row)
    if bought is None:
        return found
    collect(context, bought.payment)
    return account_for(context, row, bought.id)


def _follow(context: Context, row: RechargeRow, purchase_id: int) -> RechargeRun:
    """Ask how the open payment stands, never for another one, and draw the consequences."""
    with reading(context.database) as unit:
        purchase = purchase_by_id(unit, purchase_id)
        waiting = [payment for payment in payments_of(unit, purchase_id) if payment.status in OPEN]
    for payment in waiting:
        look_up(context, payment.public_id)
    return account_for(context, row, purchase.public_id)


def _judge(unit: UnitOfWork, context: Context, row: RechargeRow) -> _Judgement:
    """What is to be done for an organization now; nothing is written."""
    if row.purchase_id is not None:
        return _Judgement("open", "a payment is under way")
    if row.state == "disabled":
        return _Judgement("disabled", row.state_reason)
    owner = organization_by_id(unit, row.organization_id)
    if trouble := lasting_trouble(unit, owner, row, context.now):
        return _Judgement("disable", trouble)
    if owner.status != "active":
        return _Judgement("waiting", f"{owner.slug} is {owner.status}")
    return _judge_balance(unit, context, owner, row)


def _judge_balance(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, row: RechargeRow
) -> _Judgement:
    """For an organization that may buy, whether it has to."""
    balance = balance_of(unit, owner.id, owner.slug, context.now)
    needed = credits_needed(balance.available - balance.open_overage, row.below, row.up_to)
    if not needed:
        return _Judgement("enough")
    wait = next_try(row)
    if wait is not None and context.now < wait:
        return _Judgement("waiting", f"not before {wait:%Y-%m-%d %H:%M} UTC")
    wish = Wish(credits=needed, currency=row.currency)
    total = quoted(unit, owner.id, wish, context.now).quote.assessment.document.gross
    spent = spent_in_month(unit, row, context.now)
    if spent.minor + total.minor > row.cap_minor:
        cap = Money(row.cap_minor, row.currency)
        words = f"{total} {row.currency} more than the {spent} of this month is above {cap}"
        return _Judgement("capped", words, needed, total)
    return _Judgement("buy", None, needed, total)


def _act(context: Context, row: RechargeRow) -> tuple[RechargeRun, Bought | None]:
    """Judge once more under the organization's lock, and write what follows from it."""
    bought = None
    with unit_of_work(context.database) as unit:
        lock_organizations(unit, [row.organization_id])
        if organization_by_id(unit, row.organization_id).status != "closed":
            book_what_is_due(unit, context, row.organization_id)
        row = current_recharge(unit, row)
        judged = _judge(unit, context, row)
        if judged.act == "buy":
            bought = _buy(unit, context, row, judged)
        elif judged.act == "disable":
            switch_off(unit, context, row, judged.note or "")
            judged = replace(judged, act="disabled")
        elif judged.act == "capped":
            _note_cap(unit, context, row, judged)
    return _run_of(row, judged), bought


def _run_of(row: RechargeRow, judged: _Judgement) -> RechargeRun:
    return RechargeRun(row.organization, judged.act, judged.credits, judged.total, note=judged.note)


def _buy(unit: UnitOfWork, context: Context, row: RechargeRow, judged: _Judgement) -> Bought:
    """Write the purchase and its payment down: whoever comes later finds them in the row."""
    owner = organization_by_id(unit, row.organization_id)
    request = BuyRequest(
        organization=owner.slug,
        reason=f"auto-recharge: below {row.below} credits, up to {row.up_to}",
        credits=judged.credits,
        currency=row.currency,
        provider=row.provider,
        method=row.method,
        source="auto_recharge",
    )
    bought = BUY.perform(unit, context, owner, request)
    number = row.crossings + 1
    identity = {"request": to_json(request), "of": owner.public_id}
    key = f"{row.public_id}:{number}"
    remember(unit, BUY.name, key, identity, to_json(bought), context.now)
    update_recharge(
        unit,
        row.id,
        crossings=number,
        last_at=context.now,
        capped_month=None,
        purchase_id=_id_of(unit, bought.id),
    )
    return bought


def _note_cap(unit: UnitOfWork, context: Context, row: RechargeRow, judged: _Judgement) -> None:
    """Say once a month that the cap is reached."""
    if _is_told(context, row):
        return
    month = month_text(calendar_month(context.now))
    update_recharge(unit, row.id, capped_month=month)
    record_change(
        unit,
        context,
        "recharge.capped",
        row.public_id,
        organization_id=row.organization_id,
        reason=judged.note or "",
        after={"month": month, "credits": judged.credits, "total": str(judged.total)},
    )
    tell(unit, context, row, "recharge.capped", window=month, note=judged.note or "")


def _is_told(context: Context, row: RechargeRow) -> bool:
    return row.capped_month == month_text(calendar_month(context.now))


def _id_of(unit: UnitOfWork, purchase: str) -> int:
    found = purchase_named(unit, purchase)
    if found is None:
        raise LookupError(purchase)
    return found.id
