"""Calls in flight as support sees them: listed, and let go by hand.

Gates release by `services.holds.release`, a thousand times a minute and unaudited; a person gives a
reason, which the audit log keeps.
"""

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.services.audit import record_change
from creditctl.services.holds import Hold, end_hold, locked_hold, shown
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.holds import CAPTURED, OPEN, RELEASED, hold_by_id, newest_holds
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
    with unit_of_work(context.database) as unit:
        row = locked_hold(unit, reference)
        if row.state == CAPTURED:
            raise Conflict(
                f"{row.public_id} was captured: the call was served",
                hint="'creditctl usage undo' takes a day's calls back",
            )
        if row.state == OPEN:
            end_hold(unit, context, row, RELEASED)
            record_change(
                unit,
                context,
                "hold.released",
                row.public_id,
                organization_id=row.organization_id,
                reason=reason,
                before={"state": OPEN, "held": str(row.estimate)},
                after={"state": RELEASED},
            )
        return shown(hold_by_id(unit, row.id))
