"""`invoice aging`: what is due, by how long it has been."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from creditctl.context import Context
from creditctl.rules.receivables import BUCKETS, bucket_of
from creditctl.rules.units import Money
from creditctl.store.engine import reading
from creditctl.store.queries.invoice_steps import receivables
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class AgedReceivables:
    """What an organization owes in one currency; `days_…` are days since it was due."""

    organization: str
    currency: str
    invoices: int
    current: Money
    days_1_30: Money
    days_31_60: Money
    days_61_90: Money
    over_90: Money
    total: Money


def aged_receivables(context: Context, *, organization: str | None = None) -> list[AgedReceivables]:
    """Final invoices that are not paid in full, by slug and currency; raises OrganizationNotFound.

    An invoice is current up to, and on, the day it is due.
    """
    with reading(context.database) as unit:
        only = find_organization(unit, organization).id if organization else None
        rows = receivables(unit, only)
    today = context.now.date()
    found = []
    for (slug, currency), alike in groupby(rows, key=lambda row: (row.organization, row.currency)):
        sums: Counter[str] = Counter()
        count = 0
        for row in alike:
            count += 1
            sums[bucket_of(row.due_on, today)] += row.due_minor
        buckets = {name: Money(sums[name], currency) for name in BUCKETS}
        total = Money(sum(sums.values()), currency)
        found.append(AgedReceivables(slug, currency, count, **buckets, total=total))
    return found
