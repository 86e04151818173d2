"""The schema: SQLModel classes, one file per aggregate, gathered in `metadata`."""

from sqlmodel import SQLModel

from creditctl.store.tables import (  # noqa: F401 - importing a file registers its tables
    api_keys,
    approvals,
    catalog,
    closings,
    gate,
    grants,
    holds,
    invoices,
    late_usage,
    ledger,
    notifications,
    orders,
    organizations,
    promotions,
    purchases,
    receivables,
    recharges,
    records,
    selling,
    spend,
    subscriptions,
    usage,
    usage_rollups,
)

metadata = SQLModel.metadata
