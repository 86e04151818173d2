"""The check of an invoice line's kind says the same without IN, as the ledger's do since 0032."""

from creditctl.store.migrations.changes import reword_checks

revision = "0034"
down_revision = "0033"

_KINDS = ("fee", "usage", "late", "credits", "covered", "rounding", "correction", "order")
_LISTED = "kind IN (" + ", ".join(f"'{kind}'" for kind in _KINDS) + ")"
_SPELLED = " OR ".join(f"kind = '{kind}'" for kind in _KINDS)


def upgrade() -> None:
    reword_checks("invoice_line", {"kind_known": (_LISTED, _SPELLED)})


def downgrade() -> None:
    reword_checks("invoice_line", {"kind_known": (_SPELLED, _LISTED)})
