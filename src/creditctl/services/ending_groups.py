"""Captures and releases of many calls in a dozen statements: what costs is the way to the database.

Only those take part whose hold is open and pays all that its call costs, at a price that no volume
changes, for an organization with nothing due and no plan that pays beyond grants, of a time that no
final invoice reaches. The others are run alone, by the step that knows every case;
`tests/services/test_ending_groups.py` proves that both do the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from creditctl.context import Context
from creditctl.errors import CreditctlError
from creditctl.rules.burn_down import HELD_FIRST, NEVER, Charge, Lot, burn_down
from creditctl.rules.instants import micros_of
from creditctl.rules.units import Credits
from creditctl.services.call_booking import (
    REASON,
    ServedCall,
    digest_of_day,
    open_batches_of_calls,
    priced_call,
    served_call,
)
from creditctl.services.call_prices import request_identity
from creditctl.services.hold_answers import Hold, ended
from creditctl.services.hold_capture import Capture
from creditctl.services.hold_draws import Draws
from creditctl.services.hold_steps import Release
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.calls import CallRow, add_to_rollups
from creditctl.store.queries.ending_groups import (
    EndingRow,
    HeldGrantRow,
    NamedHold,
    held_grants,
    holds_named,
    named_holds,
)
from creditctl.store.queries.holds import CAPTURED, OPEN, RELEASED
from creditctl.store.queries.invoices import mark_draft_stale
from creditctl.store.queries.late_usage import asked_final_end
from creditctl.store.queries.limit_marks import mark_organizations
from creditctl.store.queries.served_groups import (
    Drawn,
    Served,
    book_drawn,
    close_holds,
    count_served,
    insert_served,
)

Ending = Capture | Release


class TogetherEnded:
    """Ends holds of a group at once."""

    def takes(self, step: Any) -> bool:
        """Whether it may be one of them."""
        return isinstance(step, Capture | Release)

    def owners(self, unit: UnitOfWork, steps: Mapping[int, Ending]) -> Callable[[], dict[int, int]]:
        """The organization of each step by its place, of those that name a hold."""
        numbers: dict[str, bytes] = {}
        for step in steps.values():
            try:
                numbers[step.reference] = request_identity(step.reference)[0]
            except CreditctlError:
                continue
        if not numbers:
            return dict
        captures = [step for step in steps.values() if isinstance(step, Capture)]
        books = {asked: asked(unit) for asked in {step.prices for step in captures}}
        answer = holds_named(unit, numbers.items())

        def owners() -> dict[int, int]:
            found = {row.reference: row for row in answer()}
            known: dict[int, int] = {}
            for capture in captures:
                capture.book = books[capture.prices]()
            for place, step in steps.items():
                step.known = found.get(step.reference)
                if step.known is not None:
                    known[place] = step.known.organization_id
            return known

        return owners

    def run(
        self, unit: UnitOfWork, steps: Mapping[int, Ending], owners: Mapping[int, int]
    ) -> Callable[[Draws], dict[int, Hold]]:
        """Asks about the holds; their organizations are locked.

        What it returns ends the plain ones and adds to the draws: the ended holds by place.
        """
        mark_organizations(unit, (owners[place] for place in steps))
        # Of several about one hold the first may be plain; the others find it ended.
        wanted: dict[int, tuple[int, NamedHold]] = {}
        for place, step in steps.items():
            if step.known is not None:
                wanted.setdefault(step.known.hold_id, (place, step.known))
        contexts = [step.context for step in steps.values()]
        asked_holds = named_holds(
            unit,
            ((known, digest_of_day(known.authorized_at)) for _, known in wanted.values()),
            now=max(one.now for one in contexts),
            expired_before=max(one.now - one.settings.usage_grace for one in contexts),
            window=max(one.settings.dedup_window for one in contexts),
        )
        asked_parts, asked_end = held_grants(unit, wanted), asked_final_end(unit)

        def end(draws: Draws) -> dict[int, Hold]:
            group = _Group(unit, asked_parts(), asked_end(), draws)
            answers: dict[int, Hold] = {}
            for row in asked_holds():
                place, _ = wanted[row.id]
                if (ended_hold := _ended(group, row, steps[place])) is not None:
                    answers[place] = ended_hold
            if answers:
                group.book()
                unit.later(write_endings, group)
                for call in group.calls():
                    unit.later(add_to_rollups, call)
            return answers

        return end


def _ended(group: "_Group", row: EndingRow, step: Ending) -> Hold | None:
    """The hold as it ends; None: that is not plain, and nothing was changed."""
    if row.state != OPEN or group.has_ended_grants(row, step):
        return None
    if isinstance(step, Release):
        group.release(row, step)
        return ended(row, RELEASED)
    captured = group.capture(row, step)
    return None if captured is None else ended(row, CAPTURED, captured)


def write_endings(_: UnitOfWork, groups: Iterable["_Group"]) -> None:
    """Make the changes: nothing that follows in the transaction waits for them."""
    for group in groups:
        group.write()


class _Captured(NamedTuple):
    row: EndingRow
    context: Context
    served: ServedCall
    call: CallRow
    paid: Sequence[tuple[int, int]]


class _Group:
    """What the plain endings of a group change, gathered until all of them are known."""

    def __init__(
        self,
        unit: UnitOfWork,
        parts: Iterable[HeldGrantRow],
        final_end: datetime | None,
        draws: Draws,
    ) -> None:
        self._unit = unit
        self._parts: dict[int, list[HeldGrantRow]] = defaultdict(list)
        self._free: dict[int, int] = {}
        self._sources: dict[int, str] = {}
        for part in parts:
            self._parts[part.hold_id].append(part)
            if part.grant_id is not None and part.free_micro is not None:
                self._free[part.grant_id] = part.free_micro
                self._sources[part.grant_id] = part.source or ""
        self._final_end, self._draws = final_end, draws
        self._captured: list[_Captured] = []
        self._closed: list[tuple[int, int, int | None, int | None]] = []
        self._served: list[Served] = []
        self._drawn: list[Drawn] = []

    def has_ended_grants(self, row: EndingRow, step: Ending) -> bool:
        """Whether what becomes free has to end at once, as its grant did."""
        grace_over = micros_of(step.context.now - step.context.settings.usage_grace)
        return any(
            part.is_reversed or (part.expires_at is not None and part.expires_at <= grace_over)
            for part in self._parts[row.id]
        )

    def release(self, row: EndingRow, step: Release) -> None:
        """Free what it holds."""
        self._freed(row)
        self._closed.append((row.id, micros_of(step.context.now), None, None))

    def capture(self, row: EndingRow, step: Capture) -> Credits | None:
        """Book its call; None: it is not plain, and nothing was changed."""
        is_late = self._final_end is not None and row.authorized_at < self._final_end
        if not row.is_unhindered or is_late:
            return None
        if step.book.version(row.price_id).rule.volume_steps:
            return None
        served = served_call(row, step.status, step.units)
        try:
            call = priced_call(self._unit, step.book, served)
        except CreditctlError:
            return None
        paid = self._paid(row, call)
        if paid is None:
            return None
        self._freed(row)
        for grant_id, micro in paid:
            self._free[grant_id] -= micro
            self._draws.add(grant_id, used=micro)
        self._captured.append(_Captured(row, step.context, served, call, paid))
        return Credits(call.credits_micro)

    def calls(self) -> list[CallRow]:
        """The calls that are booked."""
        return [one.call for one in self._captured]

    def book(self) -> None:
        """Put the calls into the batches of their organizations' days, which first ones open."""
        first: dict[tuple[int, date], tuple[Context, ServedCall]] = {}
        for one in self._captured:
            if one.row.batch_id is None:
                first.setdefault(_place(one.row), (one.context, one.served))
        ids = open_batches_of_calls(self._unit, list(first.values())) if first else []
        opened = dict(zip(first, ids, strict=True))
        for row, context, _, call, paid in self._captured:
            batch_id = opened[_place(row)] if row.batch_id is None else row.batch_id
            now, cost = micros_of(context.now), call.credits_micro
            for grant_id, micro in paid:
                who_pays = (grant_id, self._sources[grant_id])
                self._drawn.append(Drawn(call, batch_id, *who_pays, micro, now, context.actor))
            self._closed.append((row.id, now, cost, batch_id))
            self._served.append(Served(call, batch_id))

    def write(self) -> None:
        """Make the changes."""
        unit = self._unit
        close_holds(unit, self._closed)
        if self._served:
            insert_served(unit, self._served)
            book_drawn(unit, self._drawn, REASON)
            count_served(unit, self._served)
        for row, *_ in self._captured:
            if row.has_draft:
                mark_draft_stale(unit, row.organization_id, row.authorized_at)

    def _freed(self, row: EndingRow) -> None:
        for part in self._parts[row.id]:
            if part.grant_id is not None:
                self._free[part.grant_id] += part.amount_micro
                self._draws.add(part.grant_id, freed=part.amount_micro)

    def _paid(self, row: EndingRow, call: CallRow) -> Sequence[tuple[int, int]] | None:
        """Which grants pay how many micro-credits; None where more than what is held would."""
        if not call.credits_micro:
            return []
        lots = [
            _lot_of(part, self._free[part.grant_id] + part.amount_micro)
            for part in self._parts[row.id]
            if part.grant_id is not None and not part.has_expired and not part.is_carried
        ]
        held = sum(part.amount_micro for part in self._parts[row.id])
        if len(lots) != len(self._parts[row.id]) or call.credits_micro > held:
            return None
        charge = Charge(call.occurred_at, call.event_id, call.product_id, call.credits_micro)
        paid = []
        for draw in burn_down(lots, [], [charge]):
            if draw.lot is None or draw.lot.grant_id is None:
                return None
            paid.append((draw.lot.grant_id, draw.credits_micro))
        return paid


def _place(row: EndingRow) -> tuple[int, date]:
    return row.organization_id, row.authorized_at.date()


def _lot_of(part: HeldGrantRow, available: int) -> Lot:
    return Lot(
        part.grant_id,
        available,
        part.effective_at or 0,
        NEVER if part.expires_at is None else part.expires_at,
        product_id=part.product_id,
        priority=HELD_FIRST,
        paid=bool(part.unit_cost),
    )
