"""`--pdf`, `--html` and the like: a document instead of an answer on the screen."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.session import Session
from creditctl.errors import InvalidInput
from creditctl.output.view import Column, View

if TYPE_CHECKING:
    from creditctl.documents.document import Document

WRITTEN_VIEW = View(
    "creditctl.written_document/v1",
    (
        Column("file"),
        Column("format"),
        Column("kind"),
        Column("number"),
        Column("bytes"),
    ),
)
PdfOption = Annotated[
    Path | None,
    typer.Option("--pdf", metavar="FILE", help="Write it as PDF; - is stdout."),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write it as one HTML page; - is stdout."),
]
FacturxOption = Annotated[
    Path | None,
    typer.Option("--facturx", metavar="FILE", help="Write it as PDF with the e-invoice in it."),
]
CiiOption = Annotated[
    Path | None, typer.Option("--cii", metavar="FILE", help="Write it as EN 16931, as CII.")
]
UblOption = Annotated[
    Path | None, typer.Option("--ubl", metavar="FILE", help="Write it as EN 16931, as UBL 2.1.")
]
LocaleOption = Annotated[
    str | None,
    typer.Option("--locale", metavar="LOCALE", help="Of the document, such as de or fr-CH."),
]


def handed_out(
    session: Session,
    make: Callable[[], "Document"],
    *,
    pdf: Path | None,
    html: Path | None,
    locale: str | None,
    **others: Path | None,
) -> bool:
    """Write the document where one was asked for, `others` by format; False: nobody did."""
    targets = {"pdf": pdf, "html": html, **others}
    asked = [(name, path) for name, path in targets.items() if path is not None]
    if len(asked) > 1:
        names = " and ".join(f"--{name}" for name, _ in asked)
        raise InvalidInput(f"{names} are two documents", hint="run the command twice")
    for format_name, path in asked:
        write_out(session, make, path, format_name, locale=locale)
    if locale and not asked:
        raise InvalidInput("--locale is a document's", hint="add --pdf FILE or --html FILE")
    return bool(asked)


def write_out(
    session: Session,
    make: Callable[[], "Document"],
    target: Path,
    format_name: str,
    *,
    locale: str | None = None,
) -> None:
    """Write one document, asking before it replaces a file; `-` is stdout and answers nothing."""
    from creditctl.services.documents import write_document  # not for a screen

    document = make()
    is_stdout = str(target) == "-"
    if not is_stdout and target.exists():
        session.confirm(f"replacing {target}")
    written = write_document(
        session.context,
        document,
        target,
        format_name,
        locale=locale,
        stdout=session.terminal.stdout.buffer if is_stdout else None,
    )
    if not is_stdout:
        session.show(written, WRITTEN_VIEW)
