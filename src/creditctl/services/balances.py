"""What an organization can spend, and what it owes: three numbers, never one (DESIGN 3.3)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.grants import GrantRow, grants_of
from creditctl.store.queries.ledger import OverageRow, unsettled_overage
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """What is left of one source's grants, and until when the first of them may be used."""

    source: str
    product: str | None
    available: Credits
    next_expiry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Balance:
    """`net` is what is available less what is owed."""

    organization: str
    at: datetime
    available: Credits
    held: Credits
    """Reserved by open holds, and in none of the other figures."""

    open_overage: Credits
    """Owed, and refused until repaid."""

    postpaid_overage: Credits
    """Owed, and to be invoiced."""

    net: Credits
    sources: tuple[SourceBalance, ...]


def read_balance(context: Context, organization: str) -> Balance:
    """The balance now; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        found = find_organization(unit, organization)
        return balance_of(unit, found.id, found.slug, context.now)


def balance_of(unit: UnitOfWork, organization_id: int, organization: str, at: datetime) -> Balance:
    """The balance at that time, from grants as they are: a grant counts while it is live."""
    live = [grant for grant in grants_of(unit, organization_id) if is_live(grant, at)]
    available = _sum(grant.available for grant in live)
    owed = unsettled_overage(unit, organization_id)
    postpaid = _sum(row.unsettled for row in owed if row.reason == "postpaid")
    open_overage = _open(owed)
    return Balance(
        organization=organization,
        at=at,
        available=available,
        held=_sum(grant.held for grant in live),
        open_overage=open_overage,
        postpaid_overage=postpaid,
        net=available - open_overage - postpaid,
        sources=_by_source(live),
    )


def open_overage_of(unit: UnitOfWork, organization_id: int) -> Credits:
    """What is owed, and refuses calls until it is repaid."""
    return _open(unsettled_overage(unit, organization_id))


def is_live(grant: GrantRow, at: datetime) -> bool:
    """Whether the grant may pay usage of that time."""
    return grant.effective_at <= at and (grant.expires_at is None or at < grant.expires_at)


def _by_source(grants: Iterable[GrantRow]) -> tuple[SourceBalance, ...]:
    grouped: dict[tuple[str, str | None], list[GrantRow]] = defaultdict(list)
    for grant in grants:
        if grant.available:
            grouped[grant.source, grant.product].append(grant)
    return tuple(
        SourceBalance(
            source=source,
            product=product,
            available=_sum(grant.available for grant in members),
            next_expiry_at=min(
                (grant.expires_at for grant in members if grant.expires_at), default=None
            ),
        )
        for (source, product), members in grouped.items()
    )


def _open(owed: Iterable[OverageRow]) -> Credits:
    return _sum(row.unsettled for row in owed if row.reason != "postpaid")


def _sum(amounts: Iterable[Credits]) -> Credits:
    return sum(amounts, NO_CREDITS)
