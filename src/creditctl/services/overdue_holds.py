"""Holds past their time that no check has freed yet: each decision adds up what they hold."""

from creditctl.context import Context
from creditctl.services.hold_steps import free_due
from creditctl.store.engine import UnitOfWork

MANY = 500
"""From so many on a gate frees them itself: to free one costs less than to add it up some times."""


class FreeOverdue:
    """The step of a gate that met many of an organization's."""

    def __init__(self, context: Context, organization_id: int) -> None:
        self._context, self._organization_id = context, organization_id

    def owner(self, _: UnitOfWork) -> int:
        """Whose they are."""
        return self._organization_id

    def run(self, unit: UnitOfWork) -> int:
        """Free them; returns how many."""
        return free_due(unit, self._context, self._organization_id)
