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
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
)
"""The 21 mandatory ones, those of who measures usage and publishes prices, and the frequency."""

USAGE, PURCHASE, TAX, CREDIT = "Usage", "Purchase", "Tax", "Credit"
CREDITS_UNIT, FEES_UNIT, DAYS_UNIT = "Credits", "Fees", "Days"
NOTHING = Decimal(0)
_CATEGORY = "Other"
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
    is_correction: bool = False
    """Of a billing period that was over."""


def row_of(charge: Charge, month: Period, seller: str) -> dict[str, str]:
    """The charge as text by column; what is null is empty."""
    return {
        "BilledCost": number_text(charge.billed),
        "BillingAccountId": charge.account.id,
        "BillingAccountName": charge.account.name,
        "BillingCurrency": charge.currency,
        "BillingPeriodEnd": _midnight(month.ends_at.date()),
        "BillingPeriodStart": _midnight(month.starts_at.date()),
        "ChargeCategory": charge.category,
        "ChargeClass": "Correction" if charge.is_correction else "",
        "ChargeDescription": charge.description,
        "ChargeFrequency": _frequency(charge),
        "ChargePeriodEnd": _midnight(charge.day + _DAY),
        "ChargePeriodStart": _midnight(charge.day),
        "ConsumedQuantity": _optional(charge.quantity) if charge.category == USAGE else "",
        "ConsumedUnit": charge.unit if charge.category == USAGE else "",
        "ContractedCost": number_text(
            _cost(charge, charge.contracted_price, charge.contracted_cost)
        ),
        "ContractedUnitPrice": _optional(charge.contracted_price),
        "EffectiveCost": number_text(charge.effective),
        "InvoiceIssuerName": seller,
        "ListCost": number_text(_cost(charge, charge.list_price, charge.list_cost)),
        "ListUnitPrice": _optional(charge.list_price),
        "PricingQuantity": _optional(charge.quantity),
        "PricingUnit": "" if charge.quantity is None else charge.unit,
        "ProviderName": seller,
        "PublisherName": seller,
        "ServiceCategory": _CATEGORY,
        "ServiceName": charge.service,
        "SkuId": charge.sku or "",
        "SkuMeter": charge.unit if charge.sku else "",
        "SkuPriceDetails": "",
        # What it costs is listed by currency.
        "SkuPriceId": f"{charge.sku}/{charge.currency}" if charge.sku else "",
    }


def number_text(number: Decimal) -> str:
    """A plain decimal without an exponent, and without a sign where it is zero."""
    return format(number or NOTHING, "f")


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
