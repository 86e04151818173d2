"""How order forms are shown."""

from creditctl.output.view import Column, Section, View

_WHAT = (
    Column("organization"),
    Column("version"),
    Column("supersedes", "Amends"),
    Column("status"),
)
_TO_COME = (
    Column("to_deliver", "Credits to come"),
    Column("to_bill", "To be billed"),
    Column("next_at", "Next on"),
)
CHANGED_VIEW = View(
    "creditctl.changed_order/v1",
    (
        *_WHAT,
        Column("action"),
        Column("credits"),
        Column("price"),
        Column("delivered", "Credits delivered"),
        *_TO_COME,
        Column("dry_run", "Dry run"),
        Column("id"),
    ),
)
ACTIVATED_VIEW = View(
    "creditctl.activated_order/v1",
    (
        *_WHAT,
        Column("granted", "Credits granted"),
        Column("billed"),
        *_TO_COME,
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
        Column("needs_approval", "Needs approval"),
        Column("id"),
    ),
)
ORDERS_VIEW = View(
    "creditctl.orders/v1",
    (
        Column("id"),
        Column("organization"),
        Column("status"),
        Column("credits"),
        Column("price"),
        Column("delivered"),
    ),
    empty="No order forms yet.",
)
ORDER_VIEW = View(
    "creditctl.order/v1",
    (
        Column("id", "Order form"),
        *_WHAT[:3],
        Column("superseded_by", "Amended by"),
        _WHAT[3],
        Column("po_number", "Purchase order"),
        Column("credits"),
        Column("price"),
        Column("delivered", "Credits delivered"),
        Column("billed"),
        Column("created_at", "Drafted"),
        Column("signer", "Signed by"),
        Column("signed_on", "Signed on"),
        Column("activated_at", "In force since"),
        Column("ended_at", "Ended"),
    ),
    (
        Section(
            "lines",
            "Lines",
            (
                Column("number", "No."),
                Column("credits"),
                Column("product"),
                Column("unit_price", "Each"),
                Column("discount", "% off"),
                Column("price"),
                Column("starts_on", "From"),
                Column("expiry"),
            ),
        ),
        Section(
            "instalments",
            "Instalments",
            (
                Column("line"),
                Column("number", "No."),
                Column("due_on", "Due"),
                Column("credits"),
                Column("amount"),
                Column("expires_on", "Expires"),
                Column("state"),
            ),
        ),
        Section("terms_lines", "Terms", (Column("text", ""),), hidden_when_empty=True),
    ),
)
