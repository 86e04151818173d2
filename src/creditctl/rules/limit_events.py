"""Which event tells that a line was crossed, or why an organization is blocked (DESIGN 3.6)."""

from collections.abc import Mapping
from types import MappingProxyType

from creditctl.rules.budgets import Kind, Line, Measure
from creditctl.rules.enforcement import Reason
from creditctl.rules.events import KINDS

_WHOLE = 100
_NAMES = {
    Measure.USAGE: "threshold.crossed",
    Measure.BALANCE: "credits.low",
    Measure.DAYS_LEFT: "credits.low",
    Measure.EXPIRING: "credits.expiring",
}

BLOCKS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.CLOSED: "organization.blocked",
        Reason.SUSPENDED: "organization.blocked",
        Reason.OVERAGE: "overage.opened",
        Reason.CREDITS_EXHAUSTED: "credits.exhausted",
    }
)
"""Reasons that no line is behind; a budget's block is told as its line is crossed."""

RECOVERIES: Mapping[str, str] = MappingProxyType(
    {kind.ends: name for name, kind in KINDS.items() if kind.ends is not None}
)
"""What ends a trouble -> by the event that began it."""


def event_of(line: Line) -> str:
    """The event that tells of a crossing of the line."""
    if line.kind is Kind.HARD:
        return "budget.exceeded"
    if line.measure in (Measure.ALLOWANCE, Measure.QUOTA):
        used_up = line.threshold.percent is not None and line.threshold.percent >= _WHOLE
        return "quota.exhausted" if used_up else "quota.warning"
    return _NAMES[line.measure]
