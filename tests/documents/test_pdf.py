"""PDF by typst: read back, made again, and given names that would like to be more than names."""

import gzip
import io
from base64 import b64decode
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from creditctl.documents.document import Appendix, Document, Kind, Row
from creditctl.documents.html import render_html
from creditctl.documents.pdf import _compiled, _compiler, _data, render_pdf
from creditctl.documents.style import Style
from creditctl.errors import DriverMissing, InvalidInput
from documents.samples import BUYER, a_long_invoice, an_invoice, eur

GERMAN = Style(locale="de", payment_lines=("Bank Köln",), footer="HRB 4711")
LETTER = (612, 792)
A4 = (595, 842)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS"
    b"\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    b'<rect width="9" height="9"/></svg>'
)
GIF = b64decode("R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs=")
WEBP = b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
STREET = "רחוב הרצל 12"
LONG_SVG = b"<!-- %b -->" % (b"drawn by hand " * 100) + SVG


def reader(pdf: bytes) -> Any:
    import pypdf

    return pypdf.PdfReader(io.BytesIO(pdf))


def pages(document: Document, style: Style = GERMAN) -> list[str]:
    """The text of each page, blanks of every width as one."""
    return [
        " ".join(page.extract_text().split()) for page in reader(render_pdf(document, style)).pages
    ]


def test_an_invoice_says_its_numbers_in_german() -> None:
    (text,) = pages(an_invoice(terms="Zahlbar in 30 Tagen."))
    for words in (
        "Rechnung",
        "RE-2026-000042",
        "Märkte & Daten GmbH",
        "12 rue de l'Église",
        "Fällig am 31.12.2026",
        "Zeitraum 01.11.2026 \u2013 30.11.2026",
        "61.725,5 0,0092 567,87",
        "-460,00",
        "Netto 206,87 €",
        "VAT DE 19 % auf 206,87 39,31 €",
        "Gesamtbetrag 246,18 €",
        "Bank Köln",
        "Zahlbar in 30 Tagen.",
        "HRB 4711 Seite 1 von 1",
    ):
        assert words in text


def test_what_arrived_leaves_what_is_due() -> None:
    (text,) = pages(an_invoice(paid=eur("200.00")))
    assert "Bezahlt 200,00 € Zu zahlen 46,18 €" in text
    (paid,) = pages(an_invoice(paid=eur("246.18")))
    assert "Bezahlt 246,18 €" in paid
    assert "Zu zahlen" not in paid
    assert "Bank Köln" not in paid, "nobody is asked to pay twice"


def test_a_document_without_a_number_says_that_it_is_a_draft() -> None:
    (draft,) = pages(an_invoice(number=None))
    assert "Entwurf" in draft
    assert "Entwurf" not in pages(an_invoice())[0]


def test_a_long_table_breaks_and_repeats_its_heading_on_every_page() -> None:
    texts = pages(a_long_invoice(), replace(GERMAN, payment_lines=()))
    assert len(texts) >= 4
    for number, text in enumerate(texts, start=1):
        assert "Beschreibung Menge Betrag (EUR)" in text
        assert f"Seite {number} von {len(texts)}" in text
    assert "Rechnung RE-2026-000042" in texts[1], "later pages say what they belong to"
    together = " ".join(texts)
    assert all(f"Endpoint number {i + 1} " in together for i in range(150))
    assert "Gesamtbetrag 150,00 €" in texts[-1]


@pytest.mark.parametrize("pdfa", [False, True])
def test_the_same_document_gives_the_same_bytes(pdfa: bool) -> None:
    style = replace(GERMAN, pdfa=pdfa, logo=SVG)
    first = render_pdf(an_invoice(), style)
    _compiler.cache_clear()
    assert render_pdf(an_invoice(), style) == first
    assert render_pdf(an_invoice(total=eur("246.19")), style) != first


def test_its_dates_are_those_of_the_issue_and_not_of_the_clock() -> None:
    made = reader(render_pdf(an_invoice(dated=date(2026, 12, 1)))).metadata
    assert made.creation_date.date() == date(2026, 12, 1)
    assert made.title == "Invoice RE-2026-000042"
    assert made.author == "Märkte & Daten GmbH"


def test_an_archive_file_says_that_it_is_pdf_a_3b() -> None:
    def xmp(style: Style) -> str:
        found = reader(render_pdf(an_invoice(), style)).trailer["/Root"]["/Metadata"]
        return str(found.get_data().decode())

    archive = xmp(Style(pdfa=True))
    assert "<pdfaid:part>3</pdfaid:part>" in archive
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in archive
    assert "pdfaid:part" not in xmp(Style())


@pytest.mark.parametrize(
    ("country", "paper", "size"),
    [("DE", None, A4), ("US", None, LETTER), ("US", "a4", A4), (None, "letter", LETTER)],
)
def test_the_paper_is_that_of_the_sellers_country(
    country: str | None, paper: str | None, size: tuple[int, int]
) -> None:
    sample = an_invoice()
    seller = replace(sample.seller, address=replace(sample.seller.address, country=country))
    box = reader(render_pdf(an_invoice(seller=seller), Style(paper=paper))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


HOSTILE = [
    '#import "@preview/x:1.0.0"',
    "#{ panic() }",
    "</script><b>x</b>",
    "$x$ *b* _i_ @ref `raw` \\n = h",
    "{page} of {pages}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_looks_like_markup_is_shown_as_it_is_written(name: str) -> None:
    rows = (Row(description=name, amount=eur("206.87")),)
    buyer = replace(BUYER, name=name, lines=(name,))
    (text,) = pages(an_invoice(buyer=buyer, rows=rows, notices=(name,), terms=name))
    assert text.replace(" ", "").count(name.replace(" ", "")) == 5


def test_characters_that_turn_text_around_or_hide_are_spelled_out() -> None:
    buyer = replace(BUYER, name="GmbH\u202eHbmG\x07", lines=("one\ntwo", "x\ufffe\ufdd0"))
    (text,) = pages(an_invoice(buyer=buyer))
    assert "GmbH\\u202eHbmG\\x07" in text
    assert "x\\ufffe\\ufdd0" in text
    assert "one two" in text


@pytest.mark.parametrize("name", ["Ωμέγα", "Ромашка", "שלום", "Łódź", "Ängström & Søn"])
def test_names_in_other_scripts_are_shown(name: str) -> None:
    (text,) = pages(an_invoice(buyer=replace(BUYER, name=name)))
    assert name in text


@pytest.mark.parametrize("pdfa", [False, True])
def test_lines_that_run_the_other_way_keep_their_own_order(pdfa: bool) -> None:
    hebrew = replace(BUYER.address, lines=(STREET,), postcode="75002", city="תל אביב")
    document = an_invoice(buyer=replace(BUYER, name="שלום (2018)", address=hebrew))
    english, arabic = (_data(document, Style(locale=locale)) for locale in ("en", "ar"))
    # Told apart, the number of a town's line stands where who reads it expects it.
    assert english["buyer"]["lines"][:2] == [
        f"\u2068{STREET}\u2069",
        "\u206875002 תל אביב\u2069",
    ]
    assert english["seller"]["lines"][:2] == ["Lange Gasse 1", "10115 Berlin"]
    assert arabic["buyer"]["lines"][:2] == [STREET, "75002 תל אביב"]
    assert arabic["seller"]["lines"][1] == "\u206810115 Berlin\u2069"
    assert "\u200e-50,000" in arabic["rows"]["lines"][2]["cells"][1]
    # The marks are no characters that a font must have, and the file's author has none.
    seller = replace(document, seller=document.buyer)
    made = reader(render_pdf(seller, Style(pdfa=pdfa)))
    assert made.metadata.author == "שלום (2018)"
    assert "75002" in made.pages[0].extract_text()


@pytest.mark.parametrize("pdfa", [False, True])
def test_a_name_that_no_font_can_show_is_refused_and_never_a_row_of_boxes(pdfa: bool) -> None:
    buyer = replace(BUYER, name="株式会社")
    with pytest.raises(InvalidInput, match="could not be displayed") as refused:
        render_pdf(an_invoice(buyer=buyer), Style(pdfa=pdfa))
    assert "fonts" in refused.value.advice


def test_a_word_longer_than_a_line_is_broken() -> None:
    import pypdf

    rows = (Row(description="x" * 300, amount=eur("206.87")),)
    page: pypdf.PageObject = reader(render_pdf(an_invoice(rows=rows))).pages[0]
    lines = page.extract_text().splitlines()
    assert max(len(line.replace("\u200b", "")) for line in lines) < 150


def test_an_address_wider_than_its_column_does_not_run_into_the_next_one() -> None:
    email = "accounts.payable.department@subsidiary.example.com"
    pdf = render_pdf(an_invoice(buyer=replace(BUYER, email=email)))
    lines = reader(pdf).pages[0].extract_text().replace("\u200b", "").splitlines()
    assert all(email not in line for line in lines)
    assert email in "".join(lines)


@pytest.mark.parametrize("logo", [PNG, SVG], ids=["png", "svg"])
def test_a_logo_stands_on_the_page(logo: bytes) -> None:
    plain = _compiled(an_invoice(), Style(), "png")[0]
    assert _compiled(an_invoice(), Style(logo=logo), "png")[0] != plain


@pytest.mark.parametrize("logo", [PNG, SVG, GIF, WEBP, LONG_SVG], ids=[*"pswgl"])
def test_a_logo_is_shown_by_pdf_and_html_alike(logo: bytes) -> None:
    assert render_pdf(an_invoice(), Style(logo=logo)).startswith(b"%PDF-")
    assert "<img src=" in render_html(an_invoice(), Style(logo=logo))


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"nothing",
        PNG[:8],
        PNG[:40],
        GIF[:6],
        b"\xff\xd8\xffhello",
        b"RIFF\0\0\0\0WAVEfmt ",
        WEBP[:20],
        SVG[:-6],
        b"<html><svg></svg></html>",
        SVG.replace(b"<rect", b'<image href="http://example.com/a.png"/><rect'),
        gzip.compress(SVG, mtime=0),
    ],
)
def test_what_is_no_image_or_only_begins_like_one_is_no_logo(logo: bytes) -> None:
    for render in (render_pdf, render_html):
        with pytest.raises(InvalidInput, match="the logo is no image") as refused:
            render(an_invoice(), Style(logo=logo))
        assert refused.value.advice == "use PNG, JPEG, GIF, WebP or SVG"


def test_an_order_form_has_instalments_and_a_place_to_sign() -> None:
    table = Appendix(
        title="instalments",
        columns=("day", "credits", "amount"),
        rows=((date(2026, 11, 1), 600, eur("4.80")), (date(2026, 12, 1), 600, eur("4.80"))),
    )
    form = an_invoice(
        kind=Kind.ORDER_FORM,
        rows=(Row(description="API credits", quantity=1200, unit_price=Decimal("0.008")),),
        appendices=(table,),
        paid=None,
    )
    (text,) = pages(form, Style())
    assert "Instalments Day Credits Amount Nov 1, 2026 600 4.80 Dec 1, 2026 600 4.80" in text
    assert "Name, date, signature" in text
    signed = replace(form, signer="Ann Example", signed_on=date(2026, 11, 2))
    (text,) = pages(signed, Style())
    assert "Signed: Ann Example, November 2, 2026" in text


def test_without_typst_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "typst", None)
    _compiler.cache_clear()
    with pytest.raises(DriverMissing, match="typst") as missing:
        render_pdf(an_invoice())
    assert missing.value.advice == "pip install 'creditctl[pdf]'"


def test_the_template_is_a_file_of_the_package() -> None:
    from importlib import resources

    files = resources.files("creditctl.documents")
    for name in ("document.typ", "document.css"):
        assert Path(str(files.joinpath(name))).is_file()
