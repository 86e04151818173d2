"""Products by the name that people use."""

from creditctl.errors import ProductNotFound
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.catalog import product_ids


def product_id_of(unit: UnitOfWork, name: str | None) -> int | None:
    """The product's internal id, None for every product; raises ProductNotFound."""
    if name is None:
        return None
    known = product_ids(unit)
    if name not in known:
        raise ProductNotFound(f"there is no product {name!r}")
    return known[name]
