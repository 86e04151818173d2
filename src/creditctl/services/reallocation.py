"""`credits reallocate`: a month's usage paid once more, in the order of its time (DESIGN 3.3)."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.burn_down import Charge
from creditctl.rules.periods import Period, month_text, parse_month
from creditctl.rules.units import Credits
from creditctl.services.allocation import Allocation, allocate
from creditctl.services.allowances import grant_due_allowances
from creditctl.services.audit import record_change
from creditctl.services.expiry import book_due_expiries
from creditctl.services.money_verbs import (
    NO_RAILS,
    Rails,
    Verb,
    nothing_counted,
    run_verb,
)
from creditctl.services.repayment import repay_again, repay_with_paid_grants
from creditctl.services.unwinding import Unwound, unwind_bookings, waive_again
from creditctl.services.usage_pruning import refuse_pruned
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoices import fixed_invoices
from creditctl.store.queries.late_usage import has_late_usage
from creditctl.store.queries.lineage import bookings_of_days
from creditctl.store.queries.orgs import OrganizationRow, find_organization
from creditctl.store.queries.usage_events import charges_between


@dataclass(frozen=True, slots=True, kw_only=True)
class ReallocateRequest:
    """Which month of which organization; `month` is like 2026-10."""

    organization: str
    month: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reallocated:
    """What grants paid and what was overage, before and after."""

    organization: str
    month: str
    entries: int
    paid_before: Credits
    paid_after: Credits
    overage_before: Credits
    overage_after: Credits
    dry_run: bool = False


def reallocate(
    context: Context, request: ReallocateRequest, rails: Rails = NO_RAILS
) -> Reallocated:
    """Unwind a month's bookings and let its usage burn down again, event after event.

    Whatever order the files came in, the result is that of one file in the order of time. Raises
    Conflict for a month that was invoiced for good, OrganizationNotFound, and what rails raise.
    """
    parse_month(request.month)
    return run_verb(context, REALLOCATE, request, rails)


def pay_again(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    span: Period,
    unwound: Unwound,
    reason: str,
) -> Allocation:
    """The step after unwinding: draw, forgive and repay as before, end what had ended."""
    grant_due_allowances(unit, context, organization_id)
    charges = [
        Charge(row.occurred_at, row.event_id, row.product_id, row.credits_micro)
        for row in charges_between(unit, organization_id, span.starts_at, span.ends_at)
    ]
    paid = allocate(unit, context, organization_id, charges, batch_id=None, reason=reason)
    waive_again(unit, context, organization_id, unwound.waived, reason, span)
    repay_again(unit, context, organization_id, unwound.repaid, span)
    repay_with_paid_grants(unit, context, organization_id)
    book_due_expiries(unit, context, organization_id)
    return paid


def refuse_fixed(
    unit: UnitOfWork, owner: OrganizationRow, since: datetime, until: datetime
) -> None:
    """Raises Conflict when an invoice that cannot change any more holds usage of that time."""
    for number in fixed_invoices(unit, owner.id, since, until):
        raise Conflict(
            f"{number} of {owner.slug} is final, and so is who paid the usage on it",
            hint="correct it with a credit note",
        )


def _perform(
    unit: UnitOfWork, context: Context, owner: OrganizationRow, request: ReallocateRequest
) -> Reallocated:
    month = parse_month(request.month)
    refuse_fixed(unit, owner, month.starts_at, month.ends_at)
    refuse_pruned(unit, month.starts_at, "reallocating")
    if has_late_usage(unit, owner.id, month.starts_at, month.ends_at):
        raise Conflict(
            f"usage of {month_text(month)} came too late and is on a later invoice",
            hint="who paid it stays as it was booked",
        )
    bookings = bookings_of_days(unit, owner.id, month.starts_at.date(), month.ends_at.date())
    unwound = unwind_bookings(unit, context, bookings, request.reason)
    paid = pay_again(unit, context, owner.id, month, unwound, request.reason)
    result = Reallocated(
        organization=owner.slug,
        month=month_text(month),
        entries=unwound.entries,
        paid_before=unwound.debited,
        paid_after=paid.debited,
        overage_before=unwound.overage,
        overage_after=paid.overage,
    )
    record_change(
        unit,
        context,
        "usage.reallocated",
        request.month,
        organization_id=owner.id,
        reason=request.reason,
        before={"paid": unwound.debited, "overage": unwound.overage},
        after={"paid": paid.debited, "overage": paid.overage},
    )
    return result


REALLOCATE = Verb(
    name="credits.reallocate",
    request=ReallocateRequest,
    result=Reallocated,
    organizations=lambda unit, request: [find_organization(unit, request.organization)],
    perform=_perform,
    amount=nothing_counted,
)
