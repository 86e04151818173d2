"""The invariants that `creditctl check` proves: a list of named checks of one signature."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from creditctl.context import Context
from creditctl.errors import AuditKeyMissing, CreditctlError
from creditctl.services.answers import from_json
from creditctl.services.audit_chain import prove
from creditctl.services.deferred_revenue import miscredited_lots
from creditctl.services.money_verbs import VERBS, verb_named
from creditctl.services.period_checks import (
    misplaced_allowances,
    stretched_allowances,
    unpaid_usage,
)
from creditctl.services.usage_checks import miscounted_volume
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries import checks as ask
from creditctl.store.queries import notifications, order_checks, recharges
from creditctl.store.queries.check_sums import remembered_results
from creditctl.store.queries.closings import POSTED_WRONG
from creditctl.store.queries.hold_checks import (
    CALLS_LEFT_HELD,
    CAPTURED_FOR_NOTHING,
    HELD_OTHERWISE,
    HELD_SUMS,
)
from creditctl.store.queries.invoice_checks import (
    BILLED_OTHERWISE,
    CREDITED_TOO_MUCH,
    INVOICE_NUMBER_GAPS,
    INVOICE_ORDERS,
    INVOICE_TAXES,
    INVOICE_TOTALS,
    SETTLED_SUMS,
)
from creditctl.store.queries.late_checks import (
    BOOKED_IN_QUARANTINE,
    LATE_IN_OPEN_TIME,
    LISTED_TOO_EARLY,
    QUARANTINE_COUNTS,
    UNPAID_LATE_USAGE,
)
from creditctl.store.queries.promotion_checks import (
    CLAIMED_FOR_NOTHING,
    MISCOUNTED_GIFTS,
    OVER_BUDGET,
)
from creditctl.store.queries.purchase_checks import (
    GRANTED_OTHERWISE,
    NUMBER_GAPS,
    PAID_WITHOUT_MONEY,
    TAX_SUMS,
)
from creditctl.store.queries.receivable_checks import (
    POSTED_OTHERWISE,
    RECEIPT_CREDIT_USED_TWICE,
    RECEIPT_CREDITED_TOO_MUCH,
)
from creditctl.store.queries.sale_checks import PACKAGES_WITHOUT_PRICE, STATED_TWICE
from creditctl.store.queries.usage_pruning import PRUNED_COUNTS

Check: TypeAlias = Callable[[UnitOfWork], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Query:
    """The check that consists of one query."""

    sql: str

    def __call__(self, unit: UnitOfWork) -> Sequence[tuple[str, str]]:
        """What the query finds."""
        return ask.breaches(unit, self.sql)


def asked(query: str) -> Check:
    """The check that consists of one query."""
    return Query(query)


def unreadable_answers(unit: UnitOfWork) -> list[tuple[str, str]]:
    """Answers kept for an idempotency key that could not be given again, or name what is gone."""
    answers = remembered_results(unit)
    known = ask.things_made(unit) if answers else set()
    found = []
    for scope, key, result in answers:
        try:
            answer = from_json(verb_named(scope).result, result) if scope in VERBS else None
        except (ValueError, TypeError, KeyError, CreditctlError):
            found.append((key, f"the answer kept for {scope} cannot be given again"))
            continue
        made = getattr(answer, "id", None) or getattr(answer, "grant", None)
        if made is not None and made not in known:
            found.append((key, f"the answer kept for {scope} names {made}, which does not exist"))
    return found


CHECKS: dict[str, Check] = {
    "the file and its references are whole": ask.damage,
    "a grant's remaining credits are the sum of its entries": asked(ask.GRANT_SUMS),
    "a grant's expired credits are the sum of its expiries": asked(ask.EXPIRED_SUMS),
    "a grant holds between nothing and its amount": asked(ask.GRANT_BOUNDS),
    "a grant was granted once, in full": asked(ask.GRANT_ENTRIES),
    "a grant pays only what it may": asked(ask.DRAWN_OUTSIDE),
    "a reversed grant holds nothing": asked(ask.REVERSED_HOLD),
    "what was rolled over is what the next grants got": asked(ask.CARRIED_TOO_MUCH),
    "what went back to a rolled grant came from the next ones": asked(ask.PASSED_BACK),
    "an entry is taken back once, as it was booked": asked(ask.UNWOUND_WRONG),
    "an entry is posted on its day, or the first that was open": asked(POSTED_WRONG),
    "overage is settled at most once": asked(ask.REPAID_TOO_MUCH),
    "open overage is repaid by paid grants of its organization": asked(ask.REPAID_WRONG),
    "allowances are those of the subscription's periods, none left out": misplaced_allowances,
    "an allowance is for its own period": stretched_allowances,
    "events name rows that exist": asked(ask.ORPHANED_EVENTS),
    "entries name rows that exist": asked(ask.ORPHANED_ENTRIES),
    "an event has a price that was in force": asked(ask.PRICED_OUTSIDE),
    "an endpoint has one price at a time": asked(ask.OVERLAPPING_PRICES),
    "a plan has one version at a time": asked(ask.OVERLAPPING_TERMS),
    "a plan's own price is that of a plan": asked(ask.PRICES_OF_NO_PLAN),
    "what credits are sold by is stated once at a time": asked(STATED_TWICE),
    "a package has a price": asked(PACKAGES_WITHOUT_PRICE),
    "a batch's counts are those of its events": asked(ask.BATCH_COUNTS),
    "hourly rollups are the sums of events": asked(ask.HOUR_ROLLUPS),
    "daily rollups are the sums of hourly ones": asked(ask.DAY_ROLLUPS),
    "a day's volume is what its events add up to": miscounted_volume,
    "usage is the same whatever it is summed by": asked(ask.SIDE_ROLLUPS),
    "debits are the sums of ledger entries": asked(ask.DEBIT_DAYS),
    "rated usage was paid, is overage, or is unlimited": unpaid_usage,
    "an invoice's lines sum to what it comes to": asked(INVOICE_TOTALS),
    "taxes of invoices and credit notes sum to their tax": asked(INVOICE_TAXES),
    "an invoice bills the instalments of order forms that it lists": asked(INVOICE_ORDERS),
    "invoices and credit notes are numbered without gaps": asked(INVOICE_NUMBER_GAPS),
    "an invoice is settled by its payments and credit notes": asked(SETTLED_SUMS),
    "what invoices move is posted once, on its day or the first open": asked(POSTED_OTHERWISE),
    "credit notes never exceed their invoice": asked(CREDITED_TOO_MUCH),
    "credit notes never exceed their receipt": asked(RECEIPT_CREDITED_TOO_MUCH),
    "credit notes of paid credits take back what was reversed": miscredited_lots,
    "what is owed back of a receipt is used once": asked(RECEIPT_CREDIT_USED_TWICE),
    "a final invoice settled the overage that it bills": asked(BILLED_OTHERWISE),
    "late usage is paid at most once": asked(UNPAID_LATE_USAGE),
    "usage is late only before a final invoice": asked(LATE_IN_OPEN_TIME),
    "late usage is on a later invoice": asked(LISTED_TOO_EARLY),
    "of late events exactly the released ones are booked": asked(BOOKED_IN_QUARANTINE),
    "a batch counts its events in quarantine": asked(QUARANTINE_COUNTS),
    "the ids of pruned events are kept": asked(PRUNED_COUNTS),
    "what a grant says is held is what open holds reserve": asked(HELD_SUMS),
    "a hold reserves its estimate, of credits its call may draw": asked(HELD_OTHERWISE),
    "a captured call has its event, at what was charged": asked(CAPTURED_FOR_NOTHING),
    "a call whose event is booked holds nothing": asked(CALLS_LEFT_HELD),
    "a purchase is paid when its money arrived": asked(PAID_WITHOUT_MONEY),
    "a paid purchase is granted as it was bought": asked(GRANTED_OTHERWISE),
    "a purchase's taxes sum to its tax": asked(TAX_SUMS),
    "receipts are numbered without gaps": asked(NUMBER_GAPS),
    "an open auto-recharge is the one its organization waits for": asked(recharges.UNATTENDED),
    "each crossing of a recharge's threshold bought once": asked(recharges.PURCHASED_OTHERWISE),
    "an order form's instalments sum to its lines": asked(order_checks.INSTALMENT_SUMS),
    "a delivered instalment has its grant, of exactly its credits": asked(
        order_checks.WRONGLY_DELIVERED
    ),
    "an order form's status is that of its instalments": asked(order_checks.WRONG_STATUS),
    "a superseded order form has a version that took over": asked(order_checks.NOT_TAKEN_OVER),
    "a closed organization has neither keys nor a subscription": asked(ask.CLOSED_ALIVE),
    "a decided approval names two people": asked(ask.APPROVED_ALONE),
    "a promotion gives no more than its budget": asked(OVER_BUDGET),
    "a promotion counts what was granted in its name": asked(MISCOUNTED_GIFTS),
    "a promotion is claimed by who got it": asked(CLAIMED_FOR_NOTHING),
    "a delivered notification has an attempt that succeeded": asked(
        notifications.DELIVERED_BY_NOBODY
    ),
    "what was accepted is not sent again": asked(notifications.UNDELIVERED_THOUGH_ACCEPTED),
    "a notification counts its attempts": asked(notifications.MISCOUNTED_ATTEMPTS),
    "a destination is told of its own organization": asked(notifications.TOLD_OF_OTHERS),
    "remembered answers can be read": unreadable_answers,
}
"""Every invariant by what it says; one added here is run, documented and tested."""

AUDIT_LOG = "the audit log is as it was written"
"""Beside the others, for it needs the key that is outside the database."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one invariant."""

    invariant: str
    subject: str
    detail: str


def run_checks(context: Context) -> list[Finding]:
    """Every breach, on one snapshot of the database; empty when the books are consistent."""
    with reading(context.database) as unit:
        return findings_in(unit, context)


def findings_in(
    unit: UnitOfWork, context: Context, checks: Mapping[str, Check] = CHECKS
) -> list[Finding]:
    """Every breach that this transaction sees."""
    found = [
        Finding(invariant, subject, detail)
        for invariant, check in checks.items()
        for subject, detail in check(unit)
    ]
    return found + [Finding(AUDIT_LOG, *pair) for pair in _forged(unit, context)]


def _forged(unit: UnitOfWork, context: Context) -> list[tuple[str, str]]:
    try:
        proof = prove(unit, context.settings.audit_key)
    except AuditKeyMissing:
        return []  # 'audit verify' says which key is needed; without it nothing can be told
    return [] if proof.verified else [(f"entry {proof.first_bad}", proof.problem or "")]
