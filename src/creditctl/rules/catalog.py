"""The catalog as values: what a company sells, and at what price."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from creditctl.rules.pricing import SUCCESS, PriceRule, VolumeStep
from creditctl.rules.service_cost import ServiceCost
from creditctl.rules.tax.parties import Registration
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.units import Credits, Money

GATE_WHEN_DOWN = "open"
"""A plan that says nothing admits requests then: balances are still asked of the database."""


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """A method, a path pattern, and what a request to them costs."""

    method: str
    path: str
    rule: PriceRule
    cost: ServiceCost | None = None
    """What serving a request costs the company; None: what its product says."""


@dataclass(frozen=True, slots=True)
class ProductSpec:
    """Endpoints that are sold and reported together."""

    name: str
    title: str
    endpoints: tuple[EndpointSpec, ...]
    billed_statuses: tuple[str, ...] = SUCCESS
    volume: tuple[VolumeStep, ...] = ()
    cost: ServiceCost | None = None
    """Of endpoints that declare none of their own, in the catalog's currency."""


@dataclass(frozen=True, slots=True)
class TrialRule:
    """How long a first subscription is free, and what it may spend then."""

    days: int
    amount: Credits


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """What a subscription gives; `tiers` empty means all of them."""

    name: str
    title: str
    fee: Money
    interval: str
    allowance: Credits
    rollover: str
    postpaid_limit: Credits
    overage_price: Decimal | None
    unlimited: bool
    tiers: tuple[str, ...] = ()
    limits: dict[str, int] = field(default_factory=dict)
    capabilities: dict[str, bool | int | str] = field(default_factory=dict)
    carry_cap: Credits | None = None
    """With rollover `carry`: no more than this is carried into a period."""

    trial: TrialRule | None = None
    prices: tuple[EndpointSpec, ...] = ()
    """What single endpoints cost on this plan instead of their list price."""

    gate_when_down: str | None = None
    """What the gate does while its counters cannot be asked; None: GATE_WHEN_DOWN."""


@dataclass(frozen=True, slots=True)
class PromotionSpec:
    """Credits given away once per organization; `money` tells that they were stated in money.

    `amount` is then what the money is worth at the catalog's own list price. It runs in
    [starts, ends); None leaves a limit out, and empty `countries` or `plans` mean all of them.
    """

    name: str
    title: str
    amount: Credits
    money: Money | None
    trigger: str
    """signup: given at sign-up; code: given to who names the code."""

    code: str | None = None
    budget: Credits | None = None
    """All its grants together are no more than this."""

    redemptions: int | None = None
    """It is given to no more organizations than this."""

    starts: datetime | None = None
    ends: datetime | None = None
    requires: tuple[str, ...] = ("not_duplicate",)
    lifetime: timedelta | None = None
    product: str | None = None
    countries: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestRule:
    """What a guest may spend, and for how long [FC]."""

    amount: Credits
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class PackageSpec:
    """Credits that are sold together, at a price in each currency that it is sold in."""

    name: str
    title: str
    credits: Credits
    prices: tuple[Money, ...]
    lifetime_days: int | None = None
    """None: they never expire."""


@dataclass(frozen=True, slots=True)
class SellerSpec:
    """The company that sells: what receipts say of it, and where it is registered for tax."""

    legal_name: str
    address: tuple[str, ...]
    """Lines, without the country; those of street, postcode and city unless given."""

    country: str
    region: str | None = None
    tax_id: str | None = None
    email: str | None = None
    prices_include_tax: bool | tuple[str, ...] = False
    """In every currency, in none, or in these."""

    trusts_check_digits: bool = False
    """A VAT id of the EU counts without its register's answer."""

    registrations: tuple[Registration, ...] = ()
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    phone: str | None = None
    bank: tuple[str, ...] = ()
    """How to pay, as lines."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog file; `list_price` is money per credit.

    `list_prices` are those of further currencies.
    """

    name: str
    currency: str
    list_price: Decimal
    effective_from: datetime | None
    tiers: dict[str, Credits]
    products: tuple[ProductSpec, ...]
    plans: tuple[PlanSpec, ...]
    promotions: tuple[PromotionSpec, ...]
    guest: GuestRule | None
    list_prices: Mapping[str, Decimal] = field(default_factory=dict)
    packages: tuple[PackageSpec, ...] = ()
    taxes: tuple[TaxRate, ...] = ()
    seller: SellerSpec | None = None
