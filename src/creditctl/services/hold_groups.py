"""Authorizations of many calls in a few statements: what costs is the way to the database.

Only those take part whose organizations have nothing due, no plan that pays beyond grants, enough
credits, and an id that nobody used. The others are run alone, by the step that knows every case;
`tests/services/test_hold_groups.py` proves that both do the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from creditctl.errors import CreditctlError
from creditctl.rules.burn_down import NEVER, Charge, Lot, burn_down
from creditctl.rules.instants import MICROS_PER_HOUR, micros_of
from creditctl.rules.units import Credits
from creditctl.services.call_prices import Caller, QuotedCall, quoted
from creditctl.services.hold_answers import Hold
from creditctl.services.hold_draws import Draws
from creditctl.services.hold_steps import Authorization
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.hold_groups import (
    FreeGrantRow,
    NewCall,
    NewHold,
    callers_named,
    free_grants,
    insert_holds,
    insert_parts,
    plain_calls,
)

_Parts = list[tuple[int, int]]


class TogetherHeld:
    """Places plain holds of a group at once."""

    def takes(self, step: Any) -> bool:
        """Whether it may be one of them, as far as its price tells."""
        return (
            isinstance(step, Authorization)
            and not step.book.has_plan_prices
            and not step.book.has_volume_prices
            and (step.request.key is None) != (step.request.organization is None)
        )

    def owners(
        self, unit: UnitOfWork, steps: Mapping[int, Authorization]
    ) -> Callable[[], dict[int, int]]:
        """The organization of each step by its place, of those that name one."""
        names = {
            place: step.request.key or step.request.organization or ""
            for place, step in steps.items()
        }
        # What no name can be would be refused by the database, for the whole group.
        names = {
            place: name for place, name in names.items() if name.isascii() and "\0" not in name
        }
        answer = callers_named(unit, set(names.values()))

        def owners() -> dict[int, int]:
            found = {row.name: row for row in answer()}
            known: dict[int, int] = {}
            for place, name in names.items():
                row, step = found.get(name), steps[place]
                if row is not None and (row.api_key_id is None) == (step.request.key is None):
                    step.caller = Caller(row.organization_id, row.organization, row.api_key_id)
                    known[place] = row.organization_id
            return known

        return owners

    def run(
        self, unit: UnitOfWork, steps: Mapping[int, Authorization], owners: Mapping[int, int]
    ) -> Callable[[Draws], dict[int, Hold]]:
        """Asks what is free; the organizations are locked.

        What it returns places the plain ones and adds to the draws: their holds by place.
        """
        calls = _calls(unit, steps)
        asked_plain = _plain(unit, steps, owners, calls)
        paying = {owners[place] for place, call in calls.items() if call.estimate}
        asked_grants = free_grants(unit, sorted(paying)) if paying else list[FreeGrantRow]

        def place_them(draws: Draws) -> dict[int, Hold]:
            lots: dict[int, list[Lot]] = defaultdict(list)
            places = asked_plain()
            plain = {place: call for place, call in calls.items() if place in places}
            for grant in asked_grants():
                lots[grant.organization_id].append(_lot_of(grant, draws.freed_of(grant.id)))
            placed: dict[int, _Parts] = {}
            for place, call in plain.items():
                parts = _drawn(lots[owners[place]], steps[place], call)
                if parts is not None:
                    placed[place] = parts
            return _place(unit, steps, plain, placed, draws)

        return place_them


def _calls(unit: UnitOfWork, steps: Mapping[int, Authorization]) -> dict[int, QuotedCall]:
    """What each call may cost, by its place; of several with one id the first."""
    calls: dict[int, QuotedCall] = {}
    numbers: set[bytes] = set()
    for place, step in steps.items():
        request = step.request
        if step.number in numbers:
            continue
        try:
            path = (request.method, request.path)
            calls[place] = quoted(unit, step.book, step.caller, path, step.at, request.units)
        except CreditctlError:
            continue
        numbers.add(step.number)
    return calls


def _plain(
    unit: UnitOfWork,
    steps: Mapping[int, Authorization],
    owners: Mapping[int, int],
    calls: Iterable[int],
) -> Callable[[], set[int]]:
    """Asks which of the calls, by their places, are plain."""
    asked = [
        NewCall(place, owners[place], steps[place].number, micros_of(steps[place].at))
        for place in calls
    ]
    if not asked:
        return set
    settings = [step.context.settings for step in steps.values()]
    now = max(step.context.now for step in steps.values())
    answer = plain_calls(
        unit,
        asked,
        now=now,
        expired_before=now - min(one.usage_grace for one in settings),
        window=max(one.dedup_window for one in settings),
    )
    return lambda: {row.place for row in answer()}


def _drawn(lots: list[Lot], step: Authorization, call: QuotedCall) -> _Parts | None:
    """Grant and micro-credits in burn-down order, now drawn from the lots; None: too little."""
    if not call.estimate:
        return []
    charge = Charge(micros_of(step.at), b"", call.product_id, call.estimate.micro)
    draws = burn_down(lots, [], [charge])
    if any(draw.lot is None for draw in draws):
        for draw in draws:
            if draw.lot is not None:
                draw.lot.available += draw.credits_micro
        return None
    return [
        (draw.lot.grant_id, draw.credits_micro)
        for draw in draws
        if draw.lot is not None and draw.lot.grant_id is not None
    ]


def _lot_of(grant: FreeGrantRow, freed: int) -> Lot:
    return Lot(
        grant.id,
        grant.free_micro + freed,
        grant.effective_at,
        NEVER if grant.expires_at is None else grant.expires_at,
        product_id=grant.product_id,
        priority=grant.priority,
        paid=bool(grant.unit_cost),
    )


def _place(
    unit: UnitOfWork,
    steps: Mapping[int, Authorization],
    calls: Mapping[int, QuotedCall],
    placed: Mapping[int, _Parts],
    draws: Draws,
) -> dict[int, Hold]:
    if not placed:
        return {}
    group = _Placed()
    answers = {}
    for place, parts in placed.items():
        step, estimate = steps[place], sum(micro for _, micro in parts)
        public_id = new_public_id("hold", step.at)
        group.add(public_id, step, calls[place], estimate, parts)
        for grant_id, micro in parts:
            draws.add(grant_id, freed=-micro)
        answers[place] = step.placed(public_id, Credits(estimate))
    unit.later(write_holds, group)
    return answers


class _Placed:
    """The rows of a group's holds."""

    def __init__(self) -> None:
        self.holds: list[NewHold] = []
        self.parts: list[tuple[str, int, int, int]] = []

    def add(
        self, public_id: str, step: Authorization, call: QuotedCall, estimate: int, parts: _Parts
    ) -> None:
        """A hold, and what it reserves."""
        at = micros_of(step.at)
        self.holds.append(
            NewHold(
                public_id=public_id,
                organization_id=step.caller.organization_id,
                api_key_id=step.caller.api_key_id,
                price_id=call.price_id,
                event_hour=at // MICROS_PER_HOUR,
                event_id=step.number,
                id_text=step.words,
                authorized_at=at,
                expires_at=micros_of(step.expires_at),
                estimated_units=step.request.units,
                estimate_micro=estimate,
            )
        )
        for number, (grant_id, micro) in enumerate(parts):
            self.parts.append((public_id, number, grant_id, micro))


def write_holds(unit: UnitOfWork, groups: Iterable[_Placed]) -> None:
    """Place the holds: nothing that follows in the transaction waits for them."""
    for group in groups:
        insert_holds(unit, group.holds)
        insert_parts(unit, group.parts)
