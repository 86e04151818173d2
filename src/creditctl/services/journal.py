"""`export journal`: a month's double entry for hledger or Beancount."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from creditctl.adapters.journal_writers import WRITERS, journal_writer
from creditctl.context import Context
from creditctl.rules.journal import Transaction, accounts_of, with_opening
from creditctl.rules.periods import Period, month_text
from creditctl.services.deferred_revenue import read_lots
from creditctl.services.journal_invoices import INVOICE_SOURCES
from creditctl.services.journal_sources import SOURCES, Span
from creditctl.services.new_files import appearing
from creditctl.store.engine import UnitOfWork, reading

DEFAULT_FORMAT = "hledger"


@dataclass(frozen=True, slots=True)
class ExportedJournal:
    """What was written."""

    file: str
    format: str
    month: str
    transactions: int
    accounts: int


def export_journal(
    context: Context,
    month: Period,
    target: Path,
    *,
    format_name: str | None = None,
    stdout: BinaryIO | None = None,
) -> ExportedJournal:
    """Write everything that was posted in a month, after the balances with which it opens.

    The format is the file's extension unless it is named, and hledger's otherwise. The same books
    give the same bytes. Raises InvalidInput, FileMissing, DiskFull.
    """
    extension = target.suffix.removeprefix(".")
    chosen = format_name or (extension if extension in WRITERS else DEFAULT_FORMAT)
    writer = journal_writer(chosen)
    with reading(context.database) as unit:
        transactions = read_journal(unit, context, month)
    with appearing(target, stdout) as stream:
        for piece in writer.journal_text(f"creditctl, {month_text(month)}", transactions):
            stream.write(piece.encode())
    return ExportedJournal(
        file=str(target),
        format=chosen,
        month=month_text(month),
        transactions=len(transactions),
        accounts=len(accounts_of(transactions)),
    )


def read_journal(unit: UnitOfWork, context: Context, month: Period) -> list[Transaction]:
    """The month's transactions in order, after those of its opening balances."""
    first, end = month.starts_at.date(), month.ends_at.date()
    span = Span(first, end, context.now, read_lots(unit, first, end))
    sources = (*SOURCES, *INVOICE_SOURCES)
    return with_opening((one for source in sources for one in source(unit, span)), first)
