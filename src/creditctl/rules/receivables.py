"""How old receivables are: by days since they were due (aging)."""

from datetime import date

BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")
"""What is not due yet, or due today; then by days overdue."""

_LAST_DAYS = (0, 30, 60, 90)


def bucket_of(due_on: date, today: date) -> str:
    """The name of the bucket that what was due on that day is in."""
    overdue = (today - due_on).days
    place = sum(overdue > last for last in _LAST_DAYS)
    return BUCKETS[place]
