"""What is left of fees without the tax in them, where prices include it: the tax is no revenue.

Once an invoice that bills a fee is final it is what that invoice takes for it, to the minor unit.
Until then it is told by the catalog and the buyer, of the last day of the month that will bill it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from creditctl.errors import CatalogMissing, InvalidInput
from creditctl.rules.billed_amounts import net_until
from creditctl.rules.invoice_lines import bills_fee_of
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.units import Money
from creditctl.services.invoice_figures import fee_billed_at
from creditctl.services.invoice_taxes import TermsBook, tax_point, taxed_sale
from creditctl.services.sale_rows import seller_of
from creditctl.services.subscription_periods import SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billed_fees import FinalRow, final_invoices
from creditctl.store.queries.orgs import OrganizationRow, organizations_by_id
from creditctl.store.queries.selling import seller_rows
from creditctl.store.queries.subscriptions import SubscriptionRow

_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class _Invoice:
    """A final invoice, and the fees that were found on it so far, in minor units."""

    row: FinalRow
    reached: int = 0

    def net_of(self, fee: int) -> int:
        """What it takes for one more of its fees: they come first, and end at `net_parts`' sum."""
        before, self.reached = self.reached, self.reached + fee
        net, whole = self.row.net_minor, self.row.lines_minor
        return net_until(net, whole, self.reached) - net_until(net, whole, before)


class NetFees:
    """Fees of subscriptions without tax, read in a few statements; ask it once for each fee."""

    def __init__(self, unit: UnitOfWork, subscriptions: Iterable[SubscriptionRow]) -> None:
        self._unit = unit
        self._book = TermsBook()
        self._owners: dict[int, OrganizationRow] = {}
        # Of most sellers no price ever had a tax in it, and nothing has to be read.
        self._may_include = any(seller_of(row).prices_include_tax for row in seller_rows(unit))
        if self._may_include:
            owners = {one.organization_id for one in subscriptions}
            self._owners = organizations_by_id(unit, sorted(owners))

    @cached_property
    def _invoices(self) -> dict[int, list[_Invoice]]:
        """Final ones of each organization, the oldest first."""
        found: dict[int, list[_Invoice]] = defaultdict(list)
        for row in final_invoices(self._unit):
            found[row.organization_id].append(_Invoice(row))
        return found

    def of(self, period: SubscriptionPeriod, fee: Money) -> int:
        """The net of the fee of that period, in minor units."""
        if not self._may_include:
            return fee.minor
        billed_at, is_first = fee_billed_at(period)
        invoices = self._invoices.get(period.organization_id, [])
        # The first that ends after a first fee's day, and with or after that of a later one.
        place = (bisect_right if is_first else bisect_left)(invoices, billed_at, key=_end_of)
        if place < len(invoices):
            invoice = invoices[place]
            days = Period(invoice.row.starts_at, invoice.row.ends_at)
            if bills_fee_of(days, billed_at, is_first=is_first):
                return invoice.net_of(fee.minor)
        return self.at(period.organization_id, _tax_point(billed_at, is_first=is_first), fee)

    def at(self, organization_id: int, at: datetime, fee: Money) -> int:
        """The net of a fee that this organization would be billed at that time, in minor units.

        Where the tax cannot be told no invoice can be made either: all of it.
        """
        if not self._may_include:
            return fee.minor
        try:
            terms = self._book.at(self._unit, at)
            if not terms.includes_tax(fee.currency):
                return fee.minor
            assessed = taxed_sale(terms, self._owners[organization_id], at, fee)
        except (CatalogMissing, InvalidInput):
            return fee.minor
        return fee.minor if assessed is None else assessed.document.net.minor


def _end_of(invoice: _Invoice) -> datetime:
    return invoice.row.ends_at


def _tax_point(billed_at: datetime, *, is_first: bool) -> datetime:
    """Of the month that will bill it: an aligned invoice may end before, and settles it then."""
    return tax_point(calendar_month(billed_at if is_first else billed_at - _INSTANT))
