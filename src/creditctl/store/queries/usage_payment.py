"""Who may pay for staged usage, and the set-based booking of who did."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from creditctl.rules.burn_down import MICROS_PER_DAY
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.closings import posted_day

RECLAIMED = "usage from before the expiry arrived after it"


def lots_of_staged(unit: UnitOfWork) -> list[tuple[Any, ...]]:
    """Grants that could pay and live at some time between an owner's first and last event.

    Organization, grant, what remains that no hold reserves, what had expired and may be reclaimed
    (usage dated before the expiry: money must not depend on cron), start, end or None, product or
    0, priority, unit cost or None, source. Times in microseconds.
    """
    return unit.fetch_rows(
        """
        SELECT g.organization_id, g.id, g.remaining_micro - g.held_micro,
               CASE WHEN g.reversed_at IS NULL THEN g.expired_micro ELSE 0 END, g.effective_at,
               g.expires_at, COALESCE(g.product_id, 0), g.priority, g.unit_cost, g.source
        FROM staged_owner AS s CROSS JOIN credit_grant AS g
        WHERE g.organization_id = s.organization_id
          AND (g.remaining_micro > g.held_micro OR (g.expired_micro > 0 AND g.reversed_at IS NULL))
          AND g.effective_at <= s.last_at AND (g.expires_at IS NULL OR g.expires_at > s.first_at)
        """
    )


def special_owners(unit: UnitOfWork) -> list[int]:
    """Owners whose usage more than the remainders of grants may pay, or nobody.

    A plan without limit or with postpaid headroom, and grants that were rolled over.
    """
    rows = unit.fetch_rows(
        """
        SELECT s.organization_id FROM staged_owner AS s
        WHERE EXISTS (
            SELECT 1 FROM credit_grant AS g
            WHERE g.organization_id = s.organization_id AND g.rolled_from_id IS NOT NULL
        ) OR EXISTS (
            SELECT 1 FROM subscription AS b
                 LEFT JOIN subscription_change AS c ON c.subscription_id = b.id
                 JOIN plan_version AS v ON v.plan_id = b.plan_id OR v.plan_id = c.plan_id
            WHERE b.organization_id = s.organization_id
              AND (v.unlimited OR v.postpaid_limit_micro > 0)
        )
        """
    )
    return [int(organization_id) for (organization_id,) in rows]


def guests_among_staged(unit: UnitOfWork) -> set[int]:
    """Owners that are guests."""
    rows = unit.fetch_rows(
        """
        SELECT o.id FROM staged_owner AS s CROSS JOIN organization AS o
        WHERE o.id = s.organization_id AND o.kind = 'guest'
        """
    )
    return {int(organization_id) for (organization_id,) in rows}


def book_staged_draws(
    unit: UnitOfWork,
    *,
    batch_id: int,
    recorded_at: datetime,
    actor: str,
    reason: str,
    overage_reason: str,
    sources: Sequence[str],
) -> int:
    """Write `staged_entry` to the ledger, draw `staged_draw` from grants, add `staged_debit`.

    What a draw reclaims of an expired grant is booked first. Sources are staged as their place in
    `sources`. Returns how many grants held what was drawn.
    """
    unit.run(
        f"""
        INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,
                                  recorded_at, posting_day, product_id, actor, reason)
        SELECT g.organization_id, g.id, 'expiry_reversal', s.reclaimed_micro, g.expires_at,
               :recorded_at, {posted_day("g.expires_at / :day")}, g.product_id, :actor, :reason
        FROM staged_draw AS s CROSS JOIN credit_grant AS g
        WHERE g.id = s.grant_id AND s.reclaimed_micro > 0 ORDER BY s.row
        """,
        recorded_at=recorded_at,
        day=MICROS_PER_DAY,
        actor=actor,
        reason=RECLAIMED,
    )
    unit.run(
        f"""
        INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,
                                  recorded_at, posting_day, product_id, batch_id, overage_reason,
                                  first_event_at, first_event_id, last_event_at, last_event_id,
                                  actor, reason)
        SELECT organization_id, NULLIF(grant_id, 0),
               CASE WHEN grant_id = 0 THEN 'overage' ELSE 'usage' END, -credits_micro,
               first_event_at, :recorded_at, {posted_day("day")}, product_id, :batch_id,
               CASE WHEN grant_id = 0 THEN CAST(:overage_reason AS TEXT) END,
               first_event_at, first_event_id, last_event_at, last_event_id, :actor, :reason
        FROM staged_entry WHERE true ORDER BY row
        """,
        recorded_at=recorded_at,
        batch_id=batch_id,
        actor=actor,
        reason=reason,
        overage_reason=overage_reason,
    )
    drawn = unit.run(
        """
        UPDATE credit_grant
        SET remaining_micro = remaining_micro + s.reclaimed_micro - s.credits_micro,
            expired_micro = expired_micro - s.reclaimed_micro
        FROM staged_draw AS s
        WHERE credit_grant.id = s.grant_id AND expired_micro >= s.reclaimed_micro
          AND remaining_micro - held_micro + s.reclaimed_micro >= s.credits_micro
        """
    )
    names = {f"source_{code}": source for code, source in enumerate(sources)}
    unit.run(
        f"""
        INSERT INTO debit_day (day, organization_id, product_id, source, credits_micro)
        SELECT day, organization_id, product_id, {_named(names)}, credits_micro
        FROM staged_debit WHERE true ORDER BY row
        ON CONFLICT (day, organization_id, product_id, source)
        DO UPDATE SET credits_micro = debit_day.credits_micro + excluded.credits_micro
        """,
        **names,
    )
    return drawn


def _named(names: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {code} THEN CAST(:{name} AS TEXT)" for code, name in enumerate(names))
    return f"CASE source {cases} END"
