"""Charges of a FOCUS dataset that subscription fees amount to, day by day (DESIGN 3.8)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from creditctl.rules.focus import DAYS_UNIT, USAGE, Charge
from creditctl.services.fee_revenue import earned_fees, earned_live
from creditctl.services.focus_charges import Billing, money_of
from creditctl.services.focus_invoices import FEES_SERVICE, FEES_SKU
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.subscriptions import SubscriptionRow, all_subscriptions

_DAY = timedelta(days=1)


def fees(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """What fees earned on each day: not billed then, for their invoice bills them.

    A month's sum is that of `reports revenue`. Where what is known today differs from what was
    earned when a month was closed, the difference is a correction on the month's first day.
    """
    count = (billing.end - billing.first).days
    days = [billing.first + number * _DAY for number in range(count + 1)]
    booked = earned_fees(unit, billing.now, [billing.first, billing.end])
    live = earned_live(unit, billing.now, days)
    subscriptions = {row.id: row for row in all_subscriptions(unit)}
    for key in sorted(booked.keys() | live.keys()):
        subscription, currency = subscriptions[key[0]], key[1]
        before, after = booked.get(key, (0, 0))
        until = live.get(key, (0,) * len(days))
        moved = after - before - (until[-1] - until[0])
        if moved:
            yield _charge(
                billing, subscription, 0, money_of(moved, currency), currency, is_correction=True
            )
        for place, (start, stop) in enumerate(pairwise(until)):
            if stop != start:
                earned = money_of(stop - start, currency)
                yield _charge(billing, subscription, place, earned, currency)


def _charge(
    billing: Billing,
    subscription: SubscriptionRow,
    place: int,
    earned: Decimal,
    currency: str,
    *,
    is_correction: bool = False,
) -> Charge:
    """What was earned on a day of the month; below zero where a cheaper plan gives back."""
    return Charge(
        category=USAGE,
        day=billing.first + place * _DAY,
        account=billing.account(subscription.organization_id),
        currency=currency,
        service=FEES_SERVICE,
        sku=FEES_SKU,
        description=f"{subscription.plan}, subscription {subscription.public_id}",
        effective=earned,
        quantity=Decimal(1) if earned > 0 else Decimal(-1),
        unit=DAYS_UNIT,
        is_recurring=True,
        list_price=abs(earned),
        contracted_price=abs(earned),
        is_correction=is_correction,
    )
