"""The catalog: check a file, compare it, apply it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from creditctl.adapters.catalog_toml import parse_catalog, read_catalog
from creditctl.adapters.toml_source import TomlSource
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.catalog import Catalog
from creditctl.services.audit import record_change
from creditctl.services.catalog_diff import Difference, differences
from creditctl.services.catalog_selling import selling_differences, write_selling
from creditctl.services.catalog_terms import file_differences, refuse_rewritten_terms
from creditctl.services.catalog_versions import NewVersion, write_budgets, write_plans, write_prices
from creditctl.store.engine import UnitOfWork, reading, rehearsal, unit_of_work
from creditctl.store.queries.catalog import (
    applied_catalog_version,
    lock_catalog,
    newest_catalog_version,
)


@dataclass(frozen=True, slots=True)
class CatalogSummary:
    """What a valid catalog file holds."""

    name: str
    currency: str
    products: int
    endpoints: int
    plans: int
    promotions: int
    packages: int
    taxes: int


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """What applying a file changes or would change; no differences and not new: nothing."""

    name: str
    applied: bool
    effective_from: datetime
    changes: int
    differences: tuple[Difference, ...]
    refused: str | None = None
    """Why applying it would be refused, for history is not rewritten."""


def validate_catalog(path: Path) -> CatalogSummary:
    """Check a file without a database; raises FileMissing or CatalogInvalid."""
    catalog = read_catalog(path)
    return CatalogSummary(
        name=catalog.name,
        currency=catalog.currency,
        products=len(catalog.products),
        endpoints=sum(len(product.endpoints) for product in catalog.products),
        plans=len(catalog.plans),
        promotions=len(catalog.promotions),
        packages=len(catalog.packages),
        taxes=len(catalog.taxes),
    )


def diff_catalog(context: Context, path: Path) -> CatalogChange:
    """What applying the file would change, and whether it could be; writes nothing."""
    try:
        change = apply_catalog(context, path, dry_run=True)
    except Conflict as refusal:
        catalog = read_catalog(path)
        with reading(context.database) as unit:
            found = _change(context, catalog, _differences(unit, catalog), applied=False)
        return replace(found, refused=refusal.detail)
    return replace(change, applied=False)


def apply_catalog(context: Context, path: Path, *, dry_run: bool = False) -> CatalogChange:
    """Put what the file states in force; the same file twice changes nothing.

    Raises FileMissing, CatalogInvalid, and Conflict where history would have to be rewritten.
    """
    source = TomlSource.read(path)
    catalog = parse_catalog(source)
    sha256 = hashlib.sha256(source.text.encode()).hexdigest()
    begin = rehearsal if dry_run else unit_of_work
    with begin(context.database) as unit:
        lock_catalog(unit)
        newest = newest_catalog_version(unit)
        found = _differences(unit, catalog)
        if newest is not None and not found:
            return _change(context, catalog, [], applied=False)
        change = _change(context, catalog, found, applied=not dry_run)
        refuse_rewritten_terms(unit, catalog, change.effective_from)
        version_id = unit.insert(
            "catalog_version",
            name=catalog.name,
            currency=catalog.currency,
            list_price=catalog.list_price,
            effective_from=change.effective_from,
            applied_at=context.now,
            actor=context.actor,
            sha256=sha256,
            source=source.text,
        )
        new = NewVersion(version_id, change.effective_from)
        write_plans(unit, catalog, new)
        write_prices(unit, catalog, new)
        write_budgets(unit, catalog)
        write_selling(unit, catalog, new)
        record_change(
            unit,
            context,
            "catalog.applied",
            catalog.name,
            after={"sha256": sha256, "changes": len(found), "from": change.effective_from},
        )
    return change


def export_catalog(context: Context) -> str:
    """The catalog applied last as the canonical file; raises CatalogMissing."""
    from creditctl.adapters.catalog_writer import catalog_toml

    with reading(context.database) as unit:
        return catalog_toml(current_catalog(unit))


def catalog_file_schema() -> dict[str, Any]:
    """The JSON Schema of a catalog file."""
    from creditctl.adapters.catalog_schema import catalog_schema

    return catalog_schema()


def current_catalog(unit: UnitOfWork) -> Catalog:
    """The catalog that was applied last; raises CatalogMissing."""
    row = applied_catalog_version(unit)
    return parse_catalog(TomlSource(row.name, row.source))


def _differences(unit: UnitOfWork, catalog: Catalog) -> list[Difference]:
    newest = newest_catalog_version(unit)
    previous = None if newest is None else parse_catalog(TomlSource(newest.name, newest.source))
    return [
        *file_differences(catalog, previous),
        *differences(unit, catalog),
        *selling_differences(unit, catalog),
    ]


def _change(
    context: Context, catalog: Catalog, found: list[Difference], *, applied: bool
) -> CatalogChange:
    effective_from = catalog.effective_from or context.now
    return CatalogChange(catalog.name, applied, effective_from, len(found), tuple(found))
