"""The ledger's checks say the same without IN, for which SQLite makes a table for every row."""

from collections.abc import Callable

from creditctl.store.migrations.changes import reword_checks

revision = "0032"
down_revision = "0031"

_KINDS = (
    "grant", "usage", "overage", "expiry", "expiry_reversal", "repayment", "rollover",
    "rollover_reversal", "reversal", "waiver", "unwind", "transfer", "invoiced",
)  # fmt: skip
_POSITIVE = ("grant", "expiry_reversal", "waiver", "invoiced")
_EITHER = ("rollover_reversal", "unwind")
_REASONS = ("postpaid", "overshoot", "late", "correction")


def _listed(column: str, *words: str) -> str:
    return f"{column} IN (" + ", ".join(f"'{word}'" for word in words) + ")"


def _spelled(column: str, *words: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _checks(is_any: Callable[..., str]) -> dict[str, str]:
    return {
        "kind_known": is_any("kind", *_KINDS),
        "sign_fits_kind": f"CASE WHEN {is_any('kind', *_POSITIVE)} THEN amount_micro > 0 "
        f"WHEN {is_any('kind', *_EITHER)} THEN amount_micro <> 0 ELSE amount_micro < 0 END",
        "grant_unless_overage": "kind = 'unwind' OR "
        f"({is_any('kind', 'overage', 'waiver', 'invoiced')}) = (grant_id IS NULL)",
        "repays_overage": "kind = 'unwind' OR "
        f"({is_any('kind', 'repayment', 'waiver', 'invoiced')}) = (settles_id IS NOT NULL)",
        "overage_reason_known": is_any("overage_reason", *_REASONS),
    }


def upgrade() -> None:
    _reword(_checks(_listed), _checks(_spelled))


def downgrade() -> None:
    _reword(_checks(_spelled), _checks(_listed))


def _reword(old: dict[str, str], new: dict[str, str]) -> None:
    reword_checks("ledger_entry", {name: (old[name], new[name]) for name in old})
