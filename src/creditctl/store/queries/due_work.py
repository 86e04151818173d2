"""Whether something is due for an organization: asked before each call, and mostly nothing is.

Conditions to be put into statements; their parameters are `:now`, and `:expired_before`: grants
that ended by then are to be booked.
"""

from datetime import datetime

from creditctl.rules.instants import micros_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.planning import there_is
from creditctl.store.queries.due_instalments import DUE

_ENDLESS = 2**62
"""Microseconds: later than any instant that can be written."""

_QUIET = """
    SELECT 1 FROM quiet_subscription AS q
    WHERE q.subscription_id = s.id
      AND q.catalog_id = (SELECT COALESCE(MAX(c.id), 0) FROM catalog_version AS c)
"""

UNQUIET = f"""
    FROM subscription AS s
    WHERE NOT EXISTS ({_QUIET} AND q.starts_at <= :now AND q.ends_at > :now)
"""
"""Subscriptions that may have something to grant, or to end."""

ENDED = """
    FROM credit_grant AS g
    WHERE g.remaining_micro > g.held_micro
      AND (g.expires_at <= :expired_before OR g.reversed_at > 0)
"""
"""Grants with something left that has to end."""


def is_due(owner: str) -> str:
    """Whether anything of the organization may have to be granted or ended by the clock."""
    return f"""
        {there_is(f"{UNQUIET} AND s.organization_id = {owner}")}
        OR {there_is(f"{DUE} AND f.organization_id = {owner}")}
        OR {there_is(f"{ENDED} AND g.organization_id = {owner}")}
    """


def pays_beyond_grants(owner: str, at: str) -> str:
    """Whether more than grants may cover what the organization uses at that time."""
    return there_is(
        f"""
        FROM subscription AS s
        WHERE s.organization_id = {owner} AND NOT EXISTS (
            {_QUIET} AND q.starts_at <= {at} AND q.ends_at > {at} AND NOT q.pays_beyond
        )
        """
    )


def note_quiet(
    unit: UnitOfWork,
    subscription_id: int,
    *,
    catalog_id: int,
    starts_at: datetime | None,
    ends_at: datetime | None,
    pays_beyond: bool,
) -> None:
    """Nothing is to be done for the subscription in that time; None: ever.

    Its organization is locked, and `catalog_id` was read before what follows from it.
    """
    unit.run(
        """
        INSERT INTO quiet_subscription
            (subscription_id, catalog_id, starts_at, ends_at, pays_beyond)
        VALUES (:subscription_id, :catalog_id, :starts_at, :ends_at, :pays_beyond)
        ON CONFLICT (subscription_id) DO UPDATE SET
            catalog_id = excluded.catalog_id, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, pays_beyond = excluded.pays_beyond
        """,
        subscription_id=subscription_id,
        catalog_id=catalog_id,
        starts_at=0 if starts_at is None else micros_of(starts_at),
        ends_at=_ENDLESS if ends_at is None else micros_of(ends_at),
        pays_beyond=pays_beyond,
    )


def forget_quiet(unit: UnitOfWork, subscription_id: int) -> None:
    """The subscription changes."""
    unit.run("DELETE FROM quiet_subscription WHERE subscription_id = :id", id=subscription_id)
