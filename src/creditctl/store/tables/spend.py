"""Spend management: lines people draw, the states `limits check` decides, and what it has to do."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    STRICT,
    identity,
    index_of_some,
    integer,
    maybe_integer,
    one_of,
    text,
)

_HARD = sql("kind = 'hard'")
_BAD = sql("state <> 'ok'")
_OPEN = sql("recovered_at IS NULL")


class Budget(SQLModel, table=True):
    """A line: `hard` blocks beyond it, `notify` tells.

    `limit_micro` is credits, requests or days in millionths; it is 0 where `percent_ppm` says what
    part of a budget, allowance, quota or balance it is. Product and key 0 are all of them.
    """

    __tablename__ = "budget"
    __table_args__ = (
        Index(
            "uq_budget_hard",
            "organization_id",
            "product_id",
            "api_key_id",
            "period",
            unique=True,
            sqlite_where=_HARD,
            postgresql_where=_HARD,
        ),
        Index(
            "uq_budget_line",
            "organization_id",
            "product_id",
            "api_key_id",
            "period",
            "measure",
            "kind",
            "percent_ppm",
            "limit_micro",
            unique=True,
        ),
        one_of("period", "day", "month", "none"),
        one_of("kind", "hard", "notify"),
        one_of("measure", "usage", "allowance", "quota", "balance", "days_left", "expiring"),
        one_of("scope", "all", "beyond_allowance"),
        CheckConstraint("limit_micro >= 0", name="limit_not_negative"),
        CheckConstraint("percent_ppm BETWEEN 0 AND 1000000", name="percent_in_range"),
        CheckConstraint("percent_ppm = 0 OR limit_micro = 0", name="amount_or_percent"),
        CheckConstraint(
            "kind = 'notify' OR (measure = 'usage' AND percent_ppm = 0)", name="hard_is_an_amount"
        ),
        CheckConstraint("(measure = 'usage') = (period <> 'none')", name="usage_has_a_period"),
        CheckConstraint("product_id = 0 OR api_key_id = 0", name="product_or_key"),
        CheckConstraint("revision > 0", name="revision_above_zero"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    product_id: int = integer()
    api_key_id: int = integer()
    period: str = text()
    measure: str = text()
    kind: str = text()
    scope: str = text()
    limit_micro: int = integer()
    percent_ppm: int = integer()
    revision: int = integer()
    updated_at: int = integer()


class Enforcement(SQLModel, table=True):
    """The present state of an organization; by `next_check_at` time alone may change it."""

    __tablename__ = "enforcement"
    __table_args__ = (
        one_of("state", "ok", "notified", "blocked"),
        index_of_some("ix_enforcement_next_check", "next_check_at"),
        Index("ix_enforcement_not_ok", "state", sqlite_where=_BAD, postgresql_where=_BAD),
        STRICT,
    )

    organization_id: int = integer(key=True, refers_to="organization.id")
    state: str = text()
    reason: str = text()
    limit_micro: int | None = maybe_integer()
    usage_micro: int | None = maybe_integer()
    since: int = integer()
    until: int | None = maybe_integer()
    next_check_at: int | None = maybe_integer()


class EnforcementChange(SQLModel, table=True):
    """Every state an organization was ever in, append-only."""

    __tablename__ = "enforcement_change"
    __table_args__ = (one_of("state", "ok", "notified", "blocked"), STRICT)

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id", index=True)
    state: str = text()
    reason: str = text()
    limit_micro: int | None = maybe_integer()
    usage_micro: int | None = maybe_integer()
    changed_at: int = integer()
    until: int | None = maybe_integer()


class Crossing(SQLModel, table=True):
    """A line that was crossed, and the event that told it; figures are those of that moment."""

    __tablename__ = "crossing"
    __table_args__ = (
        UniqueConstraint("line", "revision", "window_starts_at"),
        Index(
            "ix_crossing_open",
            "organization_id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_crossing_window", "organization_id", "window_ends_at"),
        CheckConstraint("window_ends_at > window_starts_at", name="window_not_empty"),
        CheckConstraint("recovered_at >= crossed_at", name="recovers_later"),
        STRICT,
    )

    id: int | None = identity()
    organization_id: int = integer(refers_to="organization.id")
    line: str = text()
    revision: int = integer()
    kind: str = text()
    measure: str = text()
    event: str = text()
    product_id: int = integer()
    api_key_id: int = integer()
    window_starts_at: int = integer()
    window_ends_at: int | None = maybe_integer()
    usage_micro: int = integer()
    limit_micro: int = integer()
    crossed_at: int = integer()
    recovered_at: int | None = maybe_integer()


class LimitMark(SQLModel, table=True):
    """An organization that was changed since it was checked last; `revision` counts the changes."""

    __tablename__ = "limit_mark"
    __table_args__ = (STRICT,)

    organization_id: int = integer(key=True, refers_to="organization.id")
    revision: int = integer()


class LimitsRun(SQLModel, table=True):
    """When a job of `limits check` ran last; rows are one for each job."""

    __tablename__ = "limits_run"
    __table_args__ = (STRICT,)

    job: str = text(key=True)
    ran_at: int = integer()
