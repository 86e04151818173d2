"""Who is blocked or warned, and why: what the last `limits check` decided."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.enforcement import State
from creditctl.rules.units import Credits
from creditctl.store.engine import reading
from creditctl.store.queries.enforcement import StandingRow, standing_rows
from creditctl.store.queries.orgs import find_organization

_ORDER = list(State)


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """An organization's state; `usage` and `limit` are credits when it was decided."""

    organization: str
    state: str
    reason: str | None
    usage: Credits | None
    limit: Credits | None
    since: datetime | None
    until: datetime | None


def list_limit_status(context: Context, organization: str | None = None) -> list[LimitStatus]:
    """Every organization, or the one given, the blocked first; raises OrganizationNotFound.

    A block whose `until` has passed is over, whether or not a check has run since.
    """
    with reading(context.database) as unit:
        only = find_organization(unit, organization).id if organization else None
        rows = standing_rows(unit, context.now, only)
    rows.sort(key=lambda row: (_ORDER.index(row.decided.at(context.now).state), row.organization))
    return [_status(row, context.now) for row in rows]


def _status(row: StandingRow, now: datetime) -> LimitStatus:
    decision = row.decided.at(now)
    return LimitStatus(
        organization=row.organization,
        state=decision.state.value,
        reason=decision.reason.value or None,
        usage=decision.usage,
        limit=decision.limit,
        since=row.since if decision == row.decided else row.until,
        until=decision.until,
    )
