"""Selling credits: packages, list prices, taxes, the seller; what tax asks of organizations."""

import sqlalchemy as sa
from alembic import op

from creditctl.store.migrations.changes import add_column, drop_column, replace_check
from creditctl.store.migrations.guards import append_only, keep_columns, keep_rows
from creditctl.store.tables.columns import FLAG, INT64

revision = "0017"
down_revision = "0016"

_TAX_RATE_KEY = (
    "country",
    "region",
    "locality",
    "name",
    "authority",
    "category",
    "supply",
    "valid_from",
)
_ORGANIZATION_COLUMNS = {
    "locality": "text",
    "tax_id_confirmed": "flag",
    "tax_exempt_reason": "text",
    "tax_exempt_certificate": "text",
    "tax_exempt_from": "integer",
    "tax_exempt_until": "integer",
}
_ORGANIZATION_CHECKS = {
    "exemption_has_reason": (
        "tax_exempt_reason IS NOT NULL OR COALESCE(tax_exempt_from, tax_exempt_until) IS NULL"
    ),
    "exemption_not_empty": "tax_exempt_until > tax_exempt_from",
}


def upgrade() -> None:
    for name, kind in _ORGANIZATION_COLUMNS.items():
        add_column("organization", name, kind)
    for name, check in _ORGANIZATION_CHECKS.items():
        replace_check("organization", name, "", check)
    _create_versions(
        "package",
        ("name",),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("credits_micro", INT64, nullable=False),
        sa.Column("lifetime_days", INT64, nullable=True),
        sa.CheckConstraint("credits_micro > 0", name=op.f("ck_package_credits_above_zero")),
        sa.CheckConstraint("lifetime_days > 0", name=op.f("ck_package_lifetime_above_zero")),
    )
    op.create_table(
        "package_price",
        sa.Column("package_id", INT64, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_minor", INT64, nullable=False),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_package_price_price_above_zero")),
        sa.ForeignKeyConstraint(
            ["package_id"], ["package.id"], name=op.f("fk_package_price_package_id")
        ),
        sa.PrimaryKeyConstraint("package_id", "currency", name=op.f("pk_package_price")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    append_only("package_price")
    _create_versions(
        "list_price",
        ("currency",),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
    )
    _create_tax_rate()
    _create_versions(
        "seller",
        (),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("prices_include_tax", sa.Text(), nullable=False),
        sa.Column("trusts_check_digits", FLAG, nullable=False),
        sa.Column("registrations", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    for table in ("seller", "tax_rate", "list_price", "package_price", "package"):
        op.drop_table(table)
    for name, check in reversed(_ORGANIZATION_CHECKS.items()):
        replace_check("organization", name, check, "")
    for name, kind in reversed(_ORGANIZATION_COLUMNS.items()):
        drop_column("organization", name, kind)


def _create_tax_rate() -> None:
    _create_versions(
        "tax_rate",
        _TAX_RATE_KEY,
        *(
            sa.Column(name, INT64 if name == "valid_from" else sa.Text(), nullable=False)
            for name in _TAX_RATE_KEY
        ),
        sa.Column("ppm", INT64, nullable=False),
        sa.Column("taxable_ppm", INT64, nullable=False),
        sa.Column("valid_until", INT64, nullable=True),
        sa.CheckConstraint(
            "supply IN ('any', 'within_region', 'between_regions')",
            name=op.f("ck_tax_rate_supply_known"),
        ),
        sa.CheckConstraint("ppm BETWEEN 0 AND 1000000", name=op.f("ck_tax_rate_rate_in_range")),
        sa.CheckConstraint(
            "taxable_ppm BETWEEN 1 AND 1000000", name=op.f("ck_tax_rate_taxable_in_range")
        ),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_tax_rate_days_not_empty")),
    )


def _create_versions(
    table: str, key: tuple[str, ...], *facts: sa.Column[object] | sa.CheckConstraint
) -> None:
    """A table of versions in force for a time, of which only the end may be written later."""
    unique = (*key, "effective_from")
    op.create_table(
        table,
        sa.Column("id", INT64, nullable=False),
        sa.Column("catalog_version_id", INT64, nullable=False),
        sa.Column("effective_from", INT64, nullable=False),
        sa.Column("effective_to", INT64, nullable=True),
        *facts,
        sa.CheckConstraint(
            "effective_to > effective_from", name=op.f(f"ck_{table}_validity_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["catalog_version_id"],
            ["catalog_version.id"],
            name=op.f(f"fk_{table}_catalog_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
        sqlite_strict=True,
    )
    kept = ["id", "catalog_version_id", "effective_from"]
    kept += [fact.name for fact in facts if isinstance(fact, sa.Column)]
    keep_columns(table, kept)
    keep_rows(table, f"{table} versions keep their history")
