"""FOCUS 1.2: charges as rows of a cost and usage dataset (focus.finops.org, specification v1.2)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from creditctl.rules.periods import Period

COLUMNS = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
)
"""The 21 mandatory ones, those of who measures usage and publishes prices in a currency of its own
and by unit, and the recommended ones: frequency, invoice and subcategory.
"""

USAGE, PURCHASE, TAX, CREDIT = "Usage", "Purchase", "Tax", "Credit"
CREDITS_UNIT, FEES_UNIT, DAYS_UNIT = "Credits", "Fees", "Days"
NOTHING = Decimal(0)
_CATEGORY, _SUBCATEGORY = "Other", "Other (Other)"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """Whom a charge is billed to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge of a day; costs are money in `currency`, exact."""

    category: str
    day: date
    account: Account
    currency: str
    service: str
    sku: str | None = None
    """What was used or bought, by its name in the catalog; needed for usage and purchases."""

    description: str
    billed: Decimal = NOTHING
    effective: Decimal = NOTHING
    quantity: Decimal | None = None
    """In `unit`s; None for a tax."""

    unit: str = CREDITS_UNIT
    is_recurring: bool = False

    list_price: Decimal | None = None
    contracted_price: Decimal | None = None
    list_cost: Decimal | None = None
    """Without a unit price; else it is that times the quantity."""

    contracted_cost: Decimal | None = None
    invoice: str | None = None
    """The number of the invoice, receipt or credit note that bills it."""

    is_correction: bool = False
    """Of a billing period that was over."""


def row_of(charge: Charge, month: Period, seller: str) -> dict[str, str]:
    """The charge as text by column; what is null is empty."""
    return dict(zip(COLUMNS, cells_of(charge, month, seller), strict=True))


def cells_of(charge: Charge, month: Period, seller: str) -> tuple[str, ...]:
    """The same in the order of the columns, for there are a million rows of a month."""
    quantity, is_usage, sku = _optional(charge.quantity), charge.category == USAGE, charge.sku
    effective = number_text(charge.effective)
    list_price = _optional(charge.list_price)
    contracted_price = _optional(charge.contracted_price)
    # Usage is priced in credits, which are what is counted too: each costs one.
    in_credits = is_usage and charge.unit == CREDITS_UNIT
    return (
        number_text(charge.billed),
        charge.account.id,
        charge.account.name,
        charge.currency,
        _midnight(month.ends_at.date()),
        _midnight(month.starts_at.date()),
        charge.category,
        "Correction" if charge.is_correction else "",
        charge.description,
        _frequency(charge),
        _midnight(charge.day + _DAY),
        _midnight(charge.day),
        quantity if is_usage else "",
        charge.unit if is_usage else "",
        number_text(_cost(charge, charge.contracted_price, charge.contracted_cost)),
        contracted_price,
        effective,
        charge.invoice or "",
        seller,
        number_text(_cost(charge, charge.list_price, charge.list_cost)),
        list_price,
        CREDITS_UNIT if in_credits else charge.currency,
        "1" if in_credits else contracted_price,
        quantity if in_credits else effective,
        "1" if in_credits else list_price,
        quantity,
        "" if charge.quantity is None else charge.unit,
        seller,
        seller,
        _CATEGORY,
        charge.service,
        _SUBCATEGORY,
        sku or "",
        charge.unit if sku else "",
        "",
        # What it costs is listed by currency.
        f"{sku}/{charge.currency}" if sku else "",
    )


def number_text(number: Decimal) -> str:
    """A plain decimal without an exponent, and without a sign where it is zero."""
    return format(number, "f") if number else "0"


def _frequency(charge: Charge) -> str:
    if charge.is_recurring:
        return "Recurring"
    return "Usage-Based" if charge.category == USAGE else "One-Time"


def _cost(charge: Charge, price: Decimal | None, cost: Decimal | None) -> Decimal:
    if price is not None and charge.quantity is not None:
        return price * charge.quantity
    return charge.billed if cost is None else cost


def _optional(number: Decimal | None) -> str:
    return "" if number is None else number_text(number)


@lru_cache(maxsize=128)  # a month's days, for each of its charges
def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
