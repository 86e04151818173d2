"""How `creditctl promotions` answers."""

from creditctl.output.view import Column, View

PROMOTIONS_VIEW = View(
    "creditctl.promotions/v1",
    (
        Column("name"),
        Column("code"),
        Column("status"),
        Column("amount", "Gives"),
        Column("claims"),
        Column("given"),
        Column("credits_left", "Left"),
        Column("redemptions_left", "Times"),
    ),
    empty="The catalog has no promotions.",
)
PROMOTION_VIEW = View(
    "creditctl.promotion/v1",
    (
        Column("name", "Promotion"),
        Column("title"),
        Column("status"),
        Column("trigger"),
        Column("code"),
        Column("amount", "Gives"),
        Column("money", "Worth"),
        Column("starts_at", "From"),
        Column("ends_at", "Until"),
        Column("requires"),
        Column("lifetime_days", "Days to live"),
        Column("product", "Only for product"),
        Column("countries"),
        Column("plans"),
        Column("budget"),
        Column("credits_left", "Budget left"),
        Column("budget_redemptions", "Times at most"),
        Column("redemptions_left", "Times left"),
        Column("claims"),
        Column("given"),
        Column("spent"),
        Column("expired"),
        Column("taken_back", "Taken back"),
        Column("remaining"),
    ),
)
CLAIMS_VIEW = View(
    "creditctl.promotion_claims/v1",
    (
        Column("promotion"),
        Column("organization"),
        Column("amount", "Credits"),
        Column("claimed_at"),
        Column("expires_at"),
    ),
    empty="No promotion was given yet.",
)
REDEEMED_VIEW = View(
    "creditctl.redeemed/v1",
    (
        Column("organization"),
        Column("promotion"),
        Column("amount", "Credits"),
        Column("product", "Only for product"),
        Column("expires_at"),
        Column("grant"),
        Column("credits_left", "Budget left"),
        Column("redemptions_left", "Times left"),
        Column("available_before", "Available before"),
        Column("available_after", "Available after"),
        Column("dry_run", "Dry run"),
    ),
)
