"""Steps of every kind that are made at once: those that end holds first, for they free credits."""

from collections.abc import Mapping, Sequence
from typing import Any

from creditctl.services.ending_groups import TogetherEnded, write_endings
from creditctl.services.hold_answers import Hold
from creditctl.services.hold_draws import Draws, write_draws
from creditctl.services.hold_groups import TogetherHeld, write_holds
from creditctl.store.engine import UnitOfWork
from creditctl.store.planning import look_up_by_key
from creditctl.store.queries.calls import add_to_rollups


class PlainSteps:
    """Makes the plain ones of a group in a few statements of each kind."""

    def __init__(self) -> None:
        self._kinds = (TogetherEnded(), TogetherHeld())

    def takes(self, step: Any) -> bool:
        """Whether it may be one of them."""
        return any(kind.takes(step) for kind in self._kinds)

    def owners(self, unit: UnitOfWork, steps: Sequence[Any]) -> dict[int, int]:
        """The organizations to be locked, by the steps' places."""
        with unit.in_one_trip():
            look_up_by_key(unit)
            answers = [
                kind.owners(unit, some) for kind in self._kinds if (some := _taken(kind, steps))
            ]
            return {place: owner for answer in answers for place, owner in answer().items()}

    def run(
        self, unit: UnitOfWork, steps: Sequence[Any], owners: Mapping[int, int]
    ) -> dict[int, Hold]:
        """The answers of the plain ones by place."""
        asked = [
            kind.run(unit, some, owners)
            for kind in self._kinds
            if (some := {p: step for p, step in _taken(kind, steps).items() if p in owners})
        ]
        # All is asked before an answer is read; what was freed can be held again.
        draws, answers = Draws(), dict[int, Hold]()
        for make in asked:
            answers |= make(draws)
        unit.later(write_draws, draws)
        if unit.dialect == "sqlite":
            # Those that are not plain come next in the same transaction.
            for write in (write_draws, write_endings, write_holds):
                unit.now(write)
        unit.last(add_to_rollups)
        return answers


def _taken(kind: Any, steps: Sequence[Any]) -> dict[int, Any]:
    return {place: step for place, step in enumerate(steps) if kind.takes(step)}
