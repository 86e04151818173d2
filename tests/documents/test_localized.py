"""Labels, numbers and days of each language; figures are hand-written."""

from datetime import date
from decimal import Decimal

import pytest

from creditctl.documents.html import render_html
from creditctl.documents.labels import LABELS, LANGUAGES, label
from creditctl.documents.localized import Localized
from creditctl.documents.pdf import render_pdf
from creditctl.documents.style import Style
from creditctl.documents.text import render_text
from creditctl.errors import DriverMissing, InvalidInput
from creditctl.rules.units import Credits, Money
from documents.samples import a_reverse_charge, an_invoice

NARROW, NO_BREAK = "\u202f", "\xa0"
LEFT_TO_RIGHT = "\u200e"


@pytest.mark.parametrize(
    ("locale", "money", "amount", "percent", "day"),
    [
        ("en", "-€1,234,567.89", "-1,234,567.89", "7.7%", "Nov 3, 2026"),
        ("en-GB", "-€1,234,567.89", "-1,234,567.89", "7.7%", "3 Nov 2026"),
        ("de", "-1.234.567,89 €", "-1.234.567,89", "7,7 %", "03.11.2026"),
        ("de-CH", "EUR-1\u2019234\u2019567.89", "-1\u2019234\u2019567.89", "7.7%", "03.11.2026"),
        ("fr", "-1 234 567,89 €", "-1 234 567,89", "7,7 %", "3 nov. 2026"),
        ("es", "-1.234.567,89 €", "-1.234.567,89", "7,7 %", "3 nov 2026"),
        ("it", "-1.234.567,89 €", "-1.234.567,89", "7,7%", "3 nov 2026"),
        ("nl", "€ -1.234.567,89", "-1.234.567,89", "7,7%", "3 nov 2026"),
    ],
)
def test_a_locale_writes_in_its_own_way(
    locale: str, money: str, amount: str, percent: str, day: str
) -> None:
    words = Localized.of(locale)
    owed = Money(-123456789, "EUR")
    written = (
        words.money(owed),
        words.amount(owed),
        words.percent(Decimal("7.7")),
        words.short_day(date(2026, 11, 3)),
    )
    plain = tuple(text.replace(NARROW, " ").replace(NO_BREAK, " ") for text in written)
    assert plain == (money, amount, percent, day)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [(1234, "JPY", "1,234"), (1234567, "BHD", "1,234.567"), (5, "USD", "0.05"), (0, "EUR", "0.00")],
)
def test_a_currency_has_the_places_of_iso_4217(minor: int, currency: str, written: str) -> None:
    assert Localized.of("en").amount(Money(minor, currency)) == written


@pytest.mark.parametrize("locale", ["ar", "he", "fa", "ur"])
def test_among_words_from_right_to_left_a_sign_stays_before_its_number(locale: str) -> None:
    words = Localized.of(locale)
    # As CLDR has it: a mark that stands to the left of the sign holds it there.
    assert words.amount(Money(-249, "EUR")) == f"{LEFT_TO_RIGHT}-2.49"
    assert words.number(-50_000) == f"{LEFT_TO_RIGHT}-50,000"
    assert f"{LEFT_TO_RIGHT}-" in words.money(Money(-249, "EUR"))
    assert words.amount(Money(249, "EUR")) == "2.49"


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "written"),
    [
        ("en", 18518, "KWD", "KWD 18.518"),
        ("en", -18518, "KWD", "-KWD 18.518"),
        ("en", 18518, "JPY", "¥18,518"),
        ("en-ZA", 1850, "ZAR", "R 18,50"),
        ("es-PA", 1850, "PAB", "B/. 18.50"),
        ("de", 18518, "KWD", "18,518 KWD"),
    ],
)
def test_a_currency_without_a_symbol_does_not_touch_the_digits(
    locale: str, minor: int, currency: str, written: str
) -> None:
    assert Localized.of(locale).money(Money(minor, currency)).replace(NO_BREAK, " ") == written


def test_credits_keep_every_place_and_large_ones_every_digit() -> None:
    words = Localized.of("de")
    assert words.number(Credits.parse("1234567.000001")) == "1.234.567,000001"
    assert words.number(Credits(2**61)) == "2.305.843.009.213,693952"
    assert words.number(Decimal("0.000000012345")) == "0,000000012345"


@pytest.mark.parametrize("locale", [*LANGUAGES, "de-AT", "fr-CH", "sv", "pt-BR", "pl", "el", "ru"])
def test_each_locale_renders_in_every_form(locale: str) -> None:
    style = Style(locale=locale, pdfa=True)
    for document in (an_invoice(), a_reverse_charge(number=None)):
        assert render_pdf(document, style).startswith(b"%PDF-")
        assert f'lang="{locale}"' in render_html(document, style)
        assert "206" in render_text(document, style)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    assert LABELS[language].keys() == LABELS["en"].keys()
    assert all(LABELS[language].values())
    assert "{page}" in label(language, "page")
    assert "{pages}" in label(language, "page")


def test_a_language_without_labels_has_english_ones() -> None:
    assert label("sv", "invoice") == "Invoice"
    assert label("de", "Projekt") == "Projekt"


@pytest.mark.parametrize("name", ["", "xx", "klingon", "de/../..", "en_US_POSIX_x"])
def test_a_locale_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no locale"):
        Localized.of(name)


def test_without_babel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(DriverMissing, match="babel") as missing:
        render_text(an_invoice())
    assert missing.value.advice == "pip install 'creditctl[pdf]'"
