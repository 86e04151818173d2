"""Whose instalments have become due: asked by every command that draws credits, mostly in vain."""

from datetime import datetime

from creditctl.store.engine import UnitOfWork

DUE = """
    FROM order_instalment AS i JOIN order_line AS l ON l.id = i.line_id
         JOIN order_form AS f ON f.id = l.order_id
    WHERE i.state = 'planned' AND i.due_at <= :now AND f.activated_at IS NOT NULL
"""


def owners_of_due_instalments(unit: UnitOfWork, now: datetime) -> list[int]:
    """Organizations with an instalment whose time has come, by internal id."""
    rows = unit.fetch_rows(f"SELECT DISTINCT f.organization_id {DUE} ORDER BY 1", now=now)
    return [int(organization_id) for (organization_id,) in rows]
