"""A document as PDF, by typst: the words go in as JSON, never as markup, so nothing is injected."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from unicodedata import bidirectional

from creditctl.documents.document import Document
from creditctl.documents.sheet import laid_out
from creditctl.documents.style import PLAIN, Style
from creditctl.errors import DriverMissing, InvalidInput

ARCHIVE = "a-3b"
"""PDF/A-3b (ISO 19005-3): for archives, and it may carry an electronic invoice."""

_IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"[^\0]*?<svg\b"), "image/svg+xml"),
)
"""How a file of each kind begins; SVG is text."""

_ONE_IMAGE = b"#image(bytes(json(bytes(sys.inputs.logo))))"
_LOGO_HINT = "use PNG, JPEG, GIF, WebP or SVG"
_RUNNING = ("seller", "buyer", "facts", "rows", "notices", "appendices", "payment", "terms")
"""Parts of a sheet whose words are whoever's, in whatever script."""

_STRONG = frozenset({"L", "R", "AL"})
_LONG_WORD = re.compile(r"\S{37,}")
"""Longer than the ids of the books."""

_STRETCH = re.compile(r"(\S{12})(?=\S)")
_BREAK = "\\1\u200b"


def render_pdf(document: Document, style: Style = PLAIN) -> bytes:
    """The document as PDF; the same values give the same bytes.

    Fonts are those that typst brings, and the style's; the machine's are not looked at. Raises
    InvalidInput for a logo or text that cannot be shown, and DriverMissing.
    """
    (pdf,) = _compiled(document, style, "pdf")
    return pdf


@lru_cache(maxsize=1)
def logo_type(logo: bytes) -> str:
    """The logo's media type, such as image/png; it was read to its end.

    Raises InvalidInput for what is no image or only begins like one, and DriverMissing.
    """
    found = next((kind for start, kind in _IMAGES if start.match(logo)), None)
    if found is None:
        raise InvalidInput("the logo is no image", hint=_LOGO_HINT)
    try:
        data = json.dumps(list(logo))
        _compiler(None).compile(_ONE_IMAGE, sys_inputs={"logo": data}, format="pdf")
    except RuntimeError as problem:
        reason = str(problem).splitlines()[0]
        raise InvalidInput(f"the logo is no image: {reason}", hint=_LOGO_HINT) from None
    return found


def _compiled(document: Document, style: Style, output: str) -> Sequence[bytes]:
    data = json.dumps(_data(document, style), ensure_ascii=False)
    standards = [ARCHIVE] if style.pdfa else []
    made = _compile(data, document, style, format=output, pdf_standards=standards)
    unproven = {letter for letter in data if not letter.isascii()} - _shown(style.fonts)
    if unproven and not style.pdfa:
        # Only an archive's file refuses what no font can show: elsewhere names become boxes.
        _compile(data, document, style, format="pdf", pdf_standards=[ARCHIVE])
    _shown(style.fonts).update(unproven)
    return made if isinstance(made, list) else [made]


def _compile(data: str, document: Document, style: Style, **how: Any) -> bytes | list[bytes]:
    try:
        made: bytes | list[bytes] = _compiler(style.fonts).compile(
            _template(),
            sys_inputs={"document": data},
            timestamp=datetime.combine(document.dated, time(), UTC),
            **how,
        )
    except RuntimeError as problem:
        reason = str(problem).splitlines()[0]
        hint = ""
        if "could not be displayed" in reason:
            hint = "fonts under [documents] names a folder with fonts that have these characters"
        raise InvalidInput(f"the PDF cannot be made: {reason}", hint=hint) from None
    return made


def _data(document: Document, style: Style) -> dict[str, Any]:
    sheet = laid_out(document, style)
    words: dict[str, Any] = _breakable(asdict(sheet))
    for part in _RUNNING:
        words[part] = _directed(words[part], is_right_to_left=sheet.is_right_to_left)
    if style.logo is not None:
        logo_type(style.logo)
    return words | {
        "author": sheet.seller.name,
        "headline": sheet.headline,
        "paper": style.paper_for(document.seller.address.country),
        "logo": None if style.logo is None else list(style.logo),
    }


def _breakable(value: Any) -> Any:
    """A word as long as a line may be broken here and there, or it would run out of the page."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda word: _STRETCH.sub(_BREAK, word.group()), value)
    if isinstance(value, dict):
        return {name: _breakable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(member) for member in value]
    return value


def _directed(value: Any, *, is_right_to_left: bool) -> Any:
    """Text that begins in the other direction than the sheet's keeps its own order to its end."""
    if isinstance(value, str):
        if value.isascii() and not is_right_to_left:
            return value
        strong = next((kind for kind in map(bidirectional, value) if kind in _STRONG), None)
        if strong is None or (strong != "L") == is_right_to_left:
            return value
        return f"\u2068{value}\u2069"
    if isinstance(value, dict):
        return {
            name: _directed(member, is_right_to_left=is_right_to_left)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_directed(member, is_right_to_left=is_right_to_left) for member in value]
    return value


@cache
def _compiler(fonts: str | None) -> Any:
    """A compiler with its fonts read: the next document takes milliseconds."""
    try:
        import typst
    except ImportError:
        raise DriverMissing(
            "PDF needs the package typst", hint="pip install 'creditctl[pdf]'"
        ) from None
    return typst.Compiler(font_paths=[fonts] if fonts else [], ignore_system_fonts=True)


@cache
def _shown(fonts: str | None) -> set[str]:  # noqa: ARG001 - each folder has its own
    """Characters that these fonts have shown already: nobody asks twice."""
    return set()


@cache
def _template() -> bytes:
    return resources.files("creditctl.documents").joinpath("document.typ").read_bytes()
