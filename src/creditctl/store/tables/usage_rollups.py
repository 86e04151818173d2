"""Sums of usage that reports, checks and invoices read instead of events."""

from sqlmodel import SQLModel

from creditctl.store.tables.columns import CLUSTERED, integer, text


class UsageHour(SQLModel, table=True):
    """Usage summed per hour, organization, key (0 = none named) and endpoint."""

    __tablename__ = "usage_hour"
    __table_args__ = CLUSTERED

    hour: int = integer(key=True)
    organization_id: int = integer(key=True)
    api_key_id: int = integer(key=True)
    endpoint_id: int = integer(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class UsageDay(SQLModel, table=True):
    """Usage summed per UTC day, organization, product and tier ('' = no tier)."""

    __tablename__ = "usage_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    organization_id: int = integer(key=True)
    product_id: int = integer(key=True)
    tier: str = text(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class UsageEndpointHour(SQLModel, table=True):
    """Usage summed per hour and endpoint, of all organizations together."""

    __tablename__ = "usage_endpoint_hour"
    __table_args__ = CLUSTERED

    hour: int = integer(key=True)
    endpoint_id: int = integer(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class UsageKeyDay(SQLModel, table=True):
    """Usage summed per UTC day, organization and key (0 = none named)."""

    __tablename__ = "usage_key_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    organization_id: int = integer(key=True)
    api_key_id: int = integer(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class UsageTierDay(SQLModel, table=True):
    """Usage summed per UTC day and tier ('' = no tier), of all organizations together."""

    __tablename__ = "usage_tier_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    tier: str = text(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class UsageStatusDay(SQLModel, table=True):
    """Usage summed per UTC day, organization and HTTP status."""

    __tablename__ = "usage_status_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    organization_id: int = integer(key=True)
    status: int = integer(key=True)
    requests: int = integer()
    billed: int = integer()
    failed: int = integer()
    units: int = integer()
    credits_micro: int = integer()


class DebitDay(SQLModel, table=True):
    """Who paid a day's usage: a grant source, or `overage`; summed from the ledger."""

    __tablename__ = "debit_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    organization_id: int = integer(key=True)
    product_id: int = integer(key=True)
    source: str = text(key=True)
    credits_micro: int = integer()


class VolumeDay(SQLModel, table=True):
    """Billed units of a UTC day, of products whose price is graduated by the day's volume."""

    __tablename__ = "volume_day"
    __table_args__ = CLUSTERED

    day: int = integer(key=True)
    organization_id: int = integer(key=True)
    product_id: int = integer(key=True)
    units: int = integer()
