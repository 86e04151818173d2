"""What gateways have to turn away at a time, with the keys that are active then."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.enforcement import Reason
from creditctl.store.engine import UnitOfWork

_ACTIVE = "k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > :at)"


@dataclass(frozen=True, slots=True)
class BlockedRow:
    """A blocked organization and one of its keys; None if it has none."""

    organization: str
    reason: Reason
    until: datetime | None
    prefix: str | None


@dataclass(frozen=True, slots=True)
class BlockedPartRow:
    """A product or key that is beyond its budget, and one of the keys; of a key always its own."""

    crossing_id: int
    organization: str
    product: str | None
    until: datetime | None
    prefix: str | None


def blocked_organizations(unit: UnitOfWork, at: datetime) -> list[BlockedRow]:
    """A row for each key; a block that has ended is none, whether or not a check has run."""
    return unit.fetch(
        BlockedRow,
        f"""
        SELECT o.slug, e.reason, e.until, k.prefix
        FROM enforcement AS e JOIN organization AS o ON o.id = e.organization_id
             LEFT JOIN api_key AS k ON k.organization_id = o.id AND {_ACTIVE}
        WHERE e.state = 'blocked' AND (e.until IS NULL OR e.until > :at)
        ORDER BY o.id, k.id
        """,
        at=at,
    )


def blocked_parts(unit: UnitOfWork, at: datetime) -> list[BlockedPartRow]:
    """A row for each key, by crossing; crossings whose window is over are left out."""
    return unit.fetch(
        BlockedPartRow,
        f"""
        SELECT x.id, o.slug, p.name, x.window_ends_at, k.prefix
        FROM crossing AS x JOIN organization AS o ON o.id = x.organization_id
             LEFT JOIN product AS p ON p.id = x.product_id
             LEFT JOIN api_key AS k ON k.organization_id = x.organization_id AND {_ACTIVE}
                  AND x.api_key_id IN (0, COALESCE(k.first_key_id, k.id))
        WHERE x.recovered_at IS NULL AND x.kind = 'hard'
          AND (x.product_id <> 0 OR (x.api_key_id <> 0 AND k.id IS NOT NULL))
          AND (x.window_ends_at IS NULL OR x.window_ends_at > :at)
        ORDER BY x.id, k.id
        """,
        at=at,
    )
