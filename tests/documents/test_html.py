"""HTML: everything escaped, nothing loaded from elsewhere, readable to a screen reader."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from creditctl.documents.document import Document, Kind, Row
from creditctl.documents.html import render_html
from creditctl.documents.style import PLAIN, Style
from creditctl.errors import InvalidInput
from documents.samples import BUYER, REVERSE, a_reverse_charge, an_invoice, eur
from documents.test_pdf import HOSTILE, PNG, SVG

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """The elements of a page, each with its attributes, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(document: Document, style: Style = PLAIN) -> Page:
    return Page(render_html(document, style))


def test_an_invoice_says_what_the_pdf_says() -> None:
    style = Style(locale="de", footer="HRB 4711", payment_lines=("Bank Köln",))
    text = page(an_invoice(), style).text
    for words in ("Rechnung", "RE-2026-000042", "61.725,5", "Gesamtbetrag 246,18 €", "HRB 4711"):
        assert words in text
    assert "Bank Köln" in text
    assert REVERSE in page(a_reverse_charge()).text


@pytest.mark.parametrize("name", [*HOSTILE, "a\" onclick='x' b=\"", "&lt;i&gt; & &amp;"])
def test_every_text_is_escaped(name: str) -> None:
    rows = (Row(description=name, amount=eur("206.87")),)
    hostile = an_invoice(
        buyer=replace(BUYER, name=name, lines=(name,), tax_id=name, email=name),
        seller=replace(an_invoice().seller, name=name),
        number=name,
        references=((name, name),),
        rows=rows,
        notices=(name,),
        terms=name,
        kind=Kind.ORDER_FORM,
        signer=name,
    )
    found = page(hostile, Style(footer=name, payment_lines=(name,), logo=PNG))
    plain = page(
        replace(
            hostile,
            number="n",
            buyer=BUYER,
            seller=an_invoice().seller,
            references=(("po_number", "n"),),
        ),
        Style(logo=PNG),
    )
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in plain.elements} | {"footer"}
    assert found.text.count(" ".join(name.split())) >= 12
    assert found.all("img")[0]["alt"] == name
    assert all(not key.startswith("on") for _, attrs in found.elements for key in attrs)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = render_html(an_invoice(), Style(logo=SVG))
    assert "<script" not in html
    assert "http" not in html.lower().replace("http-equiv", "")
    assert "url(" not in html
    (image,) = Page(html).all("img")
    assert str(image["src"]).startswith("data:image/svg+xml;base64,")


def test_a_screen_reader_finds_language_title_headings_and_table_heads() -> None:
    found = page(an_invoice(), Style(locale="de-AT"))
    assert found.all("html") == [{"lang": "de-AT", "dir": "ltr"}]
    assert len(found.all("title")) == len(found.all("h1")) == len(found.all("main")) == 1
    assert len(found.all("caption")) == len(found.all("table")) == 1
    assert {head["scope"] for head in found.all("th")} == {"col"}
    assert page(an_invoice(), Style(locale="ar")).all("html") == [{"lang": "ar", "dir": "rtl"}]


def test_a_draft_and_a_place_to_sign_are_marked() -> None:
    assert "Draft" in page(an_invoice(number=None)).text
    form = page(an_invoice(kind=Kind.ORDER_FORM))
    assert "Name, date, signature" in form.text


def test_a_logo_that_is_no_image_is_refused() -> None:
    with pytest.raises(InvalidInput, match="the logo is no image"):
        render_html(an_invoice(), Style(logo=b"nothing"))
