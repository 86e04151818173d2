"""Order forms with their lines and instalments; what was signed is frozen."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.guards import (
    append_only,
    drop_insert_guard,
    insert_only_while,
    keep_columns,
    keep_rows,
    refuse_change,
)
from creditctl.store.tables.columns import INT64

revision = "0015"
down_revision = "0014"

_TERMS = [
    "id",
    "public_id",
    "version",
    "supersedes_id",
    "known_deliveries",
    "currency",
    "po_number",
    "terms",
    "created_at",
]
_PLAN = ["id", "line_id", "number", "due_at", "credits_micro", "amount_minor", "expires_at"]
_OPEN = sa.text("status <> 'cancelled'")
_PLANNED = sa.text("state = 'planned'")


def upgrade() -> None:
    _create_order_form()
    _create_order_line()
    _create_order_instalment()
    keep_columns("order_form", _TERMS)
    keep_rows("order_form", "order forms keep their history")
    refuse_change(
        "order_form",
        "signed",
        {"signer": "''", "signed_on": "0"},
        "OLD.status <> 'draft'",
        "a signature is written once",
    )
    refuse_change(
        "order_form", "status", {"status": "''"}, "NEW.status = 'draft'", "it is no draft again"
    )
    append_only("order_line")
    insert_only_while(
        "order_line",
        "SELECT status FROM order_form WHERE id = NEW.order_id",
        "draft",
        "a signed order form gets no more lines",
    )
    keep_columns("order_instalment", _PLAN)
    keep_rows("order_instalment", "order forms keep their history")
    refuse_change(
        "order_instalment",
        "once",
        {"state": "''", "grant_id": "0", "booked_at": "0"},
        "OLD.state <> 'planned'",
        "an instalment is booked or dropped once",
    )
    insert_only_while(
        "order_instalment",
        "SELECT o.status FROM order_form AS o JOIN order_line AS l ON l.order_id = o.id WHERE l.id = NEW.line_id",
        "draft",
        "a signed order form gets no more instalments",
    )


def downgrade() -> None:
    for table in ("order_instalment", "order_line"):
        drop_insert_guard(table)
    for table in ("order_instalment", "order_line", "order_form"):
        op.drop_table(table)


def _create_order_form() -> None:
    op.create_table(
        "order_form",
        sa.Column("id", INT64, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("organization_id", INT64, nullable=False),
        sa.Column("version", INT64, nullable=False),
        sa.Column("supersedes_id", INT64, nullable=True),
        sa.Column("known_deliveries", INT64, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("po_number", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", INT64, nullable=False),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("signed_on", INT64, nullable=True),
        sa.Column("activated_at", INT64, nullable=True),
        sa.Column("ended_at", INT64, nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'signed', 'active', 'completed', 'cancelled', 'superseded')",
            name=op.f("ck_order_form_status_known"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_order_form_version_above_zero")),
        sa.CheckConstraint(
            "(signer IS NULL) = (signed_on IS NULL)", name=op.f("ck_order_form_signature_whole")
        ),
        sa.CheckConstraint(
            "status = 'cancelled' OR (status = 'draft') = (signer IS NULL)",
            name=op.f("ck_order_form_signed_unless_draft"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('active', 'completed') OR activated_at IS NOT NULL",
            name=op.f("ck_order_form_activated_when_active"),
        ),
        _reference("order_form", "organization_id", "organization"),
        _reference("order_form", "supersedes_id", "order_form"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_form")),
        sa.UniqueConstraint("public_id", name=op.f("uq_order_form_public_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_order_form_organization_id", "order_form", ["organization_id"])
    op.create_index(
        "uq_order_form_supersedes",
        "order_form",
        ["supersedes_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _create_order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", INT64, nullable=False),
        sa.Column("order_id", INT64, nullable=False),
        sa.Column("number", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("list_price", sa.Text(), nullable=True),
        sa.Column("discount", sa.Text(), nullable=True),
        sa.Column("unit_price", sa.Text(), nullable=False),
        sa.Column("price_minor", INT64, nullable=False),
        sa.Column("product_id", INT64, nullable=True),
        sa.Column("starts_on", INT64, nullable=False),
        sa.Column("expiry", sa.Text(), nullable=True),
        sa.CheckConstraint("credits_micro > 0", name=op.f("ck_order_line_credits_above_zero")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_order_line_price_not_negative")),
        _reference("order_line", "order_id", "order_form"),
        _reference("order_line", "product_id", "product"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_order_line_order_id_number")),
        sqlite_strict=True,
    )


def _create_order_instalment() -> None:
    op.create_table(
        "order_instalment",
        sa.Column("id", INT64, nullable=False),
        sa.Column("line_id", INT64, nullable=False),
        sa.Column("number", INT64, nullable=False),
        sa.Column("due_at", INT64, nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("amount_minor", INT64, nullable=False),
        sa.Column("expires_at", INT64, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("grant_id", INT64, nullable=True),
        sa.Column("booked_at", INT64, nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'booked', 'dropped')",
            name=op.f("ck_order_instalment_state_known"),
        ),
        sa.CheckConstraint(
            "credits_micro >= 0 AND amount_minor >= 0 AND credits_micro + amount_minor > 0",
            name=op.f("ck_order_instalment_not_empty"),
        ),
        sa.CheckConstraint(
            "expires_at > due_at", name=op.f("ck_order_instalment_expires_after_due")
        ),
        sa.CheckConstraint(
            "(state = 'booked') = (booked_at IS NOT NULL)",
            name=op.f("ck_order_instalment_booked_some_time"),
        ),
        sa.CheckConstraint(
            "(state = 'booked' AND credits_micro > 0) = (grant_id IS NOT NULL)",
            name=op.f("ck_order_instalment_booked_with_its_grant"),
        ),
        _reference("order_instalment", "line_id", "order_line"),
        _reference("order_instalment", "grant_id", "credit_grant"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_instalment")),
        sa.UniqueConstraint("line_id", "number", name=op.f("uq_order_instalment_line_id_number")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_order_instalment_grant_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_order_instalment_planned",
        "order_instalment",
        ["due_at"],
        sqlite_where=_PLANNED,
        postgresql_where=_PLANNED,
    )


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
