"""A document laid out as text: what stands where, decided once for PDF, HTML and plain text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from creditctl.documents.document import Appendix, Document, DocumentTax, Kind, Party, Row
from creditctl.documents.localized import Localized
from creditctl.documents.style import Style
from creditctl.rules.units import Credits, Money

_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
)
"""Code points that are never a character: no font shows them, and XML refuses U+FFFE and U+FFFF."""

_UNPRINTABLE = re.compile(
    f"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff{_NONCHARACTERS}]"
)
"""What would break a line, turn the text beside it around, or hide; names stay as they are."""

_MUTED = frozenset({"credits", "covered", "rounding", "waived"})
"""Kinds of rows that take back what another one states."""

Cell = str | int | Decimal | date | Money | Credits | None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and the lines below it."""

    title: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; numbers stand at its right edge."""

    title: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, as text."""

    cells: tuple[str, ...]
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a heading, which may be empty."""

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A line below the table; `is_strong` is what the eye looks for."""

    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All the words of a document, in the order they are read."""

    title: str
    number: str
    draft: str
    language: str
    region: str | None
    is_right_to_left: bool
    seller: Block
    buyer: Block
    facts: tuple[tuple[str, str], ...]
    rows: Grid
    sums: tuple[Sum, ...]
    notices: tuple[str, ...]
    appendices: tuple[Grid, ...]
    payment: Block
    terms: Block
    signature: Block
    footer: str
    page: str
    """With `{page}` and `{pages}`."""

    @property
    def headline(self) -> str:
        """What it is, in one line."""
        return " ".join(part for part in (self.title, self.number or self.draft) if part)


def laid_out(document: Document, style: Style) -> Sheet:
    """The document in the style's language; raises InvalidInput, DriverMissing."""
    words = Localized.of(style.locale)
    return Sheet(
        title=words.label(document.kind),
        number=printable(document.number or ""),
        draft=_mark(document, words),
        language=words.language,
        region=words.region,
        is_right_to_left=words.is_right_to_left,
        seller=_party("from", document.seller, words),
        buyer=_party("to", document.buyer, words),
        facts=tuple(_facts(document, words)),
        rows=_rows(document, words),
        sums=tuple(_sums(document, words)),
        notices=tuple(printable(notice) for notice in document.notices),
        appendices=tuple(_appendix(one, words) for one in document.appendices),
        payment=_payment(document, style, words),
        terms=Block(words.label("terms"), "", tuple(_paragraphs(document.terms or ""))),
        signature=_signature(document, words),
        footer=printable(style.footer),
        page=words.label("page"),
    )


def printable(text: str) -> str:
    r"""One line of text: a character that cannot be seen is written as `\x07` or `\u202e`."""
    return _UNPRINTABLE.sub(_spelled, " ".join(re.split(r"[\t\r\n]+", text)).strip())


def _spelled(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")


def _paragraphs(text: str) -> list[str]:
    return [printable(line) for line in text.strip().splitlines()]


def _mark(document: Document, words: Localized) -> str:
    """What it is not yet, or no longer: a draft, or void."""
    if document.is_void:
        return words.label("void")
    return words.label("draft") if document.is_draft else ""


def _party(word: str, party: Party, words: Localized) -> Block:
    if not party.name:
        return Block("", "", ())
    address = party.address
    town = " ".join(part for part in (address.postcode, address.city) if part)
    lines = list(party.lines or (*address.lines, town))
    if address.country:
        lines.append(", ".join(filter(None, (address.region, words.country(address.country)))))
    lines.append(f"{words.label('tax_id')} {party.tax_id}" if party.tax_id else "")
    lines += [party.email or "", party.phone or ""]
    shown = tuple(printable(line) for line in lines if line)
    return Block(words.label(word), printable(party.name), shown)


def _facts(document: Document, words: Localized) -> Iterable[tuple[str, str]]:
    if document.number:
        yield words.label("number"), printable(document.number)
    if document.issued_on:
        yield words.label("issued"), words.short_day(document.issued_on)
    if document.due_on:
        yield words.label("due_on"), words.short_day(document.due_on)
    if document.starts_on and document.ends_on:
        days = (words.short_day(document.starts_on), words.short_day(document.ends_on))
        yield words.label("period"), " \u2013 ".join(days)
    if document.corrects:
        yield words.label("corrects"), printable(document.corrects)
    for word, value in document.references:
        yield printable(words.label(word)), printable(value)


def _rows(document: Document, words: Localized) -> Grid:
    counts = any(row.quantity is not None for row in document.rows)
    prices = any(row.unit_price is not None for row in document.rows)
    amount = words.label("with_tax" if document.prices_include_tax else "amount")
    columns = [Column(words.label("description"), is_number=False)]
    columns += [Column(words.label("quantity"), is_number=True)] if counts else []
    columns += [Column(words.label("unit_price"), is_number=True)] if prices else []
    columns.append(Column(f"{amount} ({document.currency})", is_number=True))
    lines = [_line(row, words, counts=counts, prices=prices) for row in document.rows]
    return Grid("", tuple(columns), tuple(lines))


def _line(row: Row, words: Localized, *, counts: bool, prices: bool) -> Line:
    cells = [printable(row.description)]
    cells += [_cell(row.quantity, words)] if counts else []
    cells += [_cell(row.unit_price, words)] if prices else []
    cells.append(_cell(row.amount, words))
    return Line(tuple(cells), row.kind in _MUTED)


def _sums(document: Document, words: Localized) -> Iterable[Sum]:
    if document.net is not None and document.taxes:
        yield Sum(words.label("net"), words.money(document.net))
    yield from (_tax(tax, words) for tax in document.taxes)
    left = document.due if document.paid or document.credited else None
    total = words.money(document.total)
    yield Sum(_total_label(document, words), total, is_strong=not left)
    if document.paid:
        yield Sum(words.label("paid"), words.money(document.paid))
    if document.credited:
        # What the electronic invoice calls due, which knows no later credit note.
        yield Sum(words.label("due"), words.money(document.payable))
        yield Sum(words.label("credited"), words.money(document.credited))
    if left is not None and (left or document.credited):
        word = "due_after" if document.credited else "due"
        yield Sum(words.label(word), words.money(left), is_strong=bool(left))


def _total_label(document: Document, words: Localized) -> str:
    return words.label("price" if document.kind is Kind.ORDER_FORM else "total")


def _tax(tax: DocumentTax, words: Localized) -> Sum:
    place = f" {tax.place}" if tax.place else ""
    rate = f"{printable(tax.name)}{place} {words.percent(tax.percent)}"
    taxable = f"{words.label('on')} {words.amount(tax.taxable)}"
    return Sum(f"{rate} {taxable}", words.money(tax.tax))


def _appendix(appendix: Appendix, words: Localized) -> Grid:
    numbers = [
        any(isinstance(row[i], Money | Credits | int) for row in appendix.rows)
        for i in range(len(appendix.columns))
    ]
    columns = tuple(
        Column(printable(words.label(name)), is_number)
        for name, is_number in zip(appendix.columns, numbers, strict=True)
    )
    lines = tuple(Line(tuple(_cell(cell, words) for cell in row)) for row in appendix.rows)
    return Grid(printable(words.label(appendix.title)), columns, lines)


def _cell(value: Cell, words: Localized) -> str:
    match value:
        case None:
            return ""
        case str():
            return printable(value)
        case Money():
            return words.amount(value)
        case date():
            return words.short_day(value)
        case _:
            return words.number(value)


def _payment(document: Document, style: Style, words: Localized) -> Block:
    is_asked = document.due is not None and document.due.minor > 0
    how = style.payment_lines or document.seller.bank
    lines = [printable(line) for line in how] if is_asked else []
    return Block(words.label("payment"), "", tuple(lines))


def _signature(document: Document, words: Localized) -> Block:
    if document.kind is not Kind.ORDER_FORM:
        return Block("", "", ())
    if document.signer is None:
        return Block(words.label("signature"), "", (printable(document.buyer.name),))
    day = f", {words.day(document.signed_on)}" if document.signed_on else ""
    return Block(words.label("signed"), f"{printable(document.signer)}{day}", ())
