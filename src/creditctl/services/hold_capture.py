"""Captures: a call that was let through has been served, and becomes its usage event (DESIGN 3.7).

What a capture means where its hold has ended: captured, by the gate or by the import of its log
line, it answers as before; released, it is refused, for the caller had said that nothing was
served; timed out, it is booked after the fact as an import would, because the call was served.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import Credits
from creditctl.rules.usage_events import LARGEST_UNITS
from creditctl.services.call_booking import (
    ServedCall,
    batch_of_calls,
    book_call,
    open_batches_of_calls,
    priced_call,
    served_call,
)
from creditctl.services.due_bookings import book_what_is_due
from creditctl.services.group_steps import run_alone
from creditctl.services.hold_answers import Hold, shown
from creditctl.services.hold_steps import EndingStep, end_grants_again
from creditctl.services.outcomes import Outcome, outcome_of
from creditctl.services.price_book import AskedPrices, PriceBook, load_price_book, these_prices
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.calls import BookedRow, CallRow, booked_with_id
from creditctl.store.queries.grants import something_is_due
from creditctl.store.queries.holds import (
    CAPTURED,
    OPEN,
    RELEASED,
    HoldRow,
    PartRow,
    close_hold,
    parts_of,
)
from creditctl.store.queries.late_usage import newest_final_end

_STATUSES = range(100, 600)
_MICROSECOND = timedelta(microseconds=1)


def capture(
    context: Context,
    reference: str,
    *,
    status: int = 200,
    units: int = 0,
    prices: PriceBook | None = None,
) -> Hold:
    """Charge a call for what it returned; the same again gives the same answer.

    Only success is charged. The grants that the hold names pay first; beyond them whatever is
    available, and the rest is overage, `overshoot`. `reference` is the hold's id or the request id.
    Raises NotFound, InvalidInput, and Conflict where the call was released.
    """
    asked = these_prices(prices) if prices else lambda unit: partial(load_price_book, unit)
    return run_alone(context.database, Capture(context, reference, asked, status, units))


class Capture(EndingStep):
    """The step of `capture`; raises InvalidInput as it is made."""

    def __init__(
        self, context: Context, reference: str, prices: AskedPrices, status: int, units: int
    ) -> None:
        super().__init__(context, reference)
        if status not in _STATUSES or not 0 <= units <= LARGEST_UNITS:
            raise InvalidInput(f"status {status} with {units} units is no answer to a call")
        self.prices, self.status, self.units = prices, status, units
        self.book: PriceBook
        """The prices, once the owner was asked for."""

    def owner(self, unit: UnitOfWork) -> int:
        """Whose call it is; raises NotFound."""
        asked = self.prices(unit)
        owner = super().owner(unit)
        self.book = asked()
        return owner

    def run(self, unit: UnitOfWork) -> Hold:
        """Book the call, and end its hold."""
        row, facts = unit.together(lambda: self.hold(unit), lambda: self._facts(unit, self.seen))
        if row.state == RELEASED:
            raise Conflict(
                f"{row.public_id} was released: the call was not to be charged",
                hint="import its log line, if it was served after all",
            )
        if row.state != CAPTURED:
            if row.organization_id != self.seen.organization_id:
                facts = self._facts(unit, row)
            captured = _settle(unit, self.context, self.book, row, facts)
            row = replace(row, state=CAPTURED, captured=captured)
        return shown(row)

    def _facts(self, unit: UnitOfWork, row: HoldRow) -> "_Facts":
        """What settling it has to know; its refusals are told to who settles it."""
        context, call = self.context, served_call(row, self.status, self.units)
        now, grace = context.now, context.settings.usage_grace
        return _Facts(
            call,
            *unit.together(
                lambda: outcome_of(partial(_booked_event, unit, context, row)),
                lambda: something_is_due(unit, row.organization_id, now, grace),
                lambda: outcome_of(partial(priced_call, unit, self.book, call)),
                lambda: batch_of_calls(unit, call),
                lambda: parts_of(unit, row.id),
                lambda: newest_final_end(unit),
            ),
        )


class _Facts(NamedTuple):
    """What is known of an open hold's call before it is booked."""

    call: ServedCall
    booked: Outcome[BookedRow | None]
    """Its event, if its log line came first."""

    is_due: bool
    priced: Outcome[CallRow]
    batch_id: int | None
    """Of its organization's calls of that day; None before the first one."""

    parts: list[PartRow]
    final_end: datetime | None
    """Where the newest final invoice of all organizations ends."""


def _settle(
    unit: UnitOfWork, context: Context, book: PriceBook, row: HoldRow, facts: _Facts
) -> Credits:
    """Book the call, unless its log line came first; returns what it costs."""
    owner_id, parts, batch_id = row.organization_id, facts.parts, facts.batch_id
    if (booked := facts.booked.answer()) is not None:
        captured = Credits(booked.credits_micro)
        with unit.along():
            close_hold(
                unit,
                row,
                parts,
                CAPTURED,
                context.now,
                captured=captured,
                batch_id=booked.batch_id,
                event_hour=booked.event_hour,
            )
        end_grants_again(unit, context, owner_id, parts)
        return captured
    if facts.is_due:
        book_what_is_due(unit, context, owner_id)
        parts = parts_of(unit, row.id)
    priced = facts.priced.answer()
    if batch_id is None:
        (batch_id,) = open_batches_of_calls(unit, [(context, facts.call)])
    captured = Credits(priced.credits_micro)
    with unit.along():
        close_hold(unit, row, parts, CAPTURED, context.now, captured=captured, batch_id=batch_id)
    held = [part.grant_id for part in parts if part.grant_id is not None]
    # What a timed-out hold named may have been drawn since: its call has no claim any more.
    first = held if row.state == OPEN else ()
    book_call(unit, context, book, priced, batch_id, final_end=facts.final_end, first=first)
    end_grants_again(unit, context, owner_id, parts)
    return captured


def _booked_event(unit: UnitOfWork, context: Context, row: HoldRow) -> BookedRow | None:
    """The event of the call, if its log line came first; raises Conflict if it is another's."""
    window = context.settings.dedup_window
    at, reach = micros_of(row.authorized_at), window // _MICROSECOND
    first, last = ((at + offset) // MICROS_PER_HOUR for offset in (-reach, reach))
    for event in booked_with_id(unit, row.event_id, first, last):
        if event.event_hour != row.event_hour and abs(event.occurred_at - at) > reach:
            continue
        if event.organization_id != row.organization_id:
            raise Conflict(f"the request id of {row.public_id} was used by another organization")
        return event
    return None
