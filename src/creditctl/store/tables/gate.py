"""What the gate counts for each key: windows, single moments, open connections."""

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from creditctl.store.tables.columns import CLUSTERED, integer, text


class GateCounter(SQLModel, table=True):
    """How much a key used of a limit in the window that starts then.

    A window that starts at 0 is no window: its row is what two gates lock before they look at
    `gate_moment` or `gate_connection`.
    """

    __tablename__ = "gate_counter"
    __table_args__ = (CheckConstraint("used >= 0", name="not_negative"), CLUSTERED)

    api_key_id: int = integer(key=True, refers_to="api_key.id")
    limit_name: str = text(key=True)
    starts_at: int = integer(key=True)
    ends_at: int = integer()
    used: int = integer()


class GateMoment(SQLModel, table=True):
    """How much a key used in one microsecond, of a limit whose window moves along."""

    __tablename__ = "gate_moment"
    __table_args__ = (CheckConstraint("used > 0", name="above_zero"), CLUSTERED)

    api_key_id: int = integer(key=True, refers_to="api_key.id")
    limit_name: str = text(key=True)
    used_at: int = integer(key=True)
    used: int = integer()


class GateConnection(SQLModel, table=True):
    """A connection that a key holds open, until it is closed or its heartbeat stops.

    One that gave way to another stays a while, so that its heartbeat is told: it has `expires_at`
    when it gave way, and before its `opened_at`, which is then until when that is remembered.
    """

    __tablename__ = "gate_connection"
    __table_args__ = CLUSTERED

    api_key_id: int = integer(key=True, refers_to="api_key.id")
    lease: str = text(key=True)
    opened_at: int = integer()
    expires_at: int = integer()
