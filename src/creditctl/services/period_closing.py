"""`period`: what keeps a month from being closed, and closing it (DESIGN 3.8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import Period, month_text
from creditctl.services.audit import record_change
from creditctl.services.closed_months import close_months, months_to_close
from creditctl.services.month_checklist import ITEMS, ChecklistItem, checklist
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.closings import ClosingRow, all_closings, last_closing, lock_postings


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A month that is closed: nothing is posted before `first_open_day` any more."""

    month: str
    first_open_day: date
    closed_at: datetime
    closed_by: str


@dataclass(frozen=True, slots=True)
class PeriodStatus:
    """A month's checklist; `ready` when it is over and nothing blocks it."""

    month: str
    closed: bool
    ready: bool
    blocking: int
    closes: tuple[str, ...]
    """The months that would be closed with it."""

    items: tuple[ChecklistItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """Which month, and why; `accept` are items that are let be, each with a reason of its own."""

    month: Period
    reason: str
    accept: Mapping[str, str] = field(default_factory=dict)
    """Item -> why; the reason of the close where it is empty."""

    invariants: bool = False


@dataclass(frozen=True, slots=True)
class PeriodClose:
    """The months that were closed; none of them when it had been closed before."""

    month: str
    closed: tuple[str, ...]
    accepted: tuple[str, ...]
    dry_run: bool = False


def list_closed(context: Context) -> list[ClosedPeriod]:
    """Every closed month, the newest first."""
    with reading(context.database) as unit:
        rows = all_closings(unit)
    return [
        ClosedPeriod(row.month, row.first_open_day, row.closed_at, row.closed_by) for row in rows
    ]


def period_status(context: Context, month: Period, *, invariants: bool = False) -> PeriodStatus:
    """What keeps the month from being closed; items are those of `month_checklist`."""
    with reading(context.database) as unit:
        is_closed = _is_closed(last_closing(unit), month)
        items = () if is_closed else checklist(unit, context, month, invariants=invariants)
        closes = () if is_closed else months_to_close(unit, month)
    blocking = sum(item.blocks for item in items)
    return PeriodStatus(
        month=month_text(month),
        closed=is_closed,
        ready=not is_closed and not blocking and month.ends_at <= context.now,
        blocking=blocking,
        closes=tuple(month_text(one) for one in closes),
        items=items,
    )


def close_period(context: Context, request: CloseRequest, *, dry_run: bool = False) -> PeriodClose:
    """Close a month with those before it that are open; again changes nothing.

    Raises InvalidInput without a reason and for an unknown item, Conflict while the month runs and
    for every item that blocks and is not accepted.
    """
    unknown = sorted(request.accept.keys() - {item.name for item in ITEMS})
    if unknown:
        names = ", ".join(item.name for item in ITEMS if item.blocks)
        raise InvalidInput(f"there is no item {unknown[0]!r}", hint=f"there are {names}")
    if not request.reason.strip():
        raise InvalidInput("a close needs a reason", hint='--reason "books of October"')
    begin = rehearsal if dry_run else unit_of_work
    with begin(context.database) as unit:
        # From here on nobody posts, so that what was looked at is what is closed.
        lock_postings(unit)
        if _is_closed(last_closing(unit), request.month):
            return PeriodClose(month_text(request.month), (), (), dry_run)
        accepted: list[ChecklistItem] = []
        if request.month.ends_at <= context.now:
            accepted = _accepted(unit, context, request)
        closed = close_months(unit, context, request.month, request.reason)
        for item in accepted:
            record_change(
                unit,
                context,
                "period.item_accepted",
                month_text(request.month),
                reason=request.accept[item.name] or request.reason,
                after={"item": item.name, "count": item.count, "examples": list(item.examples)},
            )
    return PeriodClose(
        month_text(request.month), tuple(closed), tuple(item.name for item in accepted), dry_run
    )


def _accepted(unit: UnitOfWork, context: Context, request: CloseRequest) -> list[ChecklistItem]:
    """What blocks and is let be; raises Conflict with the list of what blocks and is not."""
    items = checklist(unit, context, request.month, invariants=request.invariants)
    blocking = [item for item in items if item.blocks]
    left = [item for item in blocking if item.name not in request.accept]
    if left:
        listed = "; ".join(
            f"{item.name} ({item.count}): {', '.join(item.examples)}" for item in left
        )
        month = month_text(request.month)
        raise Conflict(
            f"{month} cannot be closed: {listed}",
            hint=f"'creditctl period status --month {month}' says what settles them;"
            f" --accept {left[0].name} lets it be",
        )
    return blocking


def _is_closed(last: ClosingRow | None, month: Period) -> bool:
    return last is not None and month.ends_at.date() <= last.first_open_day
