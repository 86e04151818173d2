"""How PostgreSQL is to go about statements that look up a few rows of tables of any size."""

from creditctl.store.engine import UnitOfWork

_BY_KEY = {
    # Planned once for a connection: to plan such a statement costs more than to run it.
    "plan_cache_mode": "force_generic_plan",
    # That plan stays while tables grow: one that reads a small table whole would get slow.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "jit": "off",
}


def look_up_by_key(unit: UnitOfWork) -> None:
    """For the rest of the transaction: plan once, and follow the indexes."""
    if unit.dialect == "postgresql":
        settings = ", ".join(f"set_config('{name}', '{to}', true)" for name, to in _BY_KEY.items())
        unit.run(f"SELECT {settings}")


def there_is(rows: str) -> str:
    """A condition: EXISTS, by key for each row that asks.

    What PostgreSQL knows as EXISTS it may turn into a join that reads all rows of a small table;
    the plan is kept while the table grows.
    """
    return f"((SELECT 1 {rows} LIMIT 1) IS NOT NULL)"
