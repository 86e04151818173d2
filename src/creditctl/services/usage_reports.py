"""Usage reports: what was used, by whom and on what; from rollups, never from raw events."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.charts import bar, merged, sparkline
from creditctl.rules.instants import (
    HOURS_PER_DAY,
    MICROS_PER_HOUR,
    day_of,
    instant_of,
    instant_text,
    micros_of,
    start_of_day,
)
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits, rounded_half_up
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_reports import (
    BY_DAY,
    BY_HOUR,
    Source,
    Span,
    UsageRow,
    source_of,
    trend_by,
    usage_by,
)

GROUPED_BY = tuple(sorted({*BY_DAY, *BY_HOUR}))
_TIMES = {"day": HOURS_PER_DAY, "hour": 1}
"""Groupings by time, each with its hours."""

MOST_TRENDS = 50
"""Groups up to which each gets a trend: beyond that nobody looks at them one by one."""

_BAR_WIDTH, _TREND_WIDTH = 6, 16
MOST_HOURS = 31 * HOURS_PER_DAY
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """One line of a usage report; `share` is percent of the credits, one decimal place."""

    group: str
    requests: int
    billed: int
    failed: int
    units: int
    credits: Credits
    share: Decimal
    trend: tuple[Credits, ...] = ()
    """Credits of each day, or of each hour of at most two days; only of few groups."""

    @property
    def bar(self) -> str:
        """The share as a picture."""
        return bar(int(self.share * 10), 1000, _BAR_WIDTH)

    @property
    def sparkline(self) -> str:
        """The trend as a picture."""
        return sparkline(merged([credits.micro for credits in self.trend], _TREND_WIDTH))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage of a period, whole hours; requests = billed + failed + free ones."""

    organization: str | None
    starts_at: datetime
    ends_at: datetime
    grouped_by: str
    requests: int
    billed: int
    failed: int
    credits: Credits
    groups: tuple[UsageGroup, ...]


def report_usage(
    context: Context, period: Period, *, grouped_by: str, organization: str | None = None
) -> UsageReport:
    """Usage of an organization, or of all; raises OrganizationNotFound, InvalidInput.

    To the hour where a rollup by hours can tell; statuses and tiers are told of whole days.
    """
    if grouped_by not in GROUPED_BY:
        raise InvalidInput(
            f"usage cannot be grouped by {grouped_by!r}", hint=f"one of {', '.join(GROUPED_BY)}"
        )
    if period.ends_at <= period.starts_at:
        raise InvalidInput("the report would end before it begins", hint="check both times")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization) if organization else None
        span = _span(period, context.now, owner.id if owner else None)
        source = _source(grouped_by, span)
        rows = usage_by(unit, source, span)
        total = sum((row.credits for row in rows), NO_CREDITS)
        if grouped_by in _TIMES:
            groups = _in_time(rows, _TIMES[grouped_by], span, context.now, total)
        else:
            groups = _with_trends(unit, source, span, [_group(row, total) for row in rows])
    return UsageReport(
        organization=owner.slug if owner else None,
        starts_at=instant_of(span.first_hour * MICROS_PER_HOUR),
        # A day that is not over is told up to now.
        ends_at=max(period.ends_at, min(context.now, _end_of(span))),
        grouped_by=grouped_by,
        requests=sum(row.requests for row in rows),
        billed=sum(row.billed for row in rows),
        failed=sum(row.failed for row in rows),
        credits=total,
        groups=tuple(groups),
    )


def _span(period: Period, now: datetime, organization_id: int | None) -> Span:
    ends_at = period.ends_at
    if ends_at >= now:
        # Nothing happens later than now: the day counts as a whole one.
        ends_at = start_of_day(ends_at - timedelta(microseconds=1)) + _DAY
    first = micros_of(period.starts_at) // MICROS_PER_HOUR
    return Span(first, -(-micros_of(ends_at) // MICROS_PER_HOUR), organization_id)


def _end_of(span: Span) -> datetime:
    return instant_of(span.end_hour * MICROS_PER_HOUR)


def _source(grouped_by: str, span: Span) -> Source:
    source = source_of(grouped_by, span)
    if source is None:
        raise InvalidInput(
            f"usage by {grouped_by} is kept by whole UTC days", hint="let both times be midnight"
        )
    if grouped_by == "hour" and span.end_hour - span.first_hour > MOST_HOURS:
        raise InvalidInput("hours of more than 31 days", hint="take a shorter period, or --by day")
    return source


def _in_time(
    rows: list[UsageRow], hours: int, span: Span, now: datetime, total: Credits
) -> list[UsageGroup]:
    """Every day or hour of the span up to now in its order, empty ones too."""
    known = {int(row.group): row for row in rows}
    end_hour = min(span.end_hour, micros_of(now) // MICROS_PER_HOUR + 1)
    places = range(span.first_hour // hours, -(-end_hour // hours))
    latest = max([*known, *places], default=-1)
    groups = []
    for place in range(places.start, latest + 1):
        row = known.get(place, UsageRow("", 0, 0, 0, 0, NO_CREDITS))
        name = day_of(place).isoformat() if hours == HOURS_PER_DAY else _hour_text(place)
        groups.append(replace(_group(row, total), group=name))
    return groups


def _hour_text(hour: int) -> str:
    return instant_text(instant_of(hour * MICROS_PER_HOUR))


def _with_trends(
    unit: UnitOfWork, source: Source, span: Span, groups: list[UsageGroup]
) -> list[UsageGroup]:
    length = span.end_hour - span.first_hour
    hours = 1 if length <= 2 * HOURS_PER_DAY else HOURS_PER_DAY
    if len(groups) > MOST_TRENDS or (source.time == "day" and hours == 1):
        return groups
    trends = {group.group: [0] * -(-length // hours) for group in groups}
    for name, place, credits in trend_by(unit, source, span, hours):
        trends[name][place] += credits
    return [replace(group, trend=tuple(map(Credits, trends[group.group]))) for group in groups]


def _group(row: UsageRow, total: Credits) -> UsageGroup:
    return UsageGroup(
        row.group, row.requests, row.billed, row.failed, row.units, row.credits, _share(row, total)
    )


def _share(row: UsageRow, total: Credits) -> Decimal:
    if not total:
        return Decimal("0.0")
    tenths = rounded_half_up(Decimal(row.credits.micro) * 1000 / total.micro)
    return Decimal(tenths).scaleb(-1)
