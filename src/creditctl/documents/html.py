"""A document as one page of HTML that needs nothing else: no script, no font, no request."""

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from importlib import resources

from creditctl.documents.document import Document
from creditctl.documents.pdf import logo_type
from creditctl.documents.sheet import Block, Grid, Sheet, laid_out
from creditctl.documents.style import PLAIN, Style


def render_html(document: Document, style: Style = PLAIN) -> str:
    """The document as HTML 5 for screens, screen readers and paper.

    Every text is escaped. Raises InvalidInput for a logo that is no image, and DriverMissing.
    """
    sheet = laid_out(document, style)
    language = "-".join(part for part in (sheet.language, sheet.region) if part)
    direction = "rtl" if sheet.is_right_to_left else "ltr"
    css = resources.files("creditctl.documents").joinpath("document.css").read_text("utf-8")
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(language)}" dir="{direction}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(sheet.headline)}</title>",
        f"<style>\n{css}</style></head>",
        "<body><main>",
        *_body(sheet, style),
        "</main></body></html>",
    ]
    return "\n".join([*parts, ""])


def _body(sheet: Sheet, style: Style) -> Iterable[str]:
    yield "<header>"
    yield _logo(sheet, style.logo)
    draft = f' <span class="draft">{escape(sheet.draft)}</span>' if sheet.draft else ""
    yield f"<h1>{escape(sheet.title)}{draft}</h1></header>"
    yield '<div class="parties">'
    yield _party(sheet.seller)
    yield _party(sheet.buyer)
    yield "<dl>"
    for label, value in sheet.facts:
        yield f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>"
    yield "</dl></div>"
    yield from _table(sheet.rows, sheet.headline)
    yield '<dl class="sums">'
    for one in sheet.sums:
        mark = ' class="strong"' if one.is_strong else ""
        yield f"<div{mark}><dt>{escape(one.label)}</dt><dd>{escape(one.value)}</dd></div>"
    yield "</dl>"
    for notice in sheet.notices:
        yield f'<p class="notice">{escape(notice)}</p>'
    yield from _section(sheet.payment, "payment")
    for appendix in sheet.appendices:
        yield f"<h2>{escape(appendix.title)}</h2>"
        yield from _table(appendix, appendix.title)
    yield from _section(sheet.terms, "terms")
    yield from _signature(sheet.signature)
    if sheet.footer:
        yield f"<footer>{escape(sheet.footer)}</footer>"


def _logo(sheet: Sheet, logo: bytes | None) -> str:
    if logo is None:
        return f'<p class="seller">{escape(sheet.seller.name)}</p>'
    source = f"data:{logo_type(logo)};base64,{b64encode(logo).decode('ascii')}"
    return f'<img src="{source}" alt="{escape(sheet.seller.name)}">'


def _party(party: Block) -> str:
    lines = "".join(f"<br>{escape(line)}" for line in party.lines)
    return (
        f'<section><h2>{escape(party.title)}</h2><p dir="auto">'
        f"<strong>{escape(party.name)}</strong>{lines}</p></section>"
    )


def _table(grid: Grid, caption: str) -> Iterable[str]:
    marks = [' class="number"' if column.is_number else "" for column in grid.columns]
    yield f'<table><caption class="hidden">{escape(caption)}</caption><thead><tr>'
    for column, mark in zip(grid.columns, marks, strict=True):
        yield f'<th scope="col"{mark}>{escape(column.title)}</th>'
    yield "</tr></thead><tbody>"
    for line in grid.lines:
        cells = zip(line.cells, marks, strict=True)
        muted = ' class="muted"' if line.is_muted else ""
        row = "".join(f'<td{mark} dir="auto">{escape(cell)}</td>' for cell, mark in cells)
        yield f"<tr{muted}>{row}</tr>"
    yield "</tbody></table>"


def _section(part: Block, name: str) -> Iterable[str]:
    if part.lines:
        yield f'<section class="{name}"><h2>{escape(part.title)}</h2>'
        yield from (f"<p>{escape(line)}</p>" for line in part.lines)
        yield "</section>"


def _signature(part: Block) -> Iterable[str]:
    if part.name:
        yield f'<p class="signed">{escape(part.title)}: <strong>{escape(part.name)}</strong></p>'
    elif part.title:
        names = "<br>".join(escape(line) for line in part.lines)
        yield f'<p class="signature">{names}<span>{escape(part.title)}</span></p>'
