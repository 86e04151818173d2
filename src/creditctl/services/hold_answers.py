"""What is asked of holds, and what is answered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from creditctl.errors import Conflict, ExitStatus
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.queries.holds import OPEN, HoldRow


class InsufficientCredits(Conflict):
    """The credits do not suffice."""

    code: ClassVar[str] = "insufficient_credits"
    exit_status: ClassVar[ExitStatus] = ExitStatus.INSUFFICIENT
    hint: ClassVar[str] = "buy credits: 'creditctl purchases create'"

    def __init__(self, required: Credits, available: Credits) -> None:
        super().__init__(f"Required: {required} credits, Available: {available} credits")
        self.required = required
        self.available = available


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """A call that is about to be served; `organization` or `key` (public id or prefix) names whose.

    `request_id` identifies it ever after, so it is the gate's own, or unique by other means: the
    same id within the duplicate window is the same call. `units` is an estimate, None: the price's
    maximum. `at` None: now.
    """

    request_id: str
    method: str
    path: str
    organization: str | None = None
    key: str | None = None
    units: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold; `credits` is what it was captured at, None before."""

    id: str
    organization: str
    state: str
    held: Credits
    """What it reserves now."""

    estimate: Credits
    authorized_at: datetime
    expires_at: datetime
    credits: Credits | None
    is_new: bool = field(default=False, compare=False)
    """Placed by this very request, not by the same one before."""


def shown(row: HoldRow) -> Hold:
    """The hold as callers see it."""
    return ended(row, row.state, row.captured)


def ended(row: HoldRow, state: str, captured: Credits | None = None) -> Hold:
    """The hold as callers see it in that state."""
    return Hold(
        id=row.public_id,
        organization=row.organization,
        state=state,
        held=row.estimate if state == OPEN else NO_CREDITS,
        estimate=row.estimate,
        authorized_at=row.authorized_at,
        expires_at=row.expires_at,
        credits=captured,
    )
