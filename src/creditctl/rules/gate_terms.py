"""What the gate decides on and what it answers: a caller, a request, a decision (DESIGN 3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from creditctl.rules import enforcement
from creditctl.rules.catalog import GATE_WHEN_DOWN
from creditctl.rules.gate_headers import headers_of
from creditctl.rules.periods import Period
from creditctl.rules.rate_limits import Channel
from creditctl.rules.units import NO_CREDITS, Credits

HISTORY = "history_days"
"""The capability that is a window: how far back a key may look [FL]."""


class GateReason(StrEnum):
    """Why it was decided so; scripts read these."""

    OK = "ok"
    KEY_UNKNOWN = "key_unknown"
    KEY_REVOKED = "key_revoked"
    KEY_EXPIRED = "key_expired"
    ORGANIZATION_SUSPENDED = "organization_suspended"
    ORGANIZATION_CLOSED = "organization_closed"
    ENDPOINT_UNKNOWN = "endpoint_unknown"
    TIER_NOT_IN_PLAN = "tier_not_in_plan"
    CHANNEL_NOT_IN_PLAN = "channel_not_in_plan"
    CAPABILITY_NOT_IN_PLAN = "capability_not_in_plan"
    BUDGET = "budget"
    PART_BUDGET = "part_budget"
    """Of the key or of the product alone."""

    OVERAGE = "overage"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    QUOTA = "quota"
    HOURLY = "hourly"
    BURST = "burst"
    CONNECTIONS = "connections"
    CONNECTION_OVER = "connection_over"
    """No heartbeat came in time, it was closed, or there never was one of that name."""

    CONNECTION_TAKEN_OVER = "connection_taken_over"
    WEBHOOKS = "webhooks"
    COUNTERS_DOWN = "counters_down"


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What the plan of a key says about its requests; without a plan, nothing is limited."""

    period: Period
    """Counters of the period begin with it."""

    name: str | None = None
    tiers: tuple[str, ...] = ()
    """That may be called; empty: all."""

    limits: Mapping[str, int] = field(default_factory=dict)
    capabilities: Mapping[str, bool | int | str] = field(default_factory=dict)
    when_down: str = GATE_WHEN_DOWN


@dataclass(frozen=True, slots=True)
class PartBudget:
    """A hard budget of one product or one key that is exceeded."""

    part: str
    """`product` or `key`."""

    limit: Credits
    until: datetime | None
    """The end of its window."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key it is, and what the organization has and owes now."""

    key: str
    organization: str
    plan: PlanTerms
    status: str = "active"
    available: Credits = NO_CREDITS
    """Of grants that may pay the product, less what is held for other requests."""

    overdue: int = 0
    """Parts of holds whose time is over: available, though nobody freed them yet."""

    open_overage: Credits = NO_CREDITS
    postpaid_left: Credits = NO_CREDITS
    unlimited: bool = False
    decided: enforcement.Decision = field(default_factory=enforcement.Decision)
    """By the last `limits check`, as far as it still holds."""

    part_budget: PartBudget | None = None
    """The one that is exceeded for the longest."""

    imported: int = 0
    """Requests of the period that usage knows of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request wants; `endpoint` None where the catalog has none for it."""

    channel: Channel
    endpoint: str | None = None
    tier: str | None = None
    price: Credits = NO_CREDITS
    """The most it can cost, or an estimate."""

    capabilities: tuple[str, ...] = ()
    """Asked for by name."""

    since: datetime | None = None
    """From when on it wants data; None: as far back as there is any."""

    webhooks: int = 0
    """How many the organization has."""

    names_path: bool = False
    """Whether it has one; what is no REST request need not, and then costs nothing."""


@dataclass(frozen=True, slots=True)
class WindowStanding:
    """A limit of the key, with the request in it if it was counted."""

    name: str
    limit: int | None
    used: int
    remaining: int | None
    seconds: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The answer: an HTTP status, why, and what a gateway does with the request."""

    status: int
    reason: GateReason
    detail: str
    at: datetime
    key: str | None = None
    organization: str | None = None
    plan: str | None = None
    endpoint: str | None = None
    price: Credits | None = None
    available: Credits | None = None
    retry_after: int | None = None
    """Seconds."""

    limit: int | None = None
    """Of the window that refused, else of the one that is nearest to its limit."""

    remaining: int | None = None
    resets_at: datetime | None = None
    omit: tuple[str, ...] = ()
    """Capabilities whose fields are stripped from what is sent."""

    clamp_from: datetime | None = None
    """Before it the plan has no data: such a range is empty, which is no error [FL]."""

    paused_until: datetime | None = None
    """Webhook deliveries go on then [FL]."""

    evicted: str | None = None
    """The connection that gave way and has to be closed."""

    windows: tuple[WindowStanding, ...] = ()
    headers: dict[str, str] = field(init=False)
    """What the client is told of it."""

    def __post_init__(self) -> None:
        """They follow from the rest, for a decision that was changed too."""
        object.__setattr__(self, "headers", headers_of(self))
