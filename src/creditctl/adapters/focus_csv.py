"""FOCUS rows as CSV that a spreadsheet can open without running anything."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from creditctl.rules.focus import COLUMNS

_FORMULA_STARTS = ("=", "+", "-", "@")
_FROM_PEOPLE = (
    "BillingAccountName",
    "ChargeDescription",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "ServiceName",
)
_CELLS = itemgetter(*COLUMNS)
_PLACES_FROM_PEOPLE = tuple(COLUMNS.index(name) for name in _FROM_PEOPLE)
_ROWS_AT_ONCE = 4_096


def csv_parts(rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The dataset with its header, some thousand rows at a time.

    What people named is made harmless, numbers stay as they are.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, start=1):
        cells = list(_CELLS(row))
        for place in _PLACES_FROM_PEOPLE:
            cells[place] = inert(cells[place])
        writer.writerow(cells)
        if not number % _ROWS_AT_ONCE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def inert(text: str) -> str:
    """The text on one line, and no formula to a spreadsheet."""
    shown = text
    if not text.isprintable():
        shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
