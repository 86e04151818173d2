"""What `limits check` tells: lines that were crossed and recovered, blocks that began and ended."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.budgets import IN_DAYS, Measure, Reading
from creditctl.rules.enforcement import Decision, Reason
from creditctl.rules.events import Event, Subject
from creditctl.rules.instants import instant_text
from creditctl.rules.limit_events import BLOCKS, RECOVERIES, event_of
from creditctl.rules.units import Credits
from creditctl.services.outbox import enqueue, subject_of
from creditctl.services.standings import Assessment
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.budgets import budget_names
from creditctl.store.queries.crossings import CrossingRow
from creditctl.store.queries.destinations import has_destinations
from creditctl.store.queries.enforcement import decision_history

_TROUBLES = 50
"""States that are looked back upon, when a block ends, for what began it."""


class Teller:
    """Enqueues an organization's events in the transaction of its check; figures are of now."""

    def __init__(self, unit: UnitOfWork, context: Context, found: Assessment) -> None:
        self._unit = unit
        self._context = context
        self._found = found
        self._subject: Subject | None = None

    def crossed(self, readings: Iterable[Reading]) -> int:
        """Tell of new crossings; returns how many notifications were written."""
        return sum(self._tell_reading(event_of(one.line), one) for one in readings)

    def missed(self, readings: Iterable[Reading]) -> int:
        """Tell of crossings that were over before a check could see them, and that they are."""
        written = 0
        for one in readings:
            written += self._tell_reading(event_of(one.line), one)
            written += self._tell_reading(RECOVERIES[event_of(one.line)], one)
        return written

    def _tell_reading(self, name: str, one: Reading) -> int:
        return self._tell(
            name,
            rule=one.line.id,
            since=one.window.starts_at if one.window else self._context.now,
            revision=one.line.revision,
            usage=one.usage,
            limit=one.limit,
            measure=one.line.measure,
            starts_at=one.window.starts_at if one.window else None,
            resets_at=one.window.ends_at if one.window else None,
        )

    def recovered(self, rows: Iterable[CrossingRow]) -> int:
        """Tell of crossings that are over, with how their lines stand now."""
        now = {one.line.id: one for one in self._found.standing.readings}
        written = 0
        for row in rows:
            if (name := RECOVERIES.get(row.event)) is None:
                continue
            current = now.get(row.line)
            written += self._tell(
                name,
                rule=row.line,
                since=row.window_starts_at,
                revision=row.revision,
                usage=current.usage if current else None,
                limit=current.limit if current else row.limit,
                measure=Measure(row.measure),
                starts_at=row.window_starts_at if row.window_ends_at else None,
                resets_at=row.window_ends_at,
            )
        return written

    def changed(self, before: Reason, decision: Decision) -> int:
        """Tell of a block that no line is behind, or that such blocks are over."""
        if decision.reason in BLOCKS:
            return self._tell(
                BLOCKS[decision.reason],
                rule=decision.reason.value,
                since=self._context.now,
                usage=decision.usage,
            )
        if before not in BLOCKS:
            return 0
        return sum(
            self._tell(RECOVERIES[BLOCKS[reason]], rule=reason.value, since=since)
            for since, reason in self._troubles().items()
        )

    def _troubles(self) -> Mapping[datetime, Reason]:
        """When each of the blocks began that end now: one may have led to the next."""
        found: dict[datetime, Reason] = {}
        for row in decision_history(self._unit, self._found.organization_id, _TROUBLES):
            if row.reason in BLOCKS:
                found[row.changed_at] = row.reason
            elif found:
                break
        return found

    def _tell(
        self,
        name: str,
        *,
        rule: str,
        since: datetime,
        revision: int = 1,
        usage: Credits | None = None,
        limit: Credits | None = None,
        measure: Measure = Measure.USAGE,
        starts_at: datetime | None = None,
        resets_at: datetime | None = None,
    ) -> int:
        organization_id = self._found.organization_id
        if not has_destinations(self._unit, organization_id):
            return 0
        self._subject = self._subject or subject_of(self._unit, organization_id)
        event = Event(
            name=name,
            organization=self._subject,
            rule=rule,
            window=instant_text(since),
            revision=revision,
            occurred_at=self._context.now,
            limit=limit,
            usage=usage,
            balance=self._found.standing.available,
            unit=_unit_of(measure),
            window_starts_at=starts_at,
            resets_at=resets_at,
            note=budget_names(self._unit, rule),
        )
        return enqueue(self._unit, self._context, organization_id, event)


def _unit_of(measure: Measure) -> str:
    if measure in IN_DAYS:
        return "days"
    return "requests" if measure is Measure.QUOTA else "credits"
