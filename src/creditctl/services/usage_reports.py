"""Usage reports: what was used, by whom and on what; from rollups, never from raw events."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.periods import Period
from creditctl.rules.units import NO_CREDITS, Credits, rounded_half_up
from creditctl.store.engine import reading
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_reports import (
    GROUPINGS,
    UsageDayRow,
    UsageRow,
    usage_by,
    usage_by_day,
)

BY_DAY = "day"
GROUPED_BY = (*GROUPINGS, BY_DAY)


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


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage of a period; requests = billed + failed + free ones."""

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
    """Usage of an organization, or of all; raises OrganizationNotFound, InvalidInput."""
    if grouped_by not in GROUPED_BY:
        raise InvalidInput(
            f"usage cannot be grouped by {grouped_by!r}", hint=f"one of {', '.join(GROUPED_BY)}"
        )
    if period.ends_at <= period.starts_at:
        raise InvalidInput("the report would end before it begins", hint="check both times")
    with reading(context.database) as unit:
        owner = find_organization(unit, organization) if organization else None
        owner_id = owner.id if owner else None
        bounds = (period.starts_at, period.ends_at)
        rows: list[UsageRow] | list[UsageDayRow]
        if grouped_by == BY_DAY:
            rows = usage_by_day(unit, *bounds, owner_id)
        else:
            rows = usage_by(unit, grouped_by, *bounds, owner_id)
    total = sum((row.credits for row in rows), NO_CREDITS)
    return UsageReport(
        organization=owner.slug if owner else None,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        grouped_by=grouped_by,
        requests=sum(row.requests for row in rows),
        billed=sum(row.billed for row in rows),
        failed=sum(row.failed for row in rows),
        credits=total,
        groups=tuple(_group(row, total) for row in rows),
    )


def _group(row: UsageRow | UsageDayRow, total: Credits) -> UsageGroup:
    name = row.group if isinstance(row, UsageRow) else row.day.isoformat()
    return UsageGroup(
        name, row.requests, row.billed, row.failed, row.units, row.credits, _share(row, total)
    )


def _share(row: UsageRow | UsageDayRow, total: Credits) -> Decimal:
    if not total:
        return Decimal("0.0")
    tenths = rounded_half_up(Decimal(row.credits.micro) * 1000 / total.micro)
    return Decimal(tenths).scaleb(-1)
