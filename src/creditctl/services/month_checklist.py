"""What has to be settled before a month is closed: items of one signature (DESIGN 3.8)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from creditctl.context import Context
from creditctl.errors import CatalogMissing
from creditctl.rules.periods import Period, month_text
from creditctl.services.checks import findings_in
from creditctl.services.drafting import draft_block
from creditctl.services.invoice_taxes import TermsBook
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries import month_checklist as ask
from creditctl.store.queries.billing import organizations_to_bill
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.checks import breaches
from creditctl.store.queries.invoice_checks import INVOICE_NUMBER_GAPS
from creditctl.store.queries.purchase_checks import NUMBER_GAPS

Finder: TypeAlias = Callable[[UnitOfWork, Context, Period], list[str]]
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look for: `settle` is the command, where {month} stands for the month."""

    name: str
    what: str
    settle: str
    find: Finder
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """What was found of one item; `settle` is the command that settles it."""

    name: str
    what: str
    count: int
    blocks: bool
    """Whether the month cannot be closed without accepting it."""

    examples: tuple[str, ...]
    settle: str


def checklist(
    unit: UnitOfWork, context: Context, month: Period, *, invariants: bool = False
) -> tuple[ChecklistItem, ...]:
    """Every item in its order; with `invariants` also what `check` finds, which takes longer."""
    return tuple(
        _found(item, item.find(unit, context, month), month_text(month))
        for item in ITEMS
        if invariants or item.name != INVARIANTS
    )


def _found(item: Item, subjects: list[str], month: str) -> ChecklistItem:
    return ChecklistItem(
        name=item.name,
        what=item.what,
        count=len(subjects),
        blocks=item.blocks and bool(subjects),
        examples=tuple(subjects[:_EXAMPLES]),
        settle=item.settle.replace("{month}", month),
    )


def _asked(query: str) -> Finder:
    def find(unit: UnitOfWork, context: Context, month: Period) -> list[str]:
        return ask.left_to_do(
            unit, query, month=month_text(month), ends_at=month.ends_at, now=context.now
        )

    return find


def _unbilled(unit: UnitOfWork, context: Context, month: Period, *, parked: bool) -> list[str]:
    """Organizations without an invoice of the month although there is something to bill.

    `parked` are those of them for which none can be made, with the reason.
    """
    known = ask.standing_drafts_of(unit, month_text(month))
    first, end = month.starts_at.date(), month.ends_at.date()
    # A final invoice, and a draft that is up to date, have said it already.
    asked = [
        row
        for row in organizations_to_bill(unit, first, end, month=month_text(month))
        if known.get(row.id, True)
    ]
    try:
        currency = applied_catalog_version(unit).currency
    except CatalogMissing:
        return []
    block = draft_block(unit, context, asked, month, currency, TermsBook())
    if parked:
        return [f"{slug}: {problem}" for slug, problem in sorted(block.parked.items())]
    return [draft.owner.slug for draft in block.drafts if draft.lines and draft.existing is None]


def _open_overage(unit: UnitOfWork, _context: Context, month: Period) -> list[str]:
    rows = ask.unsettled_by_organization(unit, month_text(month), month.ends_at)
    return [f"{slug}: {credits} credits" for slug, credits in rows]


def _number_gaps(unit: UnitOfWork, _context: Context, _month: Period) -> list[str]:
    found = [*breaches(unit, INVOICE_NUMBER_GAPS), *breaches(unit, NUMBER_GAPS)]
    return [f"{subject}: {detail}" for subject, detail in found]


def _breaches(unit: UnitOfWork, context: Context, _month: Period) -> list[str]:
    return [f"{one.subject}: {one.detail}" for one in findings_in(unit, context)]


INVARIANTS = "invariants"
ITEMS = (
    Item(
        "imports",
        "imports that were cut off in the middle",
        "creditctl usage import FILE",
        _asked(ask.IMPORTS),
    ),
    Item(
        "late-events",
        "events in quarantine",
        "creditctl usage late list",
        _asked(ask.LATE_EVENTS),
    ),
    Item(
        "holds",
        "calls that are neither captured nor released",
        "creditctl limits check",
        _asked(ask.HOLDS),
    ),
    Item(
        "expiries",
        "credits that ended and are not booked yet",
        "creditctl limits check",
        _asked(ask.ENDED_GRANTS),
    ),
    Item(
        "instalments",
        "instalments of order forms that are due",
        "creditctl limits check",
        _asked(ask.INSTALMENTS),
    ),
    Item(
        "parked",
        "organizations whose books do not add up",
        "creditctl check",
        partial(_unbilled, parked=True),
    ),
    Item(
        "not-invoiced",
        "organizations without an invoice",
        "creditctl invoice generate --month {month}",
        partial(_unbilled, parked=False),
    ),
    Item(
        "stale-drafts",
        "drafts whose figures have changed",
        "creditctl invoice generate --month {month}",
        _asked(ask.STALE_DRAFTS),
    ),
    Item(
        "drafts",
        "drafts that are not final",
        "creditctl invoice finalize --month {month}",
        _asked(ask.DRAFTS),
    ),
    Item(
        "open-overage",
        "usage that nobody paid and no invoice bills",
        "creditctl credits waive ORG",
        _open_overage,
    ),
    Item(
        "purchases",
        "purchases that wait for their money",
        "creditctl purchases settle PURCHASE",
        _asked(ask.PURCHASES),
    ),
    Item("number-gaps", "numbers that no document has", "creditctl check", _number_gaps),
    Item(INVARIANTS, "what 'creditctl check' finds", "creditctl check", _breaches),
    Item(
        "late-usage",
        "late usage for the next invoice",
        "creditctl invoice generate",
        _asked(ask.LATE_USAGE),
        blocks=False,
    ),
)
"""Every item by name, in the order in which one settles them."""
