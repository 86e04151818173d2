"""One document in one format: its bytes, or why there are none."""

from dataclasses import dataclass

from creditctl.documents.document import Document
from creditctl.documents.style import Style
from creditctl.errors import InvalidInput
from creditctl.services.documents import FORMATS


@dataclass(frozen=True, slots=True)
class Task:
    """A document to render in a format."""

    document: Document
    format: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes, or why there are none."""

    content: bytes
    problem: str | None = None


def run_task(task: Task, style: Style) -> Rendered:
    """The document in that format, or what it lacks; raises DriverMissing."""
    try:
        return Rendered(FORMATS[task.format](task.document, style))
    except InvalidInput as problem:
        return Rendered(b"", problem.detail)
