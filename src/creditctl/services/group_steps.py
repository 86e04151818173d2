"""Steps of several threads within the transaction that they share (see `group_commit`)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from creditctl.errors import (
    Busy,
    CreditctlError,
    DatabaseMissing,
    DatabaseOutdated,
    DatabaseUnreadable,
    DiskFull,
)
from creditctl.services.outcomes import Outcome
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.orgs import (
    lock_organizations,
    lock_soon,
    lock_those_that_nobody_has,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

OF_THE_TRANSACTION = (Busy, DatabaseMissing, DatabaseOutdated, DatabaseUnreadable, DiskFull)
"""What is nobody's own refusal."""


class Step(Protocol[T_co]):
    """A change to one organization, which may share its transaction with others.

    It can be run again from the start when its transaction was taken back.
    """

    def owner(self, unit: UnitOfWork) -> int | None:
        """The internal id of the organization to be locked, if any; raises what refuses it."""

    def run(self, unit: UnitOfWork) -> T_co:
        """Make the change; the organization is locked."""


class Together(Protocol):
    """Makes many steps in a few statements.

    Those that it leaves out follow in the same transaction on SQLite; elsewhere each is run alone,
    by its own thread.
    """

    def takes(self, step: Any) -> bool:
        """Whether it may make the step; False costs nobody anything."""

    def owners(self, unit: UnitOfWork, steps: Any) -> dict[int, int]:
        """The organizations to be locked, by the steps' places."""

    def run(self, unit: UnitOfWork, steps: Any, owners: Mapping[int, int]) -> Mapping[int, Any]:
        """The answers of the steps that were made, by their places."""


def _closed() -> Any:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class Waiting(Generic[T]):
    """A step that is still to be made; without an outcome it is to be run alone."""

    step: Step[T]
    called: Any = field(default_factory=_closed)
    """A lock that opens once: an event is a lock, a condition and a list of further locks."""

    leads: bool = False
    owner: int | None = None
    """The organization, once a group has asked for it."""

    is_locked: bool = False
    """Whether a group has the lock of its organization."""

    outcome: Outcome[T] | None = None


def run_alone(
    database: str, step: Step[T], *, about_to_lock: Callable[[int | None], None] | None = None
) -> T:
    """The step in a transaction of its own, which ends if `about_to_lock` raises."""
    with unit_of_work(database) as unit:
        return run_in(unit, step, about_to_lock)


def run_in(
    unit: UnitOfWork, step: Step[T], about_to_lock: Callable[[int | None], None] | None = None
) -> T:
    """The step as the only one of a transaction."""
    owner = step.owner(unit)
    if about_to_lock is not None:
        about_to_lock(owner)
    # What the step asks first is answered once the lock is there.
    with unit.along():
        _lock(unit, [owner])
    return step.run(unit)


def _lock(unit: UnitOfWork, owners: Iterable[int | None]) -> None:
    if found := [owner for owner in owners if owner is not None]:
        lock_organizations(unit, found)


def in_turn(unit: UnitOfWork, group: Mapping[int, Waiting[Any]]) -> dict[int, Any]:
    """Run every step of the group, each with a savepoint; the answers of those not refused."""
    answers: dict[int, Any] = {}
    owners = {place: _owner(unit, one) for place, one in group.items()}
    _lock(unit, owners.values())
    for place, one in group.items():
        if one.outcome is not None:  # nobody's call
            continue
        try:
            with unit.savepoint():
                answers[place] = one.step.run(unit)
        except CreditctlError as problem:
            _refuse(one, problem)
    return answers


def at_once(
    unit: UnitOfWork,
    group: Sequence[Waiting[Any]],
    together: Together,
    *,
    but: Collection[int] = (),
    waits: bool = True,
) -> dict[int, Any]:
    """Answer what can be made in a few statements, of other organizations than those in `but`.

    Raises Busy where somebody has an organization for longer than a moment; unless it `waits`,
    those that somebody has are left out.
    """
    steps = [one.step for one in group]
    owners = together.owners(unit, steps)
    for place, owner in owners.items():
        group[place].owner = owner
    owners = {place: owner for place, owner in owners.items() if owner not in but}
    if not waits:
        locked = lock_those_that_nobody_has(unit, owners.values())
        owners = {place: owner for place, owner in owners.items() if owner in locked}
    if not owners:
        return {}
    with unit.in_one_trip():
        if waits:
            lock_soon(unit, owners.values())
        for place in owners:
            group[place].is_locked = True
        return dict(together.run(unit, steps, owners))


def _owner(unit: UnitOfWork, one: Waiting[Any]) -> int | None:
    try:
        return one.step.owner(unit)
    except CreditctlError as problem:
        _refuse(one, problem)
        return None


def _refuse(one: Waiting[Any], problem: CreditctlError) -> None:
    if isinstance(problem, OF_THE_TRANSACTION):
        raise problem
    one.outcome = Outcome(problem=problem)
