"""Where the charges of a FOCUS dataset come from: one function for each kind."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from creditctl.rules.focus import CREDIT, PURCHASE, TAX, USAGE, Account, Charge
from creditctl.rules.instants import day_number, day_of
from creditctl.rules.units import MICRO, Credits, Money
from creditctl.services.deferred_revenue import Lot
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.focus import AccountRow, gifts_of_days, unpaid_usage
from creditctl.store.queries.journal import sold_before

CREDITS_SERVICE, CREDITS_SKU = "Credits", "credits"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Billing:
    """A month's lots, whom they are for, and list prices by currency."""

    first: date
    end: date
    now: datetime
    lots: list[Lot]
    accounts: Mapping[int, AccountRow]
    products: Mapping[int, str]
    prices: Mapping[str, Decimal]
    """Money per credit when the month ended."""

    currency: str
    """The catalog's: of organizations that have none of their own."""

    papers: Mapping[int, str]
    """Numbers of receipts and invoices by the lot that they bill."""

    notes: Mapping[tuple[int, date], str]
    """Numbers of credit notes by the lot that was reversed, and the day they were posted."""

    known: dict[int, Account] = field(default_factory=dict, compare=False, repr=False)
    """Billing accounts that some charge has asked for."""

    def currency_of(self, organization_id: int) -> str:
        """What the organization is billed in."""
        return self.accounts[organization_id].currency or self.currency

    def account(self, organization_id: int) -> Account:
        """The organization as a billing account."""
        found = self.known.get(organization_id)
        if found is None:
            row = self.accounts[organization_id]
            found = Account(row.public_id, row.legal_name or row.slug)
            self.known[organization_id] = found
        return found


Source: TypeAlias = Callable[[UnitOfWork, Billing], Iterator[Charge]]


def paid_usage(_unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """What paid credits covered: billed when they were bought, effective at their price."""
    for lot in billing.lots:
        before = lot.earned_by_user(billing.first)
        drawn: dict[tuple[int, int, int], int] = defaultdict(int)
        for one in lot.used(billing.end):
            if one.day >= day_number(billing.first):
                drawn[one.day, one.organization_id, one.product_id] += one.micro
        for number in sorted({day for day, _, _ in drawn}):
            after = lot.earned_by_user(day_of(number) + _DAY)
            for user in sorted(after.keys() | before.keys()):
                micro = drawn.get((number, *user), 0)
                earned = after.get(user, 0) - before.get(user, 0)
                if micro or earned:
                    yield _paid(billing, lot, day_of(number), user, micro, earned)
            before = after


def other_usage(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """What allowances, gifts or nobody covered; overage is billed by invoices."""
    for row in unpaid_usage(unit, billing.first, billing.end):
        currency = billing.currency_of(row.organization_id)
        yield Charge(
            category=USAGE,
            day=row.day,
            account=billing.account(row.organization_id),
            currency=currency,
            service=row.product or CREDITS_SERVICE,
            sku=row.product or CREDITS_SKU,
            description=f"{row.product}, {row.payer}",
            quantity=quantity_of(row.credits.micro),
            list_price=billing.prices.get(currency, Decimal(0)),
            contracted_price=Decimal(0),
            is_correction=row.credits.micro < 0,
        )


def purchases(_unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """Credits that were bought; what they cover is effective when it is used."""
    for lot in billing.lots:
        if lot.row.sold_on >= billing.first:
            yield _sold(billing, lot, lot.row.sold_on, lot.row.amount.micro, lot.price)
    for lot in billing.lots:
        value = lot.value(billing.first)
        for day in lot.days(billing.first):
            after = lot.value(day + _DAY)
            micro = lot.gone(day + _DAY).reversed - lot.gone(day).reversed
            if micro or after.reversed != value.reversed:
                yield _sold(billing, lot, day, -micro, value.reversed - after.reversed)
            value = after


def taxes(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """Taxes on what was bought; its effective cost is 0, and so is that of its tax."""
    prices = {lot.row.purchase: (lot.row.amount, lot.row.organization_id) for lot in billing.lots}
    for row in sold_before(unit, billing.first, billing.end):
        if not row.tax_minor:
            continue
        credits, buyer = prices[row.purchase]
        tax = money_of(row.tax_minor, row.currency)
        price = billing.prices.get(row.currency)
        list_cost = tax
        if price is not None and row.net_minor:
            listed = price * Decimal(str(credits)) / money_of(row.net_minor, row.currency)
            list_cost = (tax * listed).quantize(tax)
        yield Charge(
            category=TAX,
            day=row.posted_on,
            account=billing.account(buyer),
            currency=row.currency,
            service=CREDITS_SERVICE,
            description=f"{row.tax}, {row.place}, receipt {row.receipt}",
            billed=tax,
            list_cost=list_cost,
            contracted_cost=tax,
            invoice=row.receipt,
        )


def gifts(unit: UnitOfWork, billing: Billing) -> Iterator[Charge]:
    """Credits given away: no money moves."""
    for row in gifts_of_days(unit, billing.first, billing.end):
        yield Charge(
            category=CREDIT,
            day=row.day,
            account=billing.account(row.organization_id),
            currency=billing.currency_of(row.organization_id),
            service=CREDITS_SERVICE,
            description=f"{row.promotion or row.source}, {row.credits} credits",
            quantity=quantity_of(row.credits.micro),
        )


def _paid(
    billing: Billing, lot: Lot, day: date, user: tuple[int, int], micro: int, earned: int
) -> Charge:
    product = billing.products.get(user[1])
    return Charge(
        category=USAGE,
        day=day,
        account=billing.account(user[0]),
        currency=lot.row.currency,
        service=product or CREDITS_SERVICE,
        sku=product or CREDITS_SKU,
        description=f"{product or CREDITS_SERVICE}, {lot.row.source} {lot.row.public_id}",
        effective=money_of(earned, lot.row.currency),
        quantity=quantity_of(micro),
        list_price=billing.prices.get(lot.row.currency, lot.row.unit_cost),
        contracted_price=lot.row.unit_cost,
        is_correction=micro < 0,
    )


def _sold(billing: Billing, lot: Lot, day: date, micro: int, billed: int) -> Charge:
    """A purchase, or what was taken back of one: credits below zero, or a rounded cent alone."""
    is_sale = micro > 0
    what = "bought" if is_sale else "reversed"
    note = billing.notes.get((lot.row.id, day))
    paper = billing.papers.get(lot.row.id) if is_sale else note
    return Charge(
        category=PURCHASE,
        day=day,
        account=billing.account(lot.row.organization_id),
        currency=lot.row.currency,
        service=CREDITS_SERVICE,
        sku=CREDITS_SKU,
        description=f"Credits {what}, {lot.row.purchase or lot.row.public_id}",
        billed=money_of(billed, lot.row.currency),
        quantity=quantity_of(micro),
        list_price=billing.prices.get(lot.row.currency, lot.row.unit_cost),
        contracted_price=lot.row.unit_cost,
        invoice=paper,
        is_correction=not is_sale and lot.row.sold_on < billing.first,
    )


def quantity_of(micro: int) -> Decimal:
    """Micro-credits in credits as FOCUS writes them."""
    whole, rest = divmod(micro, MICRO)
    return Decimal(str(Credits(micro))) if rest else Decimal(whole)


def money_of(minor: int, currency: str) -> Decimal:
    """An amount in minor units as FOCUS writes it."""
    return Decimal(str(Money(minor, currency)))


SOURCES: tuple[Source, ...] = (purchases, taxes, gifts, paid_usage, other_usage)
"""Every kind of charge beside fees and those of invoices, in `focus_fees`, `focus_invoices`."""
