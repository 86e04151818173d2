"""Budgets and thresholds, as people draw them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from creditctl.rules.budgets import Kind, Line, Measure, Scope, Span, Threshold
from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.limit_marks import chosen, given

PPM_PER_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A row of `budget`, with the organization's slug and the names of its target.

    `api_key_id` is the first key of a chain of rotations, `key` what the newest of it is called.
    """

    id: int
    organization_id: int
    organization: str
    public_id: str
    revision: int
    kind: Kind
    measure: Measure
    span: Span
    scope: Scope
    limit: Credits
    percent_ppm: int
    product_id: int
    product: str | None
    api_key_id: int
    key: str | None
    updated_at: datetime

    @property
    def threshold(self) -> Threshold:
        """Where the line is."""
        if not self.percent_ppm:
            return Threshold(amount=self.limit)
        percent = Decimal(self.percent_ppm) / PPM_PER_PERCENT
        return Threshold(percent=percent)

    @property
    def line(self) -> Line:
        """The line as the rules know it."""
        return Line(
            id=self.public_id,
            revision=self.revision,
            kind=self.kind,
            measure=self.measure,
            span=self.span,
            scope=self.scope,
            threshold=self.threshold,
            product_id=self.product_id or None,
            api_key_id=self.api_key_id or None,
        )


_COLUMNS = """
    b.id, b.organization_id, o.slug, b.public_id, b.revision, b.kind, b.measure, b.period, b.scope,
    b.limit_micro, b.percent_ppm, b.product_id, p.name, b.api_key_id, k.name, b.updated_at
"""
_JOINED = """
    JOIN organization AS o ON o.id = b.organization_id
    LEFT JOIN product AS p ON p.id = b.product_id
    LEFT JOIN api_key AS k ON k.id = COALESCE(
        (SELECT MAX(c.id) FROM api_key AS c WHERE c.first_key_id = b.api_key_id), b.api_key_id
    )
"""
_ORDER = "o.slug, b.api_key_id, b.product_id, b.period, b.kind, b.measure, b.id"


def budget_rows(unit: UnitOfWork, organization_id: int | None = None) -> list[BudgetRow]:
    """Every line, of one organization when given; by slug, target and period."""
    only = "" if organization_id is None else "WHERE b.organization_id = :organization_id"
    return unit.fetch(
        BudgetRow,
        f"SELECT {_COLUMNS} FROM budget AS b {_JOINED} {only} ORDER BY {_ORDER}",
        **given(organization_id),
    )


def chosen_budget_rows(unit: UnitOfWork, organization_id: int | None) -> list[BudgetRow]:
    """The lines of marked organizations, or of the one given."""
    return unit.fetch(
        BudgetRow,
        f"""
        SELECT {_COLUMNS}
        FROM {chosen(organization_id)} AS c JOIN budget AS b
             ON b.organization_id = c.organization_id {_JOINED}
        ORDER BY {_ORDER}
        """,
        **given(organization_id),
    )


def budget_names(unit: UnitOfWork, public_id: str) -> str:
    """What a line watches and of which part, such as `day, product rows`; nothing if it is gone."""
    found = unit.fetch_one(
        BudgetRow,
        f"SELECT {_COLUMNS} FROM budget AS b {_JOINED} WHERE b.public_id = :public_id",
        public_id=public_id,
    )
    if found is None:
        return ""
    words = [found.span.value if found.measure is Measure.USAGE else found.measure.value]
    if found.product is not None:
        words.append(f"product {found.product}")
    if found.key is not None:
        words.append(f"key {found.key}")
    return ", ".join(words).replace("_", " ")


def insert_budget(
    unit: UnitOfWork,
    organization_id: int,
    *,
    public_id: str,
    kind: Kind,
    measure: Measure,
    span: Span,
    scope: Scope,
    threshold: Threshold,
    product_id: int,
    api_key_id: int,
    updated_at: datetime,
) -> None:
    """Insert a line."""
    unit.run(
        """
        INSERT INTO budget (public_id, organization_id, product_id, api_key_id, period, measure,
                            kind, scope, limit_micro, percent_ppm, revision, updated_at)
        VALUES (:public_id, :organization_id, :product_id, :api_key_id, :period, :measure,
                :kind, :scope, :limit, :percent_ppm, 1, :updated_at)
        """,
        public_id=public_id,
        organization_id=organization_id,
        product_id=product_id,
        api_key_id=api_key_id,
        period=span,
        measure=measure,
        kind=kind,
        scope=scope,
        limit=threshold.amount or Credits(0),
        percent_ppm=int((threshold.percent or Decimal(0)) * PPM_PER_PERCENT),
        updated_at=updated_at,
    )


def move_budget(unit: UnitOfWork, budget_id: int, limit: Credits, updated_at: datetime) -> None:
    """Put a hard line elsewhere: alerts of its old place are over."""
    unit.run(
        """
        UPDATE budget SET limit_micro = :limit, revision = revision + 1, updated_at = :updated_at
        WHERE id = :id
        """,
        id=budget_id,
        limit=limit,
        updated_at=updated_at,
    )


def set_scope(unit: UnitOfWork, budget_id: int, scope: Scope, updated_at: datetime) -> None:
    """Let a line count other credits."""
    unit.run(
        "UPDATE budget SET scope = :scope, updated_at = :updated_at WHERE id = :id",
        id=budget_id,
        scope=scope,
        updated_at=updated_at,
    )


def delete_budget(unit: UnitOfWork, budget_id: int) -> None:
    """Delete a line; its crossings are kept."""
    unit.run("DELETE FROM budget WHERE id = :id", id=budget_id)


def move_key_budgets(unit: UnitOfWork, source_id: int, target_id: int) -> None:
    """Let the lines of keys follow these to another organization."""
    unit.run(
        """
        UPDATE budget SET organization_id = :target_id
        WHERE organization_id = :source_id AND api_key_id <> 0
        """,
        source_id=source_id,
        target_id=target_id,
    )
