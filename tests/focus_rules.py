"""What FOCUS 1.2 demands of the columns we write, as a table, and a check of rows against it.

Read from the specification's `columns` of version 1.2. The published validator is run beside this
table (`focus_validator.py`), but finds no single row whose value is none of those allowed, nor
instants that are not written in UTC, and skips what it cannot calculate.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

Row = Mapping[str, str]

TEXT = r"\S(.*\S)?"
DECIMAL = r"-?(0|[1-9]\d*)(\.\d+)?"
CURRENCY = r"[A-Z]{3}"
MIDNIGHT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
SERVICE_CATEGORY = (
    "AI and Machine Learning|Analytics|Business Applications|Compute|Databases|Developer Tools"
    "|Multicloud|Identity|Integration|Internet of Things|Management and Governance|Media"
    "|Migration|Mobile|Networking|Security|Storage|Web|Other"
)

MANDATORY = {
    "BilledCost": (DECIMAL, "never null"),
    "BillingAccountId": (TEXT, "never null"),
    "BillingAccountName": (TEXT, "may be null"),
    "BillingCurrency": (CURRENCY, "never null"),
    "BillingPeriodEnd": (MIDNIGHT, "never null"),
    "BillingPeriodStart": (MIDNIGHT, "never null"),
    "ChargeCategory": ("Usage|Purchase|Tax|Credit|Adjustment", "never null"),
    "ChargeClass": ("Correction", "may be null"),
    "ChargeDescription": (TEXT, "may be null"),
    "ChargePeriodEnd": (MIDNIGHT, "never null"),
    "ChargePeriodStart": (MIDNIGHT, "never null"),
    "ContractedCost": (DECIMAL, "never null"),
    "EffectiveCost": (DECIMAL, "never null"),
    "InvoiceIssuerName": (TEXT, "never null"),
    "ListCost": (DECIMAL, "never null"),
    "PricingQuantity": (DECIMAL, "may be null"),
    "PricingUnit": (TEXT, "may be null"),
    "ProviderName": (TEXT, "never null"),
    "PublisherName": (TEXT, "never null"),
    "ServiceCategory": (SERVICE_CATEGORY, "never null"),
    "ServiceName": (TEXT, "never null"),
}
"""The 21 mandatory columns: the form of a value, and whether it may be null."""

OPTIONAL = {
    "ConsumedQuantity": (DECIMAL, "may be null"),
    "ConsumedUnit": (TEXT, "may be null"),
    "SkuId": (TEXT, "may be null"),
    "SkuMeter": (TEXT, "may be null"),
    "SkuPriceDetails": (r"\{.*\}", "may be null"),
    "SkuPriceId": (TEXT, "may be null"),
    "ContractedUnitPrice": (r"(0|[1-9]\d*)(\.\d+)?", "may be null"),
    "ListUnitPrice": (r"(0|[1-9]\d*)(\.\d+)?", "may be null"),
    "ChargeFrequency": ("One-Time|Recurring|Usage-Based", "never null"),
    "InvoiceId": (TEXT, "may be null"),
    "PricingCurrency": (f"{CURRENCY}|Credits", "never null"),
    "PricingCurrencyContractedUnitPrice": (r"(0|[1-9]\d*)(\.\d+)?", "may be null"),
    "PricingCurrencyEffectiveCost": (DECIMAL, "never null"),
    "PricingCurrencyListUnitPrice": (r"(0|[1-9]\d*)(\.\d+)?", "may be null"),
    "ServiceSubcategory": (r"Other \(Other\)", "never null"),
}
"""Columns that a provider adds where they fit."""


def breaches(row: Row) -> list[str]:
    """Which rules a row breaks, in words."""
    rules = MANDATORY | OPTIONAL
    found = [f"{name} is missing" for name in MANDATORY if name not in row]
    found += [f"{name} is unknown" for name in row if name not in rules and name[:2] != "x_"]
    for name, value in row.items():
        form, null = rules.get(name, (TEXT, "may be null"))
        if value == "" and null == "never null":
            found.append(f"{name} is null")
        elif value and not re.fullmatch(form, value):
            found.append(f"{name} is {value!r}")
    return found or _between_columns(row)


def _between_columns(row: Row) -> list[str]:
    return [words for words, breaks in BETWEEN_COLUMNS.items() if breaks(row)]


def _wrong_product(kind: str) -> Callable[[Row], bool]:
    """Whether that cost is neither price x quantity, nor what is billed for a credit."""

    def wrong(row: Row) -> bool:
        price, cost = row[f"{kind}UnitPrice"], Decimal(row[f"{kind}Cost"])
        if price and row["PricingQuantity"]:
            product = Decimal(price) * Decimal(row["PricingQuantity"])
            return product != cost and row["ChargeClass"] != "Correction"
        return row["ChargeCategory"] == "Credit" and cost != Decimal(row["BilledCost"])

    return wrong


def _is(category: str) -> Callable[[Row], bool]:
    return lambda row: row["ChargeCategory"] == category


def _wrong_pricing_currency(row: Row) -> bool:
    """Usage that is counted in credits is priced in them, one for each; all else in money."""
    has = tuple(row[f"PricingCurrency{name}"] for name in ("", *_PRICING_CURRENCY))
    if _is("Usage")(row) and row["PricingUnit"] == "Credits":
        return has != ("Credits", "1", "1", row["PricingQuantity"])
    return has != (row["BillingCurrency"], *(row[name] for name in _PRICING_CURRENCY))


_PRICING_CURRENCY = ("ContractedUnitPrice", "ListUnitPrice", "EffectiveCost")
_PRICED = ("PricingQuantity", "ListUnitPrice", "ContractedUnitPrice", "SkuId", "SkuPriceId")
BETWEEN_COLUMNS: dict[str, Callable[[Row], bool]] = {
    "a tax has neither quantity, unit price nor SKU": lambda row: (
        _is("Tax")(row) and any(row[name] for name in _PRICED)
    ),
    "usage and purchases have a quantity, unit prices and a SKU": lambda row: (
        row["ChargeCategory"] in ("Usage", "Purchase")
        and row["ChargeClass"] != "Correction"
        and not all(row[name] for name in _PRICED)
    ),
    "a quantity goes with its unit": lambda row: (
        bool(row["PricingQuantity"]) != bool(row["PricingUnit"])
    ),
    "usage is consumed, and nothing else is": lambda row: (
        bool(row["ConsumedQuantity"]) != _is("Usage")(row)
        or bool(row["ConsumedUnit"]) != _is("Usage")(row)
    ),
    "a meter and a price are those of a SKU": lambda row: (
        len({bool(row[name]) for name in ("SkuId", "SkuMeter", "SkuPriceId")}) == 2
    ),
    "a purchase is not usage-based": lambda row: (
        _is("Purchase")(row) and row["ChargeFrequency"] == "Usage-Based"
    ),
    "what covers future charges has no effective cost": lambda row: (
        _is("Purchase")(row) and Decimal(row["EffectiveCost"]) != 0
    ),
    "a credit is effective when it is billed": lambda row: (
        _is("Credit")(row) and row["EffectiveCost"] != row["BilledCost"]
    ),
    "ListCost is price x quantity": _wrong_product("List"),
    "ContractedCost is price x quantity": _wrong_product("Contracted"),
    "what is priced is so in credits or in the billing currency": _wrong_pricing_currency,
    "a tax is on an invoice, and usage that is not billed is on none": lambda row: (
        (_is("Tax")(row) and not row["InvoiceId"])
        or (_is("Usage")(row) and not Decimal(row["BilledCost"]) and bool(row["InvoiceId"]))
    ),
    "a charge begins before it ends": lambda row: (
        row["ChargePeriodStart"] >= row["ChargePeriodEnd"]
    ),
    "a charge lies in its billing period": lambda row: (
        row["ChargePeriodStart"] < row["BillingPeriodStart"]
        or row["ChargePeriodEnd"] > row["BillingPeriodEnd"]
    ),
}
"""What has to hold between columns, and how it is broken."""
