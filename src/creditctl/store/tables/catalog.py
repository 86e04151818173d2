"""The catalog and its history: prices and plans get new versions, old ones stay."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    flag,
    identity,
    integer,
    maybe_integer,
    maybe_text,
    one_of,
    text,
)


def _validity() -> CheckConstraint:
    return CheckConstraint("effective_to > effective_from", name="validity_not_empty")


class CatalogVersion(SQLModel, table=True):
    """One applied catalog file, kept word for word."""

    __tablename__ = "catalog_version"
    __table_args__ = STRICT

    id: int | None = identity()
    name: str = text()
    currency: str = text()
    list_price: str = text()
    effective_from: int = integer()
    applied_at: int = integer()
    actor: str = text()
    sha256: str = text()
    source: str = text()


class Product(SQLModel, table=True):
    """A group of endpoints that is sold and reported together."""

    __tablename__ = "product"
    __table_args__ = STRICT

    id: int | None = identity()
    name: str = text(unique=True)
    title: str = text()


class Endpoint(SQLModel, table=True):
    """A method and a path pattern of a product."""

    __tablename__ = "endpoint"
    __table_args__ = (UniqueConstraint("method", "path"), STRICT)

    id: int | None = identity()
    product_id: int = integer(refers_to="product.id")
    method: str = text()
    path: str = text()


class EndpointPrice(SQLModel, table=True):
    """What a request to an endpoint costs while this version is in force.

    `plan_id` 0 is the list price, another one that plan's own. `volume_steps` is JSON.
    """

    __tablename__ = "endpoint_price"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "plan_id", "effective_from"),
        _validity(),
        one_of("rounding", "up", "exact"),
        CheckConstraint("base_micro >= 0 AND unit_micro >= 0", name="costs_not_negative"),
        CheckConstraint("per_units > 0 AND included_units >= 0", name="units_sensible"),
        CheckConstraint("maximum_micro >= minimum_micro", name="minimum_below_maximum"),
        STRICT,
    )

    id: int | None = identity()
    endpoint_id: int = integer(refers_to="endpoint.id")
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    tier: str | None = maybe_text()
    base_micro: int = integer()
    unit_micro: int = integer()
    per_units: int = integer()
    unit: str | None = maybe_text()
    rounding: str = text()
    included_units: int = integer()
    minimum_micro: int = integer()
    maximum_micro: int | None = maybe_integer()
    billed_statuses: str = text()
    plan_id: int = integer()
    volume_steps: str | None = maybe_text()


class Plan(SQLModel, table=True):
    """A plan's name; what it means is in its versions."""

    __tablename__ = "plan"
    __table_args__ = STRICT

    id: int | None = identity()
    name: str = text(unique=True)


class PlanVersion(SQLModel, table=True):
    """Fee, allowance, limits and capabilities of a plan while this version is in force."""

    __tablename__ = "plan_version"
    __table_args__ = (
        UniqueConstraint("plan_id", "effective_from"),
        _validity(),
        one_of("interval", "month", "year"),
        one_of("rollover", "reset", "carry"),
        one_of("gate_when_down", "open", "closed"),
        CheckConstraint(
            "fee_minor >= 0 AND allowance_micro >= 0 AND postpaid_limit_micro >= 0",
            name="amounts_not_negative",
        ),
        STRICT,
    )

    id: int | None = identity()
    plan_id: int = integer(refers_to="plan.id")
    catalog_version_id: int = integer(refers_to="catalog_version.id")
    effective_from: int = integer()
    effective_to: int | None = maybe_integer()
    title: str = text()
    fee_minor: int = integer()
    interval: str = text()
    allowance_micro: int = integer()
    rollover: str = text()
    postpaid_limit_micro: int = integer()
    overage_price: str | None = maybe_text()
    unlimited: bool = flag()
    tiers: str = text()
    limits: str = text()
    capabilities: str = text()
    carry_cap_micro: int | None = maybe_integer()
    trial_days: int = integer()
    trial_micro: int = integer()
    gate_when_down: str | None = maybe_text()
