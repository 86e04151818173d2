"""Plain text of 80 columns, as the body of a mail."""

from dataclasses import replace
from datetime import date

import pytest

from creditctl.documents.document import Appendix, Document, Kind, Row
from creditctl.documents.labels import LANGUAGES
from creditctl.documents.style import Style
from creditctl.documents.text import render_text, width_of
from documents.samples import BUYER, REVERSE, a_long_invoice, a_reverse_charge, an_invoice, eur


def test_an_invoice_is_read_from_top_to_bottom() -> None:
    text = render_text(an_invoice(), Style(payment_lines=("Bank of Examples",), footer="HRB 4711"))
    assert text.startswith("Invoice RE-2026-000042\n======================\n\nNumber: RE-")
    table = text[text.index("Description") :].splitlines()
    assert table[2] == "Growth plan, 1 to 30 November 2026" + "99.00".rjust(46)
    assert table[3].split("  ")[0] == "Quotes API, pro tier (12,345 requests)"
    assert table[3].endswith("567.87")
    assert "VAT DE 19% on 206.87:   €39.31\n" in text
    assert "Total:  €246.18\n" in text
    assert text.endswith("Payment:\n  Bank of Examples\n\nHRB 4711\n")


def test_a_draft_says_so_and_a_notice_is_wrapped() -> None:
    text = render_text(a_reverse_charge(number=None))
    assert text.startswith("Invoice (Draft)\n===============\n")
    assert REVERSE in " ".join(text.split())


def documents() -> list[Document]:
    wide = (Row(description="Ein langer Name " * 12, quantity=10**12, amount=eur("206.87")),)
    table = Appendix(title="instalments", columns=("day",), rows=((date(2026, 11, 1),),))
    return [
        an_invoice(),
        a_reverse_charge(notices=(REVERSE * 5,), terms="word " * 100),
        an_invoice(rows=wide, buyer=replace(BUYER, name="株式会社データ")),
        an_invoice(kind=Kind.ORDER_FORM, appendices=(table,), signer="Ann"),
        a_long_invoice(3),
    ]


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("document", documents(), ids=lambda document: document.kind)
def test_no_line_is_wider_than_a_screen(document: Document, locale: str) -> None:
    text = render_text(document, Style(locale=locale, footer="word " * 30))
    assert max(width_of(line) for line in text.splitlines()) <= 80
    assert all(line == line.rstrip() for line in text.splitlines())


def test_wide_characters_and_accents_are_counted_as_they_are_shown() -> None:
    assert width_of("株式") == 4
    assert width_of("e\u0301") == 1
