"""Promotions: budgets and what was given of them, who claimed what, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.rules.units import Credits
from creditctl.store.engine import UnitOfWork


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A row of `promotion`; a budget of None is no limit."""

    name: str
    budget: Credits | None
    budget_redemptions: int | None
    given: Credits
    redemptions: int

    @property
    def credits_left(self) -> Credits | None:
        """What the budget still holds; None without one."""
        return None if self.budget is None else self.budget - self.given

    @property
    def redemptions_left(self) -> int | None:
        """How many more may get it; None without a limit."""
        limit = self.budget_redemptions
        return None if limit is None else limit - self.redemptions


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A grant that came from a promotion; `organization` is who got it."""

    promotion: str
    organization: str
    grant: str
    amount: Credits
    claimed_at: datetime
    expires_at: datetime | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class HolderRow:
    """Whose identity a promotion was given to."""

    organization: str
    kind: str


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of a promotion's grants, also where a merge moved them."""

    promotion: str
    remaining: Credits
    expired: Credits
    reversed: Credits


_OF_IT_AND_WHAT_IT_ABSORBED = """
    WITH RECURSIVE one (id) AS (
        SELECT id FROM organization WHERE id = :organization_id
        UNION ALL
        SELECT o.id FROM organization AS o JOIN one ON o.merged_into_id = one.id
    )
"""
_CLAIMS = """
    SELECT g.promotion, o.slug, g.public_id, g.amount_micro, g.created_at, g.expires_at,
           e.actor, e.reason
    FROM credit_grant AS g JOIN organization AS o ON o.id = g.organization_id
         JOIN ledger_entry AS e ON e.grant_id = g.id AND e.kind = 'grant'
"""


def set_budget(
    unit: UnitOfWork, name: str, budget: Credits | None, redemptions: int | None
) -> bool:
    """Make this the promotion's budget; False when more than that was given already."""
    changed = unit.run(
        """
        INSERT INTO promotion (name, budget_micro, budget_redemptions, given_micro, redemptions)
        VALUES (:name, :budget, :redemptions, 0, 0)
        ON CONFLICT (name) DO UPDATE SET budget_micro = excluded.budget_micro,
                                         budget_redemptions = excluded.budget_redemptions
        WHERE promotion.given_micro <= COALESCE(excluded.budget_micro, promotion.given_micro)
          AND promotion.redemptions
              <= COALESCE(excluded.budget_redemptions, promotion.redemptions)
        """,
        name=name,
        budget=budget,
        redemptions=redemptions,
    )
    return changed == 1


def count_gift(unit: UnitOfWork, name: str, amount: Credits) -> bool:
    """Count one more gift; False, and nothing counted, when the budget does not hold it.

    One conditional UPDATE: of two at the same time the second one waits, and then sees the first.
    """
    changed = unit.run(
        """
        UPDATE promotion
        SET given_micro = given_micro + :amount, redemptions = redemptions + 1
        WHERE name = :name
          AND given_micro + :amount <= COALESCE(budget_micro, given_micro + :amount)
          AND redemptions < COALESCE(budget_redemptions, redemptions + 1)
        """,
        name=name,
        amount=amount,
    )
    return changed == 1


def add_promotion(unit: UnitOfWork, name: str) -> None:
    """Have a row to count in, without a limit, where there is none yet."""
    unit.run(
        """
        INSERT INTO promotion (name, given_micro, redemptions) VALUES (:name, 0, 0)
        ON CONFLICT (name) DO NOTHING
        """,
        name=name,
    )


def promotion_rows(unit: UnitOfWork) -> dict[str, PromotionRow]:
    """Every promotion there ever was, by name."""
    rows = unit.fetch(
        PromotionRow,
        """
        SELECT name, budget_micro, budget_redemptions, given_micro, redemptions
        FROM promotion ORDER BY name
        """,
    )
    return {row.name: row for row in rows}


def claim_identity(
    unit: UnitOfWork, promotion: str, kind: str, value: str, organization_id: int
) -> bool:
    """Claim it for that identity; True when it is, or was already, this organization's."""
    unit.run(
        """
        INSERT INTO promotion_claim (promotion, kind, value, organization_id)
        VALUES (:promotion, :kind, :value, :organization_id)
        ON CONFLICT (promotion, kind, value) DO NOTHING
        """,
        promotion=promotion,
        kind=kind,
        value=value,
        organization_id=organization_id,
    )
    holder = unit.fetch_value(
        """
        SELECT organization_id FROM promotion_claim
        WHERE promotion = :promotion AND kind = :kind AND value = :value
        """,
        promotion=promotion,
        kind=kind,
        value=value,
    )
    return int(holder) == organization_id


def release_claims(unit: UnitOfWork, promotion: str, organization_id: int) -> None:
    """Give back what the organization claimed: it was given nothing."""
    unit.run(
        """
        DELETE FROM promotion_claim
        WHERE promotion = :promotion AND organization_id = :organization_id
        """,
        promotion=promotion,
        organization_id=organization_id,
    )


def holders_of_identity(unit: UnitOfWork, promotion: str, organization_id: int) -> list[HolderRow]:
    """Others that were given the promotion as who this organization is."""
    return unit.fetch(
        HolderRow,
        """
        SELECT o.slug, c.kind
        FROM organization_signal AS s
             JOIN promotion_claim AS c ON c.kind = s.kind AND c.value = s.value
             JOIN organization AS o ON o.id = c.organization_id
        WHERE s.organization_id = :organization_id AND c.promotion = :promotion
          AND c.organization_id <> :organization_id
        ORDER BY o.id, c.kind
        """,
        promotion=promotion,
        organization_id=organization_id,
    )


def promotions_given(unit: UnitOfWork, organization_id: int) -> dict[str, ClaimRow]:
    """What the organization got, or one that was merged into it, by promotion."""
    rows = unit.fetch(
        ClaimRow,
        f"""
        {_OF_IT_AND_WHAT_IT_ABSORBED}
        {_CLAIMS}
        WHERE g.organization_id IN (SELECT id FROM one) AND g.promotion IS NOT NULL ORDER BY g.id
        """,
        organization_id=organization_id,
    )
    return {row.promotion: row for row in rows}


def claims_made(unit: UnitOfWork, promotion: str | None = None) -> list[ClaimRow]:
    """Every grant that came from a promotion, of one when given, oldest first."""
    return unit.fetch(
        ClaimRow,
        f"""
        {_CLAIMS}
        WHERE g.promotion IS NOT NULL
          AND (CAST(:promotion AS TEXT) IS NULL OR g.promotion = :promotion)
        ORDER BY g.id
        """,
        promotion=promotion,
    )


def promotion_outcomes(unit: UnitOfWork) -> dict[str, OutcomeRow]:
    """What remains, has expired and was taken back of every promotion's grants, by name."""
    rows = unit.fetch(
        OutcomeRow,
        """
        WITH RECURSIVE gift (id, promotion) AS (
            SELECT id, promotion FROM credit_grant WHERE promotion IS NOT NULL
            UNION ALL
            SELECT g.id, gift.promotion
            FROM credit_grant AS g JOIN gift ON g.moved_from_id = gift.id
        )
        SELECT gift.promotion, SUM(g.remaining_micro), SUM(g.expired_micro),
               COALESCE(SUM(CASE WHEN g.reversed_at IS NOT NULL THEN (
                   SELECT -SUM(e.amount_micro) FROM ledger_entry AS e
                   WHERE e.grant_id = g.id AND e.kind = 'reversal') END), 0)
        FROM gift JOIN credit_grant AS g ON g.id = gift.id
        GROUP BY gift.promotion
        """,
    )
    return {row.promotion: row for row in rows}
