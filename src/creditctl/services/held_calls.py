"""Calls in flight as support sees them: listed, and let go by hand.

Gates release by `services.holds.release`, a thousand times a minute and unaudited; a person gives a
reason, which the audit log keeps.
"""

from creditctl.context import Context
from creditctl.errors import InvalidInput
from creditctl.services.audit import record_change
from creditctl.services.group_steps import run_alone
from creditctl.services.hold_answers import Hold, shown
from creditctl.services.hold_steps import Release
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.holds import OPEN, RELEASED, newest_holds
from creditctl.store.queries.orgs import find_organization


def held_calls(
    context: Context,
    organization: str | None = None,
    *,
    state: str | None = OPEN,
    limit: int = 50,
) -> list[Hold]:
    """Holds in that state, None: in any; the newest first. Raises OrganizationNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization).id if organization is not None else None
        return [shown(row) for row in newest_holds(unit, owner, state, limit)]


def release_by_hand(context: Context, reference: str, *, reason: str) -> Hold:
    """Free what a call holds that its gate never settled; of one that has ended, nothing changes.

    A call that was served all the same is charged when its log line is imported. Raises NotFound,
    Conflict when it was captured, InvalidInput without a reason.
    """
    if not reason.strip():
        raise InvalidInput("a hold is released for a reason", hint="add --reason TEXT")
    return run_alone(context.database, _AuditedRelease(context, reference, reason))


class _AuditedRelease(Release):
    def __init__(self, context: Context, reference: str, reason: str) -> None:
        super().__init__(context, reference)
        self.reason = reason

    def run(self, unit: UnitOfWork) -> Hold:
        row = self.hold(unit)
        released = super().run(unit)
        if row.state == OPEN:
            record_change(
                unit,
                self.context,
                "hold.released",
                row.public_id,
                organization_id=row.organization_id,
                reason=self.reason,
                before={"state": OPEN, "held": str(row.estimate)},
                after={"state": RELEASED},
            )
        return released
