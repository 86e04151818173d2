"""Documents handed out: in the company's style, as a file or on stdout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from creditctl.adapters.bounded_reads import read_bytes
from creditctl.context import Context
from creditctl.documents.document import Document
from creditctl.documents.einvoice import cii_xml, facturx_pdf, ubl_xml
from creditctl.documents.html import render_html
from creditctl.documents.json_text import render_json
from creditctl.documents.pdf import render_pdf
from creditctl.documents.style import PAPERS, Style
from creditctl.documents.text import render_text
from creditctl.errors import FileMissing, InvalidInput
from creditctl.services.new_files import appearing

FORMATS: dict[str, Callable[[Document, Style], bytes]] = {
    "pdf": render_pdf,
    "html": lambda document, style: render_html(document, style).encode(),
    "json": render_json,
    "text": lambda document, style: render_text(document, style).encode(),
    "cii": cii_xml,
    "ubl": ubl_xml,
    "facturx": facturx_pdf,
}
"""Format name -> what makes the bytes."""

ELECTRONIC = ("cii", "ubl", "facturx")
"""Formats of EN 16931, which ask for money whatever became of the invoice."""

ENDINGS = {
    "pdf": ".pdf",
    "html": ".html",
    "json": ".json",
    "text": ".txt",
    "cii": ".cii.xml",
    "ubl": ".ubl.xml",
    "facturx": ".facturx.pdf",
}
"""Format name -> how the name of a file of it ends."""

SETTINGS = ("logo", "paper", "locale", "footer", "payment", "iban", "pdfa", "fonts", "einvoice")
"""What `[documents]` may say."""

_ANSWERS = {"true": True, "false": False}
_LARGEST_LOGO = 1_000_000


@dataclass(frozen=True, slots=True)
class WrittenDocument:
    """A document that was written; `number` None is a draft."""

    file: str
    format: str
    kind: str
    number: str | None
    bytes: int


def rendered(
    context: Context, document: Document, format_name: str, *, locale: str | None = None
) -> bytes:
    """The document in that format and the company's style, in `locale` where one is given.

    Raises InvalidInput, FileMissing for the logo, and DriverMissing.
    """
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        raise InvalidInput(f"no document is {format_name!r}", hint=f"formats: {known}")
    style = style_of(context.settings.documents)
    chosen = replace(style, locale=locale) if locale else style
    return FORMATS[format_name](document, chosen)


def write_document(
    context: Context,
    document: Document,
    target: Path,
    format_name: str,
    *,
    locale: str | None = None,
    stdout: BinaryIO | None = None,
) -> WrittenDocument:
    """Write the document to `target`, which appears when it is complete, or to `stdout`.

    An existing file is replaced: who calls has asked. Raises what `rendered` raises, and DiskFull.
    """
    content = rendered(context, document, format_name, locale=locale)
    with appearing(target, stdout) as stream:
        stream.write(content)
    return WrittenDocument(
        str(target), format_name, str(document.kind), document.number, len(content)
    )


def style_of(settings: Mapping[str, str]) -> Style:
    """The style that `[documents]` describes; raises InvalidInput, and FileMissing for the logo."""
    for name in settings:
        if name not in SETTINGS:
            raise InvalidInput(
                f"documents: unknown setting {name!r}", hint=f"known: {', '.join(SETTINGS)}"
            )
    paper = settings.get("paper")
    if paper is not None and paper not in PAPERS:
        raise InvalidInput(f"documents: no paper is {paper!r}", hint="a4 or letter")
    iban = _iban(settings.get("iban"))
    lines = [line for line in settings.get("payment", "").splitlines() if line.strip()]
    if iban:
        lines.append("IBAN " + " ".join(iban[i : i + 4] for i in range(0, len(iban), 4)))
    return Style(
        locale=settings.get("locale", "en"),
        paper=paper,
        logo=_logo(settings.get("logo")),
        payment_lines=tuple(lines),
        iban=iban,
        footer=settings.get("footer", ""),
        pdfa=_flag(settings, "pdfa"),
        fonts=_folder(settings.get("fonts")),
    )


def wants_einvoice(settings: Mapping[str, str]) -> bool:
    """Whether invoices are sent with the electronic one in them; raises InvalidInput."""
    return _flag(settings, "einvoice")


def _flag(settings: Mapping[str, str], name: str) -> bool:
    answer = settings.get(name, "false").lower()
    if answer not in _ANSWERS:
        raise InvalidInput(f"documents: {name} is true or false", hint=f"write {name} = true")
    return _ANSWERS[answer]


def _iban(text: str | None) -> str | None:
    if text is None:
        return None
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    try:
        compact: str = iban.validate(text)
    except ValidationError:
        raise InvalidInput(
            f"documents: {text!r} is no IBAN", hint="its check digits are wrong"
        ) from None
    return compact


def _logo(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return read_bytes(Path(path), longest=_LARGEST_LOGO)
    except OSError as problem:
        reason = problem.strerror or "it cannot be read"
        raise FileMissing(f"documents: logo {path}: {reason}") from None
    except InvalidInput as problem:
        hint = "it stands on every document: use a smaller one"
        raise InvalidInput(f"documents: logo {problem.detail}", hint=hint) from None


def _folder(path: str | None) -> str | None:
    if path is not None and not Path(path).is_dir():
        raise FileMissing(f"documents: fonts {path} is no folder")
    return path
