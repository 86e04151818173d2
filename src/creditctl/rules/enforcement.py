"""Whether an organization may call the API, and why not (DESIGN 3.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from creditctl.rules.budgets import Kind, Reading
from creditctl.rules.instants import micros_of
from creditctl.rules.units import NO_CREDITS, Credits


class State(StrEnum):
    """What `limits check` can decide, the worst first."""

    BLOCKED = "blocked"
    NOTIFIED = "notified"
    OK = "ok"


class Reason(StrEnum):
    """Why it decided so."""

    NONE = ""
    CLOSED = "closed"
    SUSPENDED = "suspended"
    OVERAGE = "overage"
    CREDITS_EXHAUSTED = "credits_exhausted"
    BUDGET = "budget"
    PART_BUDGET = "part_budget"
    """A product or a key is beyond a budget of its own: that alone is blocked."""

    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organization has and owes at one instant, and how its budgets stand."""

    status: str
    available: Credits
    open_overage: Credits
    """Usage beyond every grant that a paid grant has to repay; postpaid usage is not in it."""

    postpaid_left: Credits = NO_CREDITS
    unlimited: bool = False
    readings: tuple[Reading, ...] = ()

    @property
    def is_exhausted(self) -> bool:
        """Neither credits nor a postpaid limit is left to pay the next call."""
        return not (self.unlimited or self.available or self.postpaid_left)

    @property
    def crossed(self) -> tuple[Reading, ...]:
        """The lines that are crossed."""
        return tuple(reading for reading in self.readings if reading.is_crossed)


@dataclass(frozen=True, slots=True)
class Decision:
    """A state, why, and until when if that is known."""

    state: State = State.OK
    reason: Reason = Reason.NONE
    usage: Credits | None = None
    limit: Credits | None = None
    until: datetime | None = None

    def at(self, now: datetime) -> "Decision":
        """What of this decision still holds at `now`: one with an `until` ends by itself."""
        return Decision() if self.until is not None and self.until <= now else self

    def differs_from(self, earlier: "Decision") -> bool:
        """Whether this is news: more usage in the same state is not."""
        return not self.continues(earlier) or self.limit != earlier.limit

    def continues(self, earlier: "Decision") -> bool:
        """Whether the organization has been in this state since `earlier`."""
        return (self.state, self.reason, self.until) == (
            earlier.state,
            earlier.reason,
            earlier.until,
        )


_STATUSES = {"closed": Reason.CLOSED, "suspended": Reason.SUSPENDED}


def decide(standing: Standing) -> Decision:
    """The state now; of several reasons, the one that lasts longest is told."""
    if standing.status in _STATUSES:
        return Decision(State.BLOCKED, _STATUSES[standing.status])
    if standing.open_overage:
        return Decision(State.BLOCKED, Reason.OVERAGE, usage=standing.open_overage)
    if standing.is_exhausted:
        return Decision(State.BLOCKED, Reason.CREDITS_EXHAUSTED)
    crossed = standing.crossed
    blocking = [reading for reading in crossed if reading.line.blocks_everything]
    if blocking:
        return _because_of(blocking, State.BLOCKED, Reason.BUDGET)
    partly = [reading for reading in crossed if reading.line.kind is Kind.HARD]
    if partly:
        return _because_of(partly, State.NOTIFIED, Reason.PART_BUDGET)
    if crossed:
        return _because_of(crossed, State.NOTIFIED, Reason.THRESHOLD)
    return Decision()


def _because_of(readings: Iterable[Reading], state: State, reason: Reason) -> Decision:
    """Of lines whose windows end together the highest is told, which was crossed last."""
    told = max(readings, key=lambda reading: (_ends(reading), reading.limit, reading.line.id))
    until = None if told.window is None else told.window.ends_at
    return Decision(state, reason, told.usage, told.limit, until)


def _ends(reading: Reading) -> tuple[bool, int]:
    """What has no end lasts longest."""
    if reading.window is None:
        return True, 0
    return False, micros_of(reading.window.ends_at)
