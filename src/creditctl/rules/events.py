"""What may be told to people and programs: every event, how grave it is, and what undoes it.

Levels and actions are DESIGN 3.6's: hard limits refuse calls, notify limits do not; the action and
the severity are those of PagerDuty's Events API v2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from creditctl.errors import InvalidInput
from creditctl.rules.units import Credits, Money


class Level(StrEnum):
    """What an event means for calls: they are refused, they may soon be, or nothing."""

    HARD = "hard"
    NOTIFY = "notify"
    INFO = "info"


class Action(StrEnum):
    """Whether an event begins a trouble, ends it, or needs no end."""

    TRIGGER = "trigger"
    RESOLVE = "resolve"
    INFORM = "inform"


class Severity(StrEnum):
    """How bad it is, in PagerDuty's words."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the catalogue."""

    level: Level
    action: Action
    severity: Severity
    title: str
    ends: str | None = None
    """The event whose trouble is over; whoever is told of that one is told of this one too."""


def _trigger(level: Level, severity: Severity, title: str) -> Kind:
    return Kind(level, Action.TRIGGER, severity, title)


def _resolve(level: Level, ends: str, title: str) -> Kind:
    return Kind(level, Action.RESOLVE, Severity.INFO, title, ends)


def _inform(level: Level, severity: Severity, title: str) -> Kind:
    return Kind(level, Action.INFORM, severity, title)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "budget.exceeded": _trigger(Level.HARD, Severity.CRITICAL, "budget exceeded"),
        "budget.recovered": _resolve(Level.HARD, "budget.exceeded", "within its budget again"),
        "threshold.crossed": _trigger(Level.NOTIFY, Severity.WARNING, "threshold crossed"),
        "threshold.recovered": _resolve(
            Level.NOTIFY, "threshold.crossed", "below its threshold again"
        ),
        "organization.blocked": _trigger(Level.HARD, Severity.CRITICAL, "calls are refused"),
        "organization.unblocked": _resolve(
            Level.HARD, "organization.blocked", "calls are accepted again"
        ),
        "credits.low": _trigger(Level.NOTIFY, Severity.WARNING, "credits are running low"),
        "credits.low.recovered": _resolve(Level.NOTIFY, "credits.low", "enough credits again"),
        "credits.expiring": _inform(Level.NOTIFY, Severity.WARNING, "credits expire soon"),
        "credits.exhausted": _trigger(Level.HARD, Severity.CRITICAL, "no credits left"),
        "credits.restored": _resolve(Level.HARD, "credits.exhausted", "credits available again"),
        "overage.opened": _trigger(Level.HARD, Severity.ERROR, "usage that no credits covered"),
        "overage.settled": _resolve(Level.HARD, "overage.opened", "overage settled"),
        "recharge.succeeded": _inform(Level.INFO, Severity.INFO, "credits bought back"),
        "recharge.failed": _inform(Level.NOTIFY, Severity.ERROR, "auto-recharge failed"),
        "recharge.capped": _inform(
            Level.NOTIFY, Severity.WARNING, "auto-recharge reached its monthly cap"
        ),
        "recharge.disabled": _inform(Level.NOTIFY, Severity.ERROR, "auto-recharge disabled"),
        "quota.warning": _inform(Level.NOTIFY, Severity.WARNING, "quota nearly used up"),
        "quota.exhausted": _trigger(Level.HARD, Severity.ERROR, "quota used up"),
        "quota.reset": _resolve(Level.HARD, "quota.exhausted", "quota available again"),
        "invoice.finalized": _inform(Level.INFO, Severity.INFO, "invoice finalized"),
        "invoice.sent": _inform(Level.INFO, Severity.INFO, "invoice sent"),
        "invoice.paid": _inform(Level.INFO, Severity.INFO, "invoice paid"),
        "invoice.overdue": _inform(Level.NOTIFY, Severity.WARNING, "invoice overdue"),
        "destination.test": _inform(Level.INFO, Severity.INFO, "test of a destination"),
    }
)
"""Every event by name."""

Figure: TypeAlias = Credits | Money | int
"""An exact amount; its text is a plain decimal."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The organization that an event is about, as receivers know it."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with the figures of that moment.

    `limit` and `usage` are counted in `unit`, `balance` is in credits. `rule` names what was
    crossed, `window` the time that it counts in (`2026-11-01`), `revision` how often it changed.
    """

    name: str
    organization: Subject | None
    rule: str
    window: str
    revision: int
    occurred_at: datetime
    limit: Figure | None = None
    usage: Figure | None = None
    balance: Credits | None = None
    unit: str = "credits"
    window_starts_at: datetime | None = None
    resets_at: datetime | None = None
    note: str = ""

    @property
    def kind(self) -> Kind:
        """Its line of the catalogue."""
        return KINDS[self.name]

    @property
    def dedup_key(self) -> str:
        """The same for a trigger and its recovery, another one for each crossing."""
        owner = self.organization.id if self.organization else "everybody"
        return f"{owner}:{self.rule}:{self.window}:{self.revision}"

    @property
    def summary(self) -> str:
        """One plain line with the exact figures."""
        about = f"{self.organization.slug}: " if self.organization else ""
        facts = [f"{name.lower()} {text}" for name, text in self.figures]
        text = "; ".join([self.kind.title, *facts, *([self.note] if self.note else [])])
        return " ".join(f"{about}{text}".split())

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What is known, each with its name, as people read it."""
        known = [
            ("Usage", self.usage, self.unit),
            ("Limit", self.limit, self.unit),
            ("Balance", self.balance, "credits"),
        ]
        found = [(name, f"{figure} {unit}") for name, figure, unit in known if figure is not None]
        times = [("Since", self.window_starts_at), ("Resets", self.resets_at)]
        return found + [(name, f"{at:%Y-%m-%d %H:%M} UTC") for name, at in times if at is not None]


def patterns_for(name: str) -> frozenset[str]:
    """Everything that a destination can ask for which brings it this event."""
    kind = KINDS[name]
    found = {"*", kind.level.value} | _named(name)
    return frozenset(found | (_named(kind.ends) if kind.ends else set()))


def checked_pattern(text: str) -> str:
    """A level, an event, or a family of events such as `budget.*`; else raises InvalidInput."""
    pattern = text.strip().lower()
    if any(pattern in patterns_for(name) for name in KINDS):
        return pattern
    families = sorted({f"{name.partition('.')[0]}.*" for name in KINDS})
    raise InvalidInput(
        f"no event is called {text!r}",
        hint=f"write hard, notify, info, *, {', '.join(families)}, or an event such as credits.low",
    )


def _named(name: str) -> set[str]:
    parts = name.split(".")
    return {name} | {".".join(parts[:i]) + ".*" for i in range(1, len(parts))}
