"""All invariants, as they are checked after every test: on a server, most of them in one trip."""

from functools import cache

from creditctl.context import Context
from creditctl.services.checks import CHECKS, Check, Finding, Query, findings_in
from creditctl.store.engine import UnitOfWork


def breaches(unit: UnitOfWork, context: Context) -> list[Finding]:
    """What `findings_in` finds."""
    if unit.dialect == "sqlite":
        return findings_in(unit, context)
    query, others = _split(tuple(CHECKS.items()))
    if unit.fetch_rows(query):
        found = findings_in(unit, context)
        assert found, "the one query found what those it consists of did not"
        return found
    return findings_in(unit, context, others)


@cache
def _split(checks: tuple[tuple[str, Check], ...]) -> tuple[str, dict[str, Check]]:
    """Whether one of the checks that are queries finds anything; and the other checks."""
    queries = [check.sql for _, check in checks if isinstance(check, Query)]
    others = {name: check for name, check in checks if not isinstance(check, Query)}
    return " UNION ALL ".join(f"SELECT 1 FROM ({sql}) AS c" for sql in queries), others
