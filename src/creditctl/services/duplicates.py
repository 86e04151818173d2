"""`orgs duplicates`: pairs of organizations that may be one, with what they have in common."""

from dataclasses import dataclass
from itertools import groupby

from creditctl.context import Context
from creditctl.rules.duplicates import STRONG, SignalKind, qualification_of
from creditctl.store.engine import reading
from creditctl.store.queries.duplicates import PairRow, shared_signals
from creditctl.store.queries.orgs import find_organization


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two organizations; `verdict` is duplicate (one strong signal decides) or suspect."""

    first: str
    second: str
    verdict: str
    evidence: tuple[str, ...]


def list_duplicates(
    context: Context, organization: str | None = None, *, strong_only: bool = False
) -> list[DuplicatePair]:
    """Pairs with evidence, of one organization or of all; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        only = find_organization(unit, organization).id if organization else None
        rows = shared_signals(unit, only)
    pairs = [
        _pair(first, second, list(found))
        for (first, second), found in groupby(rows, key=lambda row: (row.first, row.second))
    ]
    return [pair for pair in pairs if not strong_only or pair.verdict == "duplicate"]


def _pair(first: str, second: str, rows: list[PairRow]) -> DuplicatePair:
    kinds = [SignalKind(row.kind) for row in rows]
    ordered = sorted(rows, key=lambda row: SignalKind(row.kind) not in STRONG)
    return DuplicatePair(
        first=first,
        second=second,
        verdict=qualification_of(kinds).value,
        evidence=tuple(f"{row.kind.replace('_', ' ')} {row.value}" for row in ordered),
    )
