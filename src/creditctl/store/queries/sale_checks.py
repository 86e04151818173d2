"""Invariants of what credits are sold by; see `services.checks`."""


def _at_once(table: str, same: str) -> str:
    """Pairs of versions in force at once, of what is the same."""
    return f"""
        SELECT '{table} ' || a.id, 'is in force together with ' || b.id
        FROM {table} AS a JOIN {table} AS b ON {same} AND b.id <> a.id
        WHERE a.effective_from <= b.effective_from
          AND (a.effective_to IS NULL OR a.effective_to > b.effective_from)
    """


_SAME_TAX = """
    b.country = a.country AND b.region = a.region AND b.locality = a.locality
    AND b.name = a.name AND b.authority = a.authority AND b.category = a.category
    AND (b.supply = a.supply OR 'any' IN (a.supply, b.supply))
    AND (a.valid_until IS NULL OR a.valid_until > b.valid_from)
    AND (b.valid_until IS NULL OR b.valid_until > a.valid_from)
"""

STATED_TWICE = " UNION ALL ".join(
    (
        _at_once("package", "b.name = a.name"),
        _at_once("list_price", "b.currency = a.currency"),
        _at_once(
            "service_cost", "b.product = a.product AND b.method = a.method AND b.path = a.path"
        ),
        _at_once("tax_rate", _SAME_TAX),
        _at_once("seller", "1 = 1"),
    )
)
"""An invariant: a sale finds one package, price, rate of a day and seller, and usage one cost."""

PACKAGES_WITHOUT_PRICE = """
    SELECT 'package ' || v.name, 'version ' || v.id || ' has no price'
    FROM package AS v LEFT JOIN package_price AS p ON p.package_id = v.id
    WHERE p.package_id IS NULL
"""
