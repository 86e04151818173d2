"""Holds: a call reserves what it may cost before it is served (DESIGN 3.7).

A hold that is captured becomes a usage event (`services.hold_capture`); one that is released or
not captured in time costs nothing. Whether a call is let through at all is decided elsewhere.
"""

from creditctl.context import Context
from creditctl.services.call_prices import current_prices
from creditctl.services.group_steps import run_alone
from creditctl.services.hold_answers import Hold, HoldRequest, InsufficientCredits, shown
from creditctl.services.hold_steps import Authorization, Release, free_due, named
from creditctl.services.price_book import PriceBook
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.holds import owners_of_due_holds
from creditctl.store.queries.orgs import lock_organizations

__all__ = [
    "Hold",
    "HoldRequest",
    "InsufficientCredits",
    "authorize",
    "find_hold",
    "release",
    "release_expired",
]


def authorize(context: Context, request: HoldRequest, prices: PriceBook | None = None) -> Hold:
    """Reserve what the call may cost, or refuse it whole; the same request gives the same hold.

    Nothing is reserved for free calls and under unlimited plans. Raises InsufficientCredits with
    the numbers, Conflict when the id was used by another call, a released or a timed-out one,
    InvalidInput, EndpointNotFound, KeyNotFound and OrganizationNotFound.
    """
    book = prices or current_prices(context)
    return run_alone(context.database, Authorization(context, request, book))


def release(context: Context, reference: str) -> Hold:
    """Let a call go that was not served: nothing is booked, and what it held is free.

    `reference` is the hold's id or the request id; a second time changes nothing. Raises NotFound,
    and Conflict when the call was captured.
    """
    return run_alone(context.database, Release(context, reference))


def release_expired(context: Context) -> int:
    """Free what calls hold that nobody captured in time; returns how many.

    One transaction for each organization, and none where nothing is due.
    """
    with reading(context.database) as unit:
        owners = owners_of_due_holds(unit, context.now)
    freed = 0
    for organization_id in owners:
        with unit_of_work(context.database) as unit:
            lock_organizations(unit, [organization_id])
            freed += free_due(unit, context, organization_id)
    return freed


def find_hold(context: Context, reference: str) -> Hold:
    """A hold by its id or its request id; raises NotFound."""
    with reading(context.database) as unit:
        return shown(named(unit, reference))
