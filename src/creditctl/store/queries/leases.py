"""Leases: one holder at a time, until it lets go or its time is up."""

from datetime import datetime

from creditctl.store.engine import UnitOfWork


def take_lease(
    unit: UnitOfWork, name: str, *, holder: str, now: datetime, expires_at: datetime
) -> bool:
    """Take a lease that nobody else holds any more, or keep one's own; False when somebody does."""
    taken = unit.run(
        """
        INSERT INTO lease (name, holder, expires_at) VALUES (:name, :holder, :expires_at)
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder, expires_at = excluded.expires_at
        WHERE lease.expires_at <= :now OR lease.holder = excluded.holder
        """,
        name=name,
        holder=holder,
        now=now,
        expires_at=expires_at,
    )
    return taken == 1


def drop_lease(unit: UnitOfWork, name: str, *, holder: str) -> None:
    """Let go, unless another holder has taken over meanwhile."""
    unit.run("DELETE FROM lease WHERE name = :name AND holder = :holder", name=name, holder=holder)
