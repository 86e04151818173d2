"""Closed months: what is recorded after a close is posted to the first open day."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import CLUSTERED, STRICT, identity, integer, text


class PeriodClosing(SQLModel, table=True):
    """A month that was closed, and with it everything before `first_open_day`.

    `last_entry_id` and `last_receivable_id` are the newest entries of both ledgers at that time:
    whatever came later is posted on `first_open_day` or after it.
    """

    __tablename__ = "period_closing"
    __table_args__ = (
        UniqueConstraint("month"),
        UniqueConstraint("first_open_day"),
        CheckConstraint("last_entry_id >= 0", name="last_entry_not_negative"),
        STRICT,
    )

    id: int | None = identity()
    month: str = text()
    first_open_day: int = integer()
    last_entry_id: int = integer()
    closed_at: int = integer()
    closed_by: str = text()
    last_receivable_id: int = integer()


class RecognisedFee(SQLModel, table=True):
    """What a subscription's fees had earned from its start until a month was closed.

    Plans may be changed with effect in the past: what that alters is earned in the next open month.
    """

    __tablename__ = "recognised_fee"
    __table_args__ = (
        CheckConstraint("earned_minor >= 0", name="earned_not_negative"),
        CLUSTERED,
    )

    closing_id: int = integer(key=True, refers_to="period_closing.id")
    subscription_id: int = integer(key=True, refers_to="subscription.id")
    currency: str = text(key=True)
    earned_minor: int = integer()
