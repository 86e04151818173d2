"""How `creditctl orgs` answers."""

from creditctl.output.view import Column, Section, View

CREATED_VIEW = View(
    "creditctl.created_org/v1",
    (
        Column("slug", "Organization"),
        Column("id"),
        Column("legal_name", "Name"),
        Column("kind"),
        Column("granted", "Credits granted"),
        Column("qualification", "Judged"),
    ),
    (
        Section(
            "evidence",
            "In common with others",
            (Column("organization"), Column("kind"), Column("value"), Column("strong")),
            hidden_when_empty=True,
        ),
    ),
)
ORGS_VIEW = View(
    "creditctl.orgs/v1",
    (
        Column("slug", "Organization"),
        Column("legal_name", "Name"),
        Column("kind"),
        Column("status"),
        Column("plan"),
        Column("country"),
    ),
    empty="No organizations: 'creditctl orgs create SLUG' makes one.",
)
UPDATED_VIEW = View(
    "creditctl.updated_org/v1",
    (
        Column("slug", "Organization"),
        Column("legal_name", "Name"),
        Column("billing_email", "E-mail"),
        Column("street"),
        Column("postcode"),
        Column("city"),
        Column("country"),
        Column("region"),
        Column("locality"),
        Column("currency"),
        Column("tax_id", "Tax id"),
        Column("tax_id_confirmed", "Tax id confirmed"),
        Column("tax_exempt", "Tax exempt"),
        Column("aligned", "Billed by subscription"),
    ),
)
ORG_VIEW = View(
    "creditctl.org/v1",
    (
        Column("slug", "Organization"),
        Column("id"),
        Column("legal_name", "Name"),
        Column("billing_email", "E-mail"),
        Column("address"),
        Column("place", "Country"),
        Column("tax_id", "Tax id"),
        Column("tax_id_confirmed", "Tax id confirmed"),
        Column("tax_exempt", "Tax exempt"),
        Column("kind"),
        Column("status"),
        Column("plan"),
        Column("keys", "Active keys"),
        Column("available"),
        Column("owed", "Overage"),
        Column("state"),
        Column("reason"),
        Column("last_usage_at", "Last usage"),
    ),
    (
        Section(
            "sources",
            "Balance by source",
            (
                Column("source"),
                Column("product"),
                Column("available"),
                Column("next_expiry_at", "Next expiry"),
            ),
        ),
        Section(
            "budgets",
            "Daily budgets",
            (Column("kind"), Column("limit"), Column("used", "Used today")),
        ),
        Section(
            "invoices",
            "Open invoices",
            (Column("month"), Column("status"), Column("total")),
        ),
    ),
)
STATUS_VIEW = View(
    "creditctl.org_status/v1",
    (
        Column("organization"),
        Column("previous", "Was"),
        Column("status"),
        Column("keys_revoked", "Keys revoked"),
        Column("subscription_ended_at", "Subscription ended"),
    ),
)
DUPLICATES_VIEW = View(
    "creditctl.duplicates/v1",
    (
        Column("first", "Organization"),
        Column("second", "And"),
        Column("verdict"),
        Column("evidence", "In common"),
    ),
    empty="No two organizations have anything in common.",
)
PROMOTED_VIEW = View(
    "creditctl.promoted_org/v1",
    (
        Column("organization"),
        Column("kind"),
        Column("granted", "Credits granted"),
        Column("qualification", "Judged"),
        Column("refused", "Not given"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
    ),
    (
        Section(
            "evidence",
            "In common with others",
            (Column("organization"), Column("kind"), Column("value"), Column("strong")),
            hidden_when_empty=True,
        ),
    ),
)
MERGED_VIEW = View(
    "creditctl.merged_orgs/v1",
    (
        Column("source", "Merged"),
        Column("target", "Into"),
        Column("keys"),
        Column("events"),
        Column("grants"),
        Column("destinations"),
        Column("credits", "Credits moved"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
    ),
)
