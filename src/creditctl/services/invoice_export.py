"""`invoice export`: every final invoice and credit note of a month as files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from creditctl.context import Context
from creditctl.documents.document import Document
from creditctl.errors import InvalidInput
from creditctl.rules.periods import Period, month_text
from creditctl.services.documents import ELECTRONIC, ENDINGS, style_of
from creditctl.services.invoice_document import document_named
from creditctl.services.new_files import appearing
from creditctl.services.render_tasks import Task
from creditctl.services.rendering import Renderer
from creditctl.services.usage_files import unwritable
from creditctl.store.engine import reading, reusing_connections
from creditctl.store.queries.invoice_papers import papers_of_month

_BATCH = 256
"""Documents read before they are rendered: memory does not grow with the month."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that was not written, and why."""

    file: str
    problem: str


@dataclass(frozen=True, slots=True)
class ExportedInvoices:
    """What a run wrote; `kept` files were there and the same."""

    month: str
    directory: str
    invoices: int
    credit_notes: int
    written: int
    kept: int
    replaced: int
    problems: tuple[FileProblem, ...]


Watch = Callable[[int, int], None]
"""Told how many files are done, and of how many."""


def export_invoices(
    context: Context,
    month: Period,
    directory: Path,
    formats: Sequence[str] = ("pdf",),
    *,
    replace: bool = False,
    watch: Watch = lambda done, total: None,  # noqa: ARG005 - nobody watches
) -> ExportedInvoices:
    """Write the month's final invoices, void ones too, and their credit notes; no drafts.

    A void one is no electronic invoice: that could not say so.
    A file appears when it is complete, so a run that was cut off goes on when it is repeated. One
    that is there and says something else stays, and is listed, unless `replace`. Raises
    InvalidInput for no or an unknown format, FileMissing, DiskFull and DriverMissing.
    """
    formats = _checked(formats)
    style = style_of(context.settings.documents)
    with reading(context.database) as unit:
        invoices, notes = papers_of_month(unit, month_text(month))
    try:
        directory.mkdir(exist_ok=True)
    except OSError as problem:
        raise unwritable(directory, problem) from None
    counts = {"written": 0, "kept": 0, "replaced": 0}
    problems: list[FileProblem] = []
    total = (len(invoices) + len(notes)) * len(formats)
    with closing(Renderer(style)) as renderer:
        for tasks, left_out in _batches(context, [*invoices, *notes], formats):
            total -= left_out
            for task, made in zip(tasks, renderer.render(tasks), strict=True):
                target = directory / file_name(task.document, task.format)
                if made.problem is not None:
                    problems.append(FileProblem(target.name, made.problem))
                else:
                    word = _write(target, made.content, replace=replace)
                    if word in counts:
                        counts[word] += 1
                    else:
                        problems.append(FileProblem(target.name, word))
                watch(sum(counts.values()) + len(problems), total)
    return ExportedInvoices(
        month=month_text(month),
        directory=str(directory),
        invoices=len(invoices),
        credit_notes=len(notes),
        problems=tuple(problems),
        **counts,
    )


def file_name(document: Document, format_name: str) -> str:
    """Number and organization, such as `INV-2026-000017-acme.pdf`: both are safe in names."""
    organization = dict(document.references)["organization"]
    return f"{document.number}-{organization}{ENDINGS[format_name]}"


def _checked(formats: Sequence[str]) -> tuple[str, ...]:
    """Each once; raises InvalidInput for none, which would write nothing, and for unknown ones."""
    hint = f"formats: {', '.join(ENDINGS)}"
    if not formats:
        raise InvalidInput("no format is named", hint=hint)
    for name in formats:
        if name not in ENDINGS:
            raise InvalidInput(f"no document is {name!r}", hint=hint)
    return tuple(dict.fromkeys(formats))


def _batches(
    context: Context, numbers: Sequence[str], formats: Sequence[str]
) -> Iterator[tuple[list[Task], int]]:
    """What is to be rendered, and how much of a batch there is no file of."""
    for start in range(0, len(numbers), _BATCH):
        with reusing_connections():
            documents = [document_named(context, name) for name in numbers[start : start + _BATCH]]
        tasks = [
            Task(document, name)
            for document in documents
            for name in formats
            if not (document.is_void and name in ELECTRONIC)
        ]
        yield tasks, len(documents) * len(formats) - len(tasks)


def _write(target: Path, content: bytes, *, replace: bool) -> str:
    """What became of the file: `written`, `kept`, `replaced`, or why nothing was done."""
    word = "written"
    try:
        if target.exists():
            if not target.is_file():
                # A pipe would be waited for, and a device written to.
                return "is there and is no file: move it away"
            if target.read_bytes() == content:
                return "kept"
            if not replace:
                return "is there and says something else: add --replace"
            word = "replaced"
    except OSError as problem:
        raise unwritable(target, problem) from None
    with appearing(target) as stream:
        stream.write(content)
    return word
