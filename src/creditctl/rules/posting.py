"""Posting days: in which month a movement counts in the books (DESIGN 3.8)."""


def posting_day(event_day: int, first_open_day: int | None) -> int:
    """The day of the event, or the first open day when the event's month is closed.

    Both are day numbers since 1970; `first_open_day` is None while no month was ever closed.
    Months are closed in their order, so whatever lies before the first open day is closed.
    """
    if first_open_day is None:
        return event_day
    return max(event_day, first_open_day)
