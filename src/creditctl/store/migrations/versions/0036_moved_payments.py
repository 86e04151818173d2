"""Money beyond what was due may pay another invoice: it leaves the first as one below zero."""

from creditctl.store.migrations.changes import replace_check
from creditctl.store.migrations.guards import drop_guard, refuse_when

revision = "0036"
down_revision = "0035"

_BEFORE = (
    "CASE kind WHEN 'invoiced' THEN amount_minor >= 0 WHEN 'voided' THEN amount_minor <= 0 "
    "ELSE amount_minor < 0 END"
)
_AFTER = (
    "CASE kind WHEN 'invoiced' THEN amount_minor >= 0 WHEN 'voided' THEN amount_minor <= 0 "
    "WHEN 'credited' THEN amount_minor < 0 ELSE amount_minor <> 0 END"
)
_GROWS = "NEW.paid_minor < OLD.paid_minor OR NEW.credited_minor < OLD.credited_minor"
_SURPLUS_LEAVES = (
    "NEW.credited_minor < OLD.credited_minor OR (NEW.paid_minor < OLD.paid_minor"
    " AND NEW.paid_minor + NEW.credited_minor < NEW.total_minor)"
)


def upgrade() -> None:
    replace_check("invoice_payment", "amount_above_zero", "amount_minor > 0", "")
    replace_check("invoice_payment", "amount_not_zero", "", "amount_minor <> 0")
    replace_check("receivable_entry", "sign_fits_kind", _BEFORE, _AFTER)
    _guard_sums(_SURPLUS_LEAVES, "what was paid or credited only grows, but for a surplus")


def downgrade() -> None:
    _guard_sums(_GROWS, "what was paid or credited only grows")
    replace_check("receivable_entry", "sign_fits_kind", _AFTER, _BEFORE)
    replace_check("invoice_payment", "amount_not_zero", "amount_minor <> 0", "")
    replace_check("invoice_payment", "amount_above_zero", "", "amount_minor > 0")


def _guard_sums(condition: str, message: str) -> None:
    drop_guard("invoice", "grows")
    refuse_when("invoice", "grows", "UPDATE OF paid_minor, credited_minor", condition, message)
