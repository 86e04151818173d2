"""What is left of fees without the tax in them, where prices include it: the tax is no revenue.

Once an invoice that bills a fee is final it is what that invoice takes for it, to the minor unit.
Until then it is told by the catalog and the buyer, of the last day of the month that will bill it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from creditctl.errors import CatalogMissing, InvalidInput
from creditctl.rules.billed_amounts import net_parts
from creditctl.rules.instants import start_of_day
from creditctl.rules.periods import Period, calendar_month
from creditctl.rules.tax.calculation import nearest
from creditctl.rules.units import Money
from creditctl.services.invoice_figures import is_billed_in
from creditctl.services.invoice_taxes import TermsBook, tax_point, taxed_sale
from creditctl.services.sale_rows import seller_of
from creditctl.services.subscription_periods import Began, SubscriptionPeriod
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.billed_fees import FeeInvoiceRow, fee_invoices, parts_with_tax
from creditctl.store.queries.orgs import OrganizationRow, organizations_by_id
from creditctl.store.queries.selling import seller_rows
from creditctl.store.queries.subscriptions import SubscriptionRow

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Billed:
    """A final invoice with fees; `nets` are those of its fees by their amounts, the first last."""

    row: FeeInvoiceRow
    nets: Mapping[int, list[int]]

    def net_of(self, amount: int) -> int:
        """What it takes for a fee; in proportion where it has no line for it, or not any more."""
        if not self.row.includes_tax:
            return amount
        if self.nets.get(amount):
            return self.nets[amount].pop()
        return nearest(Fraction(amount * self.row.net_minor, self.row.total_minor))


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
    def _billed(self) -> dict[int, list[_Billed]]:
        return _billed(self._unit)

    def of(self, period: SubscriptionPeriod) -> int:
        """The net of the fee of that period, in minor units."""
        fee = period.fee
        if not self._may_include or not fee:
            return fee.minor
        if (invoice := self._invoice_of(period)) is not None:
            return invoice.net_of(fee.minor)
        return self.at(period.organization_id, _expected_tax_point(period), fee)

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

    def _invoice_of(self, period: SubscriptionPeriod) -> _Billed | None:
        invoices = self._billed.get(period.organization_id, [])
        day = start_of_day(period.starts_at)
        place = bisect_left(invoices, day, key=lambda one: one.row.ends_at)
        # A first fee is on the invoice of its day, a later one on that which ends with or after it.
        for one in invoices[place : place + 2]:
            if is_billed_in(period, Period(one.row.starts_at, one.row.ends_at)):
                return one
        return None


def _expected_tax_point(period: SubscriptionPeriod) -> datetime:
    """Of the month that will bill it: an aligned invoice may end before, and settles it then."""
    is_first = period.began in (Began.START, Began.CHANGE)
    billed_at = period.starts_at if is_first else start_of_day(period.starts_at) - _INSTANT
    return tax_point(calendar_month(billed_at))


def _billed(unit: UnitOfWork) -> dict[int, list[_Billed]]:
    """Final invoices with fees of each organization, the oldest first."""
    amounts: dict[int, list[tuple[bool, int]]] = defaultdict(list)
    for part in parts_with_tax(unit):
        amounts[part.invoice_id].append((part.is_fee, part.amount_minor))
    found: dict[int, list[_Billed]] = defaultdict(list)
    for row in fee_invoices(unit):
        nets: dict[int, list[int]] = defaultdict(list)
        parts = amounts.get(row.id, [])
        shares = net_parts(row.net_minor, [amount for _, amount in parts])
        for (is_fee, amount), net in zip(parts, shares, strict=True):
            if is_fee:
                nets[amount].append(net)
        found[row.organization_id].append(_Billed(row, nets))
    return found
