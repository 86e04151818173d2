"""How purchases are shown."""

from creditctl.output.view import Column, Section, View

_TAXES = Section(
    "taxes",
    "Taxes",
    (Column("name"), Column("place"), Column("percent", "%"), Column("taxable"), Column("tax")),
)
QUOTE_VIEW = View(
    "creditctl.quote/v1",
    (
        Column("organization"),
        Column("credits"),
        Column("unit_price", "Price per credit"),
        Column("net"),
        Column("tax"),
        Column("total"),
        Column("notice"),
        Column("provider"),
        Column("dry_run", "Dry run"),
    ),
)
PURCHASE_VIEW = View(
    "creditctl.purchase/v1",
    (
        Column("id", "Purchase"),
        Column("organization"),
        Column("status"),
        Column("package"),
        Column("credits"),
        Column("unit_price", "Price per credit"),
        Column("net"),
        Column("tax"),
        Column("total"),
        Column("received"),
        Column("missing"),
        Column("surplus"),
        Column("owed_back", "Owed back"),
        Column("notice"),
        Column("reference"),
        Column("grant"),
        Column("receipt"),
        Column("void_reason", "Void because"),
    ),
    (
        _TAXES,
        Section(
            "payments",
            "Payments",
            (Column("provider"), Column("status"), Column("received"), Column("message")),
        ),
        Section(
            "credit_notes",
            "Credit notes",
            (Column("number"), Column("net"), Column("tax"), Column("total"), Column("reason")),
            hidden_when_empty=True,
        ),
    ),
)
PURCHASES_VIEW = View(
    "creditctl.purchases/v1",
    (
        Column("id"),
        Column("organization", "Org"),
        Column("status"),
        Column("credits"),
        Column("total"),
    ),
    empty="No purchases yet.",
)
SETTLED_VIEW = View(
    "creditctl.settled_purchase/v1",
    (
        Column("id", "Purchase"),
        Column("organization"),
        Column("status"),
        Column("total"),
        Column("received"),
        Column("missing"),
        Column("surplus"),
        Column("credits"),
        Column("grant"),
        Column("receipt"),
        Column("dry_run", "Dry run"),
    ),
)
VOIDED_VIEW = View(
    "creditctl.voided_purchase/v1",
    (
        Column("id", "Purchase"),
        Column("organization"),
        Column("status"),
        Column("total"),
        Column("dry_run", "Dry run"),
    ),
)
RECEIPT_VIEW = View(
    "creditctl.receipt/v1",
    (
        Column("number", "Receipt"),
        Column("issued_at", "Issued"),
        Column("seller"),
        Column("buyer"),
        Column("purchase"),
        Column("reference"),
        Column("description", "For"),
        Column("unit_price", "Price per credit"),
        Column("net"),
        Column("tax"),
        Column("total"),
        Column("notice"),
    ),
    (_TAXES,),
)
