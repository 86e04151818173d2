"""How `creditctl credits` answers."""

from creditctl.output.view import Column, Section, View

GRANT_VIEW = View(
    "creditctl.granted/v1",
    (
        Column("organization"),
        Column("id"),
        Column("source"),
        Column("amount"),
        Column("repaid", "Repaid overage"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
        Column("needs_approval", "Needs approval"),
    ),
)
BALANCE_VIEW = View(
    "creditctl.balance/v1",
    (
        Column("organization"),
        Column("at", "As of"),
        Column("available"),
        Column("held"),
        Column("open_overage", "Open overage"),
        Column("postpaid_overage", "Postpaid overage"),
        Column("net"),
    ),
    (
        Section(
            "sources",
            "Available by source",
            (
                Column("source"),
                Column("product"),
                Column("available"),
                Column("next_expiry_at", "Next expiry"),
            ),
        ),
    ),
)
GRANTS_VIEW = View(
    "creditctl.grants/v1",
    (
        Column("draws", "Next"),
        Column("source"),
        Column("product"),
        Column("remaining"),
        Column("amount", "Of"),
        Column("expires_at", "Until"),
        Column("state"),
    ),
    empty="No grants to draw from.",
)
HISTORY_VIEW = View(
    "creditctl.movements/v1",
    (
        Column("happened_at", "Time"),
        Column("kind"),
        Column("amount"),
        Column("net"),
        Column("source"),
        Column("product"),
    ),
    empty="No movements yet.",
)
TAKEN_VIEW = View(
    "creditctl.taken_back/v1",
    (
        Column("grant"),
        Column("organization"),
        Column("source"),
        Column("taken", "Taken back"),
        Column("kept", "Used before"),
        Column("unwound", "Open overage now"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
        Column("needs_approval", "Needs approval"),
    ),
    sections=(
        Section(
            "credit_notes",
            "Credit notes",
            (Column("number"), Column("net"), Column("tax"), Column("total")),
            hidden_when_empty=True,
        ),
    ),
)
WAIVED_VIEW = View(
    "creditctl.waived/v1",
    (
        Column("organization"),
        Column("waived"),
        Column("open_before", "Open before"),
        Column("open_after", "Open after"),
        Column("dry_run", "Dry run"),
        Column("needs_approval", "Needs approval"),
    ),
)
REALLOCATED_VIEW = View(
    "creditctl.reallocated/v1",
    (
        Column("organization"),
        Column("month"),
        Column("entries", "Entries unwound"),
        Column("paid_before", "Paid by grants before"),
        Column("paid_after", "Paid by grants after"),
        Column("overage_before", "Overage before"),
        Column("overage_after", "Overage after"),
        Column("dry_run", "Dry run"),
    ),
)
OUTLOOK_VIEW = View(
    "creditctl.credit_outlook/v1",
    (
        Column("organization"),
        Column("at", "As of"),
        Column("key"),
        Column("allowed"),
        Column("state"),
        Column("words", "Why"),
        Column("since"),
        Column("until"),
        Column("usage"),
        Column("limit"),
    ),
    (
        Section(
            "next",
            "Drawn next",
            (
                Column("draws", "Next"),
                Column("source"),
                Column("product"),
                Column("remaining"),
                Column("expires_at", "Until"),
                Column("why", "Before the next because"),
            ),
        ),
    ),
)
LINEAGE_VIEW = View(
    "creditctl.event_lineage/v1",
    (
        Column("event"),
        Column("organization"),
        Column("key"),
        Column("occurred_at", "Time"),
        Column("request"),
        Column("product"),
        Column("status"),
        Column("units"),
        Column("credits"),
        Column("rule", "Price"),
        Column("price_from", "In force from"),
        Column("plan", "Of plan"),
        Column("batch"),
        Column("file"),
    ),
    (
        Section(
            "payers",
            "Paid by",
            (Column("source"), Column("grant"), Column("credits"), Column("why")),
        ),
        Section("passed_over", "Passed over", (Column("source"), Column("grant"), Column("why"))),
    ),
)
