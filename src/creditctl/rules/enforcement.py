"""Whether an organization may call the API, and why not (DESIGN 3.6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from creditctl.rules.instants import start_of_day
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
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class Counted:
    """Credits counted today against a limit."""

    usage: Credits
    limit: Credits

    @property
    def is_exceeded(self) -> bool:
        """A limit may be reached; only beyond it something happens."""
        return self.usage > self.limit


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organization has and owes at one instant."""

    status: str
    available: Credits
    open_overage: Credits
    """Usage beyond every grant that a paid grant has to repay; postpaid usage is not in it."""

    postpaid_left: Credits = NO_CREDITS
    unlimited: bool = False
    budget: Counted | None = None
    threshold: Counted | None = None

    @property
    def is_exhausted(self) -> bool:
        """Neither credits nor a postpaid limit is left to pay the next call."""
        return not (self.unlimited or self.available or self.postpaid_left)


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


def decide(standing: Standing, now: datetime) -> Decision:
    """The state at `now`; of several reasons, the one that lasts longest is told."""
    if standing.status in _STATUSES:
        return Decision(State.BLOCKED, _STATUSES[standing.status])
    if standing.open_overage:
        return Decision(State.BLOCKED, Reason.OVERAGE, usage=standing.open_overage)
    if standing.is_exhausted:
        return Decision(State.BLOCKED, Reason.CREDITS_EXHAUSTED)
    if standing.budget and standing.budget.is_exceeded:
        return _until_midnight(State.BLOCKED, Reason.BUDGET, standing.budget, now)
    if standing.threshold and standing.threshold.is_exceeded:
        return _until_midnight(State.NOTIFIED, Reason.THRESHOLD, standing.threshold, now)
    return Decision()


def _until_midnight(state: State, reason: Reason, counted: Counted, now: datetime) -> Decision:
    midnight = start_of_day(now) + timedelta(days=1)
    return Decision(state, reason, counted.usage, counted.limit, midnight)
