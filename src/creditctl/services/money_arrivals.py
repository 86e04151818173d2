"""When money arrived, as who records it says."""

from datetime import UTC, date, datetime, time

from creditctl.context import Context
from creditctl.errors import InvalidInput


def arrival_time(context: Context, arrived_on: date | None) -> datetime:
    """The beginning of that UTC day, or now; raises InvalidInput for a day to come."""
    if arrived_on is None:
        return context.now
    if arrived_on > context.now.date():
        raise InvalidInput(
            f"{arrived_on} is yet to come", hint="record money when it has arrived, by its UTC day"
        )
    return datetime.combine(arrived_on, time(), UTC)
