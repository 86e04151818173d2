"""Room beside rows that are changed again and again, so that PostgreSQL changes them in place."""

from alembic import op

revision = "0018"
down_revision = "0017"

_CHANGED = ("credit_grant", "debit_day", "usage_day", "usage_key_day", "usage_status_day")
_PERCENT = 50
"""Every row of a page may change once before the page is tidied up; the indexes then stay."""


def upgrade() -> None:
    _set_storage(f"SET (fillfactor = {_PERCENT})")


def downgrade() -> None:
    _set_storage("RESET (fillfactor)")


def _set_storage(change: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _CHANGED:
            op.execute(f"ALTER TABLE {table} {change}")
