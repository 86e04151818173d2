"""What a check of limits finds and does."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.crossings import CrossingChanges
from creditctl.rules.units import Credits


@dataclass(frozen=True, slots=True)
class LimitChange:
    """An organization whose state changed; `usage` and `limit` are credits of the window."""

    organization: str
    previous: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime
    until: datetime | None
    is_new_block: bool
    slipped: Credits | None
    """Credits that were used beyond what blocks, before the block (DESIGN 3.3: overshoot)."""

    crossed_after: datetime | None = None
    """Of a new block: the check before, which still let calls through. It was crossed after it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of one organization wrote."""

    change: LimitChange | None
    crossings: CrossingChanges
    told: int
    """Notifications that were written."""


@dataclass(frozen=True, slots=True)
class LimitsWork:
    """What was due and what was news; nothing, unless somebody says otherwise."""

    looked_at: int = 0
    checked: tuple[Checked, ...] = ()
    allowances_granted: int = 0
    instalments_booked: int = 0
    expiries_booked: int = 0
    holds_expired: int = 0
    repayments_booked: int = 0
