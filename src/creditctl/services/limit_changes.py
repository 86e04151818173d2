"""What a check of limits says of an organization whose state changed."""

from dataclasses import dataclass
from datetime import datetime

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
