"""What happened to the stored inputs of an invoice after a time: why it would be another today."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.invoice_sources import ListedLateRow


@dataclass(frozen=True, slots=True)
class LateSinceRow:
    """Late usage of an invoice's time that one import brought after it was final."""

    batch: str
    events: int
    credits: Credits
    listed_on: str | None
    """The later invoice that has a line for it."""


@dataclass(frozen=True, slots=True)
class MovedSinceRow:
    """Ledger entries about usage of an invoice's time that were recorded after it was final."""

    kind: str
    batch: str | None
    reason: str
    actor: str
    entries: int
    credits: Credits
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedSinceRow:
    """A change of the catalog or of the organization after an invoice was final."""

    action: str
    subject: str
    reason: str
    actor: str
    recorded_at: datetime


_LATE = """
    FROM late_usage AS l
    WHERE l.organization_id = :organization_id AND l.starts_at < :ends_at AND l.ends_at > :starts_at
      AND (l.invoice_id IS NULL OR l.invoice_id <> :invoice_id)
"""


def late_usage_listed(unit: UnitOfWork, invoice_id: int) -> list[ListedLateRow]:
    """The late usage that the invoice has lines for."""
    return unit.fetch(
        ListedLateRow,
        """
        SELECT organization_id, id, month, starts_at, ends_at FROM late_usage
        WHERE invoice_id = :invoice_id ORDER BY starts_at, id
        """,
        invoice_id=invoice_id,
    )


def late_usage_of_span(
    unit: UnitOfWork, invoice_id: int, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[ListedLateRow]:
    """Late usage of that time that another invoice lists, or none yet."""
    return unit.fetch(
        ListedLateRow,
        f"""
        SELECT l.organization_id, l.id, l.month, l.starts_at, l.ends_at {_LATE}
        ORDER BY l.starts_at, l.id
        """,
        invoice_id=invoice_id,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def late_since(
    unit: UnitOfWork, invoice_id: int, organization_id: int, starts_at: datetime, ends_at: datetime
) -> list[LateSinceRow]:
    """The same by the import that brought it, the oldest first."""
    return unit.fetch(
        LateSinceRow,
        f"""
        SELECT b.public_id, SUM(m.events), SUM(m.micro), i.number
        FROM (SELECT l.batch_id, l.invoice_id, l.events,
                     (SELECT COALESCE(SUM(d.credits_micro), 0) FROM late_usage_day AS d
                      WHERE d.late_usage_id = l.id) AS micro {_LATE}) AS m
             JOIN usage_batch AS b ON b.id = m.batch_id
             LEFT JOIN invoice AS i ON i.id = m.invoice_id
        GROUP BY b.id, b.public_id, i.number ORDER BY b.id
        """,
        invoice_id=invoice_id,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def moved_since(
    unit: UnitOfWork,
    organization_id: int,
    starts_at: datetime,
    ends_at: datetime,
    since: datetime,
) -> list[MovedSinceRow]:
    """What was drawn, taken back or settled of usage in that time, without what is late."""
    return unit.fetch(
        MovedSinceRow,
        """
        SELECT e.kind, b.public_id, e.reason, e.actor, COUNT(*), SUM(ABS(e.amount_micro)),
               MIN(e.recorded_at)
        FROM ledger_entry AS e LEFT JOIN usage_batch AS b ON b.id = e.batch_id
             LEFT JOIN ledger_entry AS o ON o.id = e.settles_id
        WHERE e.organization_id = :organization_id AND e.recorded_at > :since
          AND e.kind IN ('usage', 'overage', 'repayment', 'waiver', 'unwind', 'transfer')
          AND e.invoice_id IS NULL
          AND COALESCE(o.event_at, e.event_at) >= :starts_at
          AND COALESCE(o.event_at, e.event_at) < :ends_at
          AND NOT EXISTS (SELECT 1 FROM late_usage_entry AS t
                          WHERE t.entry_id = COALESCE(o.id, e.id))
        GROUP BY e.kind, b.public_id, e.reason, e.actor ORDER BY MIN(e.id)
        """,
        organization_id=organization_id,
        starts_at=starts_at,
        ends_at=ends_at,
        since=since,
    )


def changed_since(
    unit: UnitOfWork, organization_id: int, ends_at: datetime, since: datetime
) -> list[ChangedSinceRow]:
    """What was changed since then with effect before the end of an invoice, the oldest first.

    Catalogs, subscriptions and changes of plan by the time from which they hold; facts about an
    organization hold for all time.
    """
    return unit.fetch(
        ChangedSinceRow,
        """
        SELECT action, subject, reason, actor, recorded_at FROM (
            SELECT 'catalog.applied' AS action, name AS subject, '' AS reason, '' AS actor,
                   applied_at AS recorded_at
            FROM catalog_version WHERE applied_at > :since AND effective_from < :ends_at
            UNION ALL
            SELECT 'subscription.created', public_id, '', '', created_at FROM subscription
            WHERE organization_id = :organization_id AND created_at > :since
              AND started_at < :day_after
            UNION ALL
            SELECT 'subscription.changed', s.public_id, '', '', c.created_at
            FROM subscription_change AS c JOIN subscription AS s ON s.id = c.subscription_id
            WHERE s.organization_id = :organization_id AND c.created_at > :since
              AND c.effective_at < :day_after
            UNION ALL
            SELECT action, subject, reason, actor, recorded_at FROM audit_entry
            WHERE organization_id = :organization_id AND recorded_at > :since
              AND action IN ('organization.updated', 'organization.merged')
        ) AS change
        ORDER BY recorded_at, action
        """,
        organization_id=organization_id,
        ends_at=ends_at,
        day_after=ends_at + timedelta(days=1),
        since=since,
    )
