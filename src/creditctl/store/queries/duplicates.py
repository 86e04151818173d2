"""What organizations have in common."""

from dataclasses import dataclass

from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A signal that another organization has too."""

    organization_id: int
    organization: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """A signal that two organizations share; the older one is `first`."""

    first: str
    second: str
    kind: str
    value: str


def matches_of(unit: UnitOfWork, organization_id: int) -> list[MatchRow]:
    """What others have in common with the organization; those merged into it do not count."""
    return unit.fetch(
        MatchRow,
        """
        SELECT o.id, o.slug, s.kind, s.value
        FROM organization_signal AS m
             JOIN organization_signal AS s ON s.kind = m.kind AND s.value = m.value
             JOIN organization AS o ON o.id = s.organization_id
        WHERE m.organization_id = :id AND s.organization_id <> :id
          AND (o.merged_into_id IS NULL OR o.merged_into_id <> :id)
        ORDER BY o.id, s.kind, s.value
        """,
        id=organization_id,
    )


def shared_signals(unit: UnitOfWork, organization_id: int | None = None) -> list[PairRow]:
    """Every signal that two organizations share, of one when given; merged ones are left out."""
    return unit.fetch(
        PairRow,
        """
        SELECT a.slug, b.slug, s.kind, s.value
        FROM organization_signal AS s
             JOIN organization_signal AS t
                  ON t.kind = s.kind AND t.value = s.value
                     AND t.organization_id > s.organization_id
             JOIN organization AS a ON a.id = s.organization_id
             JOIN organization AS b ON b.id = t.organization_id
        WHERE a.merged_into_id IS NULL AND b.merged_into_id IS NULL
          AND (CAST(:id AS BIGINT) IS NULL OR a.id = :id OR b.id = :id)
        ORDER BY a.id, b.id, s.kind, s.value
        """,
        id=organization_id,
    )


def signals_held(unit: UnitOfWork, organization_id: int) -> list[tuple[str, str]]:
    """Kind and value of each of the organization's signals."""
    rows = unit.fetch_rows(
        "SELECT kind, value FROM organization_signal WHERE organization_id = :id ORDER BY 1, 2",
        id=organization_id,
    )
    return [(str(kind), str(value)) for kind, value in rows]
