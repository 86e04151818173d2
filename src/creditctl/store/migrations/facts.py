"""Columns of the first schema that keep their history: what its triggers watch over."""

PRICE_FACTS = [
    "id",
    "endpoint_id",
    "catalog_version_id",
    "effective_from",
    "tier",
    "base_micro",
    "unit_micro",
    "per_units",
    "unit",
    "rounding",
    "included_units",
    "minimum_micro",
    "maximum_micro",
    "billed_statuses",
]

PLAN_FACTS = [
    "id",
    "plan_id",
    "catalog_version_id",
    "effective_from",
    "title",
    "fee_minor",
    "interval",
    "allowance_micro",
    "rollover",
    "postpaid_limit_micro",
    "overage_price",
    "unlimited",
    "tiers",
    "limits",
    "capabilities",
]

GRANT_FACTS = [
    "id",
    "public_id",
    "organization_id",
    "source",
    "amount_micro",
    "product_id",
    "priority",
    "effective_at",
    "expires_at",
    "unit_cost",
    "currency",
    "subscription_id",
    "period_starts_at",
    "promotion",
    "created_at",
]
