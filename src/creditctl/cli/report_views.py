"""How the finance reports are shown."""

from creditctl.output.view import Column, Section, View

_MONTHS = (Column("amount", "This month"), Column("previous"), Column("change"))
_UNPAID = Column("given"), Column("used"), Column("expired"), Column("reversed")

USAGE_VIEW = View(
    "creditctl.usage_value/v1",
    (Column("month"), Column("credits"), Column("list_value", "At list price")),
    (
        Section(
            "products",
            "Credits by who paid",
            (
                Column("product"),
                Column("credits"),
                Column("allowance"),
                Column("gifts"),
                Column("paid"),
                Column("overage"),
                Column("previous", "Before"),
                Column("change"),
            ),
        ),
        Section("revenue", "Revenue", (Column("line", "Product"), *_MONTHS)),
    ),
    csv_rows="products",
)
LIABILITY_VIEW = View(
    "creditctl.liability/v1",
    (Column("month"),),
    (
        Section("roll_forward", "Roll-forward", (Column("line"), *_MONTHS)),
        Section(
            "unused",
            "Unused at the end of the month",
            (Column("source"), Column("age"), Column("credits"), *_MONTHS),
        ),
    ),
    csv_rows="roll_forward",
)
LIABILITY_AT_VIEW = View(
    "creditctl.liability_at/v1",
    (Column("at"),),
    (
        Section(
            "totals",
            "Since the beginning",
            (
                Column("credits"),
                Column("sold"),
                Column("used"),
                Column("expired"),
                Column("reversed"),
                Column("unused"),
            ),
        ),
        Section(
            "unused",
            "Unused at that moment",
            (Column("source"), Column("age"), Column("credits"), Column("amount")),
        ),
    ),
    csv_rows="unused",
)
MARGIN_VIEW = View(
    "creditctl.margin/v1",
    (Column("month"), Column("grouped_by"), Column("without_cost", "Requests without cost")),
    (
        Section(
            "lines",
            "Margin",
            (
                Column("line", wraps=True),
                Column("revenue"),
                Column("cost"),
                Column("margin"),
                Column("percent", "%"),
            ),
        ),
        Section(
            "lines",
            "The month before",
            (
                Column("line", wraps=True),
                Column("previous_revenue", "Revenue"),
                Column("previous", "Margin"),
                Column("change", "Change since"),
            ),
        ),
        Section(
            "lines",
            "Usage",
            (
                Column("line", wraps=True),
                Column("requests"),
                Column("units"),
                Column("credits"),
                Column("note"),
            ),
        ),
    ),
    csv_rows="lines",
)
REVENUE_VIEW = View(
    "creditctl.revenue/v1",
    (Column("month"),),
    (
        Section("sources", "Recognised", (Column("line", "Source"), *_MONTHS)),
        Section("products", "Burn-down by product", (Column("line", "Product"), *_MONTHS)),
    ),
    csv_rows="sources",
)
BREAKAGE_VIEW = View(
    "creditctl.breakage/v1",
    (Column("month"), Column("credits")),
    (Section("sources", "Breakage", (Column("line", "Source"), *_MONTHS)),),
    csv_rows="sources",
)
PROMOTIONS_VIEW = View(
    "creditctl.promotion_report/v1",
    (Column("month"), Column("given"), Column("list_value", "At list price")),
    (
        Section(
            "gifts",
            "Credits given away",
            (
                Column("source"),
                Column("promotion"),
                *_UNPAID,
                Column("previous", "Given before"),
            ),
        ),
    ),
    csv_rows="gifts",
)
RECEIVABLES_VIEW = View(
    "creditctl.receivables/v1",
    (Column("month"),),
    (
        Section("roll_forward", "Roll-forward", (Column("line"), *_MONTHS)),
        Section(
            "organizations",
            "By organization",
            (
                Column("organization", "Org"),
                Column("opening"),
                Column("invoiced"),
                Column("paid"),
                Column("credited"),
                Column("voided"),
                Column("closing"),
            ),
        ),
    ),
    csv_rows="roll_forward",
)
MRR_VIEW = View(
    "creditctl.recurring_revenue/v1",
    (Column("month"), Column("subscriptions")),
    (
        Section(
            "plans",
            "Monthly recurring revenue",
            (Column("plan"), Column("interval"), Column("subscriptions", "Subs"), *_MONTHS),
        ),
        Section("totals", "Totals", (Column("line"), *_MONTHS)),
    ),
    csv_rows="plans",
)
