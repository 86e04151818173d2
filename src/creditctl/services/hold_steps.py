"""The steps of holds: what changes one organization, in a transaction that others may share.

`services.holds` and `services.group_commit` run them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.burn_down import Charge, burn_down
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.rules.usage_events import LARGEST_UNITS
from creditctl.services.allocation import lot_of, postpaid_lots, unlimited_in
from creditctl.services.call_prices import (
    Caller,
    QuotedCall,
    caller_of,
    quoted,
    request_identity,
)
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.expiry import book_due_expiries
from creditctl.services.hold_answers import Hold, HoldRequest, InsufficientCredits, shown
from creditctl.services.price_book import PriceBook
from creditctl.services.subscription_periods import periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.calls import booked_with_id
from creditctl.store.queries.ending_groups import NamedHold
from creditctl.store.queries.grants import payable_grants, something_is_due
from creditctl.store.queries.holds import (
    CAPTURED,
    EXPIRED,
    IDS,
    OPEN,
    RELEASED,
    HoldRow,
    PartRow,
    close_hold,
    end_overdue,
    free_overdue,
    hold_by_id,
    hold_named,
    insert_hold,
    newest_hold_of,
    parts_of,
    reserve,
)

_MICROSECOND = timedelta(microseconds=1)

_Parts: TypeAlias = list[tuple[int | None, Credits]]
"""Grants, None: a limit, and what each pays."""

_Payers: TypeAlias = _Parts | Credits | None
"""Who pays, or how much there is where that is too little; None: nobody knows yet."""


class Authorization:
    """The step of `authorize`; raises InvalidInput as it is made."""

    def __init__(self, context: Context, request: HoldRequest, book: PriceBook) -> None:
        self.context, self.request, self.book = context, request, book
        self.number, self.words = request_identity(request.request_id)
        self.at = request.at or context.now
        self.expires_at = max(context.now, self.at) + context.settings.hold_timeout
        if not 0 <= (request.units or 0) <= LARGEST_UNITS:
            raise InvalidInput("a call returns no negative and no absurd number of units")
        self.caller = Caller(0, "", None)

    def owner(self, unit: UnitOfWork) -> int:
        """Whose call it is."""
        self.caller = caller_of(unit, self.request.organization, self.request.key)
        return self.caller.organization_id

    def run(self, unit: UnitOfWork) -> Hold:
        """Place the hold, or find the one that was placed for the same request."""
        caller, request, at = self.caller, self.request, self.at
        window = self.context.settings.dedup_window
        (call, payers), known, is_booked = unit.together(
            lambda: self._quoted(unit),
            lambda: newest_hold_of(unit, self.number),
            lambda: _is_booked(unit, self.number, at, window),
        )
        if known is not None and abs(known.authorized_at - at) <= window:
            return _again(known, caller, call, self.book, request)
        if is_booked:
            raise Conflict(f"the request id {request.request_id!r} was used before")
        parts = _parts(unit, self.context, caller.organization_id, call, at, payers)
        public_id, estimate = new_public_id("hold", at), sum((a for _, a in parts), NO_CREDITS)
        hold_id = insert_hold(
            unit,
            public_id=public_id,
            organization_id=caller.organization_id,
            api_key_id=caller.api_key_id,
            price_id=call.price_id,
            event_hour=micros_of(at) // MICROS_PER_HOUR,
            event_id=self.number,
            id_text=self.words,
            authorized_at=at,
            expires_at=self.expires_at,
            estimated_units=request.units,
            estimate_micro=estimate,
        )
        if hold_id is None:
            raise Conflict(f"the request id {request.request_id!r} was used before")
        with unit.along():
            reserve(unit, hold_id, parts)
        return self.placed(public_id, estimate)

    def _quoted(self, unit: UnitOfWork) -> tuple[QuotedCall, _Payers]:
        """The call at its price, and who pays for it; None: something is due before."""
        owner_id, request = self.caller.organization_id, self.request
        path = (request.method, request.path)
        call = quoted(unit, self.book, self.caller, path, self.at, request.units)
        if not call.estimate:
            return call, []
        now, grace = self.context.now, self.context.settings.usage_grace
        is_due, payers = unit.together(
            lambda: something_is_due(unit, owner_id, now, grace),
            lambda: _covered(unit, owner_id, call, self.at),
        )
        return call, None if is_due else payers

    def placed(self, public_id: str, estimate: Credits) -> Hold:
        """The answer to a request that is made for the first time."""
        return Hold(
            id=public_id,
            organization=self.caller.organization,
            state=OPEN,
            held=estimate,
            estimate=estimate,
            authorized_at=self.at,
            expires_at=self.expires_at,
            credits=None,
            is_new=True,
        )


class EndingStep:
    """A step about a hold that was placed before, named by its id or its request id."""

    def __init__(self, context: Context, reference: str) -> None:
        self.context, self.reference = context, reference
        self.seen: HoldRow
        """The hold before its organization was locked, once the owner was asked for."""

        self.known: NamedHold | None = None
        """The hold, where somebody looked up those of many steps."""

    def owner(self, unit: UnitOfWork) -> int:
        """Whose call it is; raises NotFound."""
        self.seen = named(unit, self.reference)
        return self.seen.organization_id

    def hold(self, unit: UnitOfWork) -> HoldRow:
        """The hold as it is now that its organization is locked: another may have ended it."""
        return hold_by_id(unit, self.seen.id)


class Release(EndingStep):
    """The step of `release`."""

    def run(self, unit: UnitOfWork) -> Hold:
        """Free what it holds."""
        row, parts = unit.together(lambda: self.hold(unit), lambda: parts_of(unit, self.seen.id))
        if row.state == CAPTURED:
            raise Conflict(
                f"{row.public_id} was captured: the call was served",
                hint="'creditctl usage undo' takes a day's calls back",
            )
        if row.state == OPEN:
            end_hold(unit, self.context, row, parts, RELEASED)
            row = replace(row, state=RELEASED)
        return shown(row)


def end_hold(
    unit: UnitOfWork, context: Context, row: HoldRow, parts: Sequence[PartRow], state: str
) -> None:
    """The step: an open hold of a locked organization ends without being captured."""
    with unit.along():
        close_hold(unit, row, parts, state, context.now)
    end_grants_again(unit, context, row.organization_id, parts)


def end_grants_again(
    unit: UnitOfWork, context: Context, organization_id: int, parts: Iterable[PartRow]
) -> None:
    """What was held of a grant that has ended meanwhile ends as the rest of it did."""
    grace_over = context.now - context.settings.usage_grace
    if any(
        part.grant_reversed_at is not None
        or (part.grant_ends_at is not None and part.grant_ends_at <= grace_over)
        for part in parts
    ):
        book_due_expiries(unit, context, organization_id)


def _parts(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    call: QuotedCall,
    at: datetime,
    found: _Payers,
) -> _Parts:
    """Which grants pay in burn-down order; raises InsufficientCredits unless all is covered."""
    if found is None:
        book_what_is_due(unit, context, organization_id)
        found = _covered(unit, organization_id, call, at)
    if isinstance(found, Credits) and free_due(unit, context, organization_id):
        found = _covered(unit, organization_id, call, at)
    if isinstance(found, Credits):
        raise InsufficientCredits(call.estimate, found)
    return found


def _covered(
    unit: UnitOfWork, organization_id: int, call: QuotedCall, at: datetime
) -> _Parts | Credits:
    """The payers and what each pays, or how much there is where that is too little."""
    charge = Charge(micros_of(at), b"", call.product_id, call.estimate.micro)
    periods, grants = unit.together(
        lambda: periods_of(unit, organization_id, at),
        lambda: payable_grants(unit, organization_id, at),
    )
    # Only an event may reclaim what has expired: a hold reserves what is there.
    lots = [lot_of(replace(grant, expired=NO_CREDITS)) for grant in grants]
    lots += postpaid_lots(unit, organization_id, periods, [charge])
    draws = burn_down(lots, unlimited_in(periods), [charge])
    if all(draw.lot is not None for draw in draws):
        return [(draw.lot.grant_id, Credits(draw.credits_micro)) for draw in draws if draw.lot]
    return Credits(sum(draw.credits_micro for draw in draws if draw.lot is not None))


def _again(
    row: HoldRow, caller: Caller, call: QuotedCall, book: PriceBook, request: HoldRequest
) -> Hold:
    """The answer to a request that was made before; raises Conflict where it cannot be given."""
    endpoints = {
        book.endpoint_of(book.version(price)).id for price in (row.price_id, call.price_id)
    }
    asked = (caller.organization_id, caller.api_key_id, request.units)
    if asked != (row.organization_id, row.api_key_id, row.estimated_units) or len(endpoints) > 1:
        raise Conflict(f"the request id {request.request_id!r} was used by another call")
    if row.state in (RELEASED, EXPIRED):
        raise Conflict(
            f"the hold of request {request.request_id!r} is {row.state}",
            hint="a call that is made again has a new request id",
        )
    return shown(row)


def _is_booked(unit: UnitOfWork, event_id: bytes, at: datetime, window: timedelta) -> bool:
    """Whether an event of that id is in the books near that time."""
    micros, nearest = micros_of(at), window // _MICROSECOND
    first, last = ((micros + offset) // MICROS_PER_HOUR for offset in (-nearest, nearest))
    return any(
        event.event_hour == micros // MICROS_PER_HOUR or abs(event.occurred_at - micros) <= nearest
        for event in booked_with_id(unit, event_id, first, last)
    )


def free_due(unit: UnitOfWork, context: Context, organization_id: int) -> int:
    """The step: free what calls hold past their time; returns how many.

    What is freed of grants that have ended meanwhile ends as the rest of them did, in one sum.
    """
    grace_over = context.now - context.settings.usage_grace
    has_ended = free_overdue(unit, organization_id, context.now, grace_over)
    if (ended := end_overdue(unit, organization_id, context.now)) and has_ended:
        book_due_expiries(unit, context, organization_id)
    return ended


def named(unit: UnitOfWork, reference: str) -> HoldRow:
    """The hold by its id or its request id; raises NotFound."""
    found = hold_named(unit, reference) if reference.startswith(IDS) else None
    if found is None:
        found = newest_hold_of(unit, request_identity(reference)[0])
    if found is None:
        raise NotFound(
            f"there is no hold {reference!r}",
            hint="'creditctl gate holds list --state any' shows all of them",
        )
    return found
