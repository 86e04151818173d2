"""Subscriptions: an organization on a plan, from a day that anchors its periods."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import SQLModel

from creditctl.store.tables.columns import (
    CLUSTERED,
    STRICT,
    flag,
    identity,
    integer,
    maybe_integer,
    one_of,
    text,
)


class Subscription(SQLModel, table=True):
    """At most one is active for an organization at a time.

    `plan_id` is the plan it began with; a trial lasts from `started_at` to `trial_ends_at`, where
    the paid periods are anchored. `ended_at` may lie ahead: it is cancelled, and still active.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        Index(
            "uq_subscription_active",
            "organization_id",
            unique=True,
            sqlite_where=sql("status = 'active'"),
            postgresql_where=sql("status = 'active'"),
        ),
        Index("ix_subscription_organization", "organization_id", "started_at"),
        one_of("status", "active", "ended"),
        CheckConstraint("ended_at >= started_at", name="ends_after_start"),
        STRICT,
    )

    id: int | None = identity()
    public_id: str = text(unique=True)
    organization_id: int = integer(refers_to="organization.id")
    plan_id: int = integer(refers_to="plan.id")
    status: str = text()
    started_at: int = integer()
    ended_at: int | None = maybe_integer()
    created_at: int = integer()
    trial_ends_at: int | None = maybe_integer()


class SubscriptionChange(SQLModel, table=True):
    """Another plan from that instant on; one that lies ahead may still be withdrawn."""

    __tablename__ = "subscription_change"
    __table_args__ = (UniqueConstraint("subscription_id", "effective_at"), STRICT)

    id: int | None = identity()
    subscription_id: int = integer(refers_to="subscription.id")
    plan_id: int = integer(refers_to="plan.id")
    effective_at: int = integer()
    created_at: int = integer()


class QuietSubscription(SQLModel, table=True):
    """From `starts_at` until `ends_at` the subscription has nothing to grant and does not change.

    So says the catalog of that id; what changes a subscription deletes its row. It follows from
    the other tables and may be deleted at any time.
    """

    __tablename__ = "quiet_subscription"
    __table_args__ = (CLUSTERED,)

    subscription_id: int = integer(key=True, refers_to="subscription.id")
    catalog_id: int = integer()
    starts_at: int = integer()
    ends_at: int = integer()
    pays_beyond: bool = flag()
    """Whether usage may be covered by more than its grants: the plan is unlimited or postpaid."""
