"""Calls as a gate makes them, for tests: authorised, captured, released."""

from creditctl.context import Context
from creditctl.services.hold_capture import capture
from creditctl.services.holds import Hold, HoldRequest, authorize
from creditctl.store.engine import reading

ROWS = """
[catalog]
name = "rows"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z

[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }
maximum = 40
"""
"""The head of a catalog in which each unit of /rows costs a credit; plans follow."""


def call(
    context: Context,
    request_id: str,
    units: int | None = 1,
    *,
    organization: str | None = "acme",
    path: str = "/rows",
    key: str | None = None,
) -> Hold:
    """Authorise a call at context.now; on /rows, each unit costs a credit."""
    request = HoldRequest(
        request_id=request_id,
        method="GET",
        path=path,
        organization=organization,
        key=key,
        units=units,
    )
    return authorize(context, request)


def charge(context: Context, request_id: str, units: int, *, organization: str = "acme") -> Hold:
    """Authorise a call and capture it at once."""
    call(context, request_id, units, organization=organization)
    return capture(context, request_id, units=units)


def rows_of(context: Context, sql: str, **parameters: object) -> list[tuple[object, ...]]:
    """What a query finds; bytes as hexadecimal."""
    with reading(context.database) as unit:
        return [
            tuple(bytes(one).hex() if isinstance(one, bytes | memoryview) else one for one in row)
            for row in unit.fetch_rows(sql, **parameters)
        ]
