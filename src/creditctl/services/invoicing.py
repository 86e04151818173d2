"""`invoice generate`: a draft for every organization with something to pay in a month."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.rules.periods import Period, month_text
from creditctl.rules.units import Money
from creditctl.services.draft_writing import CREATED, REFRESHED, InvoiceChange, write_block
from creditctl.services.drafting import draft_block
from creditctl.services.invoice_taxes import TermsBook
from creditctl.services.invoices import InvoiceSummary, summary_of
from creditctl.services.usage_progress import NobodyWatches, Progress, Watch
from creditctl.store.engine import kept_open, reading, unit_of_work
from creditctl.store.queries.billing import BilledOrganizationRow, organizations_to_bill
from creditctl.store.queries.catalog import applied_catalog_version
from creditctl.store.queries.invoices import InvoiceRow, list_invoice_rows
from creditctl.store.queries.orgs import find_organization, lock_organizations

BLOCK = 500
"""Organizations drafted in one transaction: others get in between, and a stopped run keeps them."""


@dataclass(frozen=True, slots=True)
class ParkedOrganization:
    """An organization whose books do not add up, so that no invoice was made."""

    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What the invoices in one currency come to."""

    currency: str
    invoices: int
    subtotal: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceRun:
    """What a run made; `total` is the sum of its invoices in the catalog's currency."""

    month: str
    generated_at: datetime
    created: int
    refreshed: int
    unchanged: int
    total: Money
    invoices: tuple[InvoiceSummary, ...]
    parked: tuple[ParkedOrganization, ...]
    totals: tuple[CurrencyTotal, ...]
    """The same for each currency."""

    changes: tuple[InvoiceChange, ...] = ()
    """Drafts that say something else than after the last run, and why."""

    remaining: int = 0
    """Organizations that a run which was stopped did not get to: the next one does."""


def generate_invoices(
    context: Context,
    month: Period,
    *,
    organization: str | None = None,
    zero: bool = False,
    block: int = BLOCK,
    watch: Watch | None = None,
) -> InvoiceRun:
    """Create or refresh the drafts of a calendar month, block by block of organizations.

    Every block is one transaction, so a run that is stopped or dies goes on when it is repeated;
    results do not depend on `block`. `zero` makes invoices of nothing for organizations that have
    nothing to say. Raises InvalidInput while the month runs, CatalogMissing, OrganizationNotFound.
    """
    if month.ends_at > context.now:
        raise InvalidInput(
            f"{month_text(month)} has not ended yet",
            hint=f"it can be invoiced from {month.ends_at:%Y-%m-%d} 00:00 UTC on",
        )
    with reading(context.database) as unit:
        currency = applied_catalog_version(unit).currency
        only = find_organization(unit, organization).id if organization else None
        billed = organizations_to_bill(
            unit,
            month.starts_at.date(),
            month.ends_at.date(),
            month=month_text(month),
            organization_id=only,
            everybody=zero,
        )
    made = _Made(zero, block, watch or NobodyWatches())
    with kept_open(context.database):
        done = _draft_all(context, month, currency, billed, made)
    with reading(context.database) as unit:
        chosen = {row.id for row in billed}
        rows = list_invoice_rows(unit, month=month_text(month), organization_id=only)
    invoices = [
        row
        for row in rows
        if row.status != "void" and row.organization_id in chosen and row.id in made.invoices
    ]
    return InvoiceRun(
        month=month_text(month),
        generated_at=context.now,
        created=made.words[CREATED],
        refreshed=made.words[REFRESHED],
        unchanged=len(made.invoices) - made.words[CREATED] - made.words[REFRESHED],
        total=Money(sum(row.total_minor for row in invoices if row.currency == currency), currency),
        invoices=tuple(summary_of(row) for row in invoices),
        parked=tuple(ParkedOrganization(slug, made.parked[slug]) for slug in sorted(made.parked)),
        totals=tuple(_totals(invoices)),
        changes=tuple(sorted(made.changes, key=lambda change: change.organization)),
        remaining=len(billed) - done,
    )


class _Made:
    """How a run goes, and what its blocks came to so far; invoices by internal id."""

    def __init__(self, zero: bool, block: int, watch: Watch) -> None:
        self.zero, self.block, self.watch = zero, block, watch
        self.invoices: set[int] = set()
        self.words: Counter[str] = Counter()
        self.parked: dict[str, str] = {}
        self.changes: list[InvoiceChange] = []


def _draft_all(
    context: Context,
    month: Period,
    currency: str,
    billed: Sequence[BilledOrganizationRow],
    made: _Made,
) -> int:
    """Draft block by block; returns how many organizations it got to."""
    book = TermsBook()
    for first in range(0, len(billed), made.block):
        if made.watch.wants_to_stop():
            return first
        organizations = billed[first : first + made.block]
        with unit_of_work(context.database) as unit:
            lock_organizations(unit, [row.id for row in organizations])
            drafted = draft_block(unit, context, organizations, month, currency, book)
            written = write_block(unit, context, drafted.drafts, zero=made.zero)
        made.invoices |= {*written.invoices, *(row.id for row in drafted.unchanged)}
        made.words += written.words
        made.parked |= drafted.parked
        made.changes += written.changes
        done = first + len(organizations)
        made.watch.advanced(Progress(month_text(month), len(organizations), done, len(billed)))
    return len(billed)


def _totals(invoices: Sequence[InvoiceRow]) -> Iterator[CurrencyTotal]:
    for currency in sorted({row.currency for row in invoices}):
        rows = [row for row in invoices if row.currency == currency]
        yield CurrencyTotal(
            currency,
            len(rows),
            Money(sum(row.subtotal_minor for row in rows), currency),
            Money(sum(row.tax_minor for row in rows), currency),
            Money(sum(row.total_minor for row in rows), currency),
        )
