"""Numbers of documents: a series and a year, counted without gaps, such as `INV-2026-000001`.

Directive 2006/112/EC, Article 226(2), asks for a sequence that identifies each invoice; credit
notes are a series of their own.
"""

RECEIPTS, INVOICES, CREDIT_NOTES = "receipt", "invoice", "credit_note"
PREFIXES = {RECEIPTS: "R", INVOICES: "INV", CREDIT_NOTES: "CN"}
"""Every series, and what its numbers begin with."""


def series_of(reference: str) -> str | None:
    """The series that a number, or a credit note's id, is of; None for anything else."""
    if reference.startswith("cn_"):
        return CREDIT_NOTES
    return next((one for one, start in PREFIXES.items() if reference.startswith(f"{start}-")), None)


def document_number(series: str, year: int, count: int) -> str:
    """The number of a series' `count`-th document of a year; from the millionth on it is longer."""
    return f"{PREFIXES[series]}-{year}-{count:06d}"
