"""Promotions: what they have given of their budgets, and who claimed them."""

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import CLUSTERED, integer, maybe_integer, text


class Promotion(SQLModel, table=True):
    """The budget of the catalog applied last, and what was given by now: the row to lock.

    No budget is no limit. What was given stays given, also when a grant is taken back.
    """

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint("given_micro >= 0 AND redemptions >= 0", name="given_not_negative"),
        CheckConstraint("given_micro <= budget_micro", name="within_credits"),
        CheckConstraint("redemptions <= budget_redemptions", name="within_redemptions"),
        CLUSTERED,
    )

    name: str = text(key=True)
    budget_micro: int | None = maybe_integer()
    budget_redemptions: int | None = maybe_integer()
    given_micro: int = integer()
    redemptions: int = integer()


class PromotionClaim(SQLModel, table=True):
    """A promotion was given to this identity: the key makes it once for ever."""

    __tablename__ = "promotion_claim"
    __table_args__ = CLUSTERED

    promotion: str = text(key=True)
    kind: str = text(key=True)
    value: str = text(key=True)
    organization_id: int = integer(refers_to="organization.id")
