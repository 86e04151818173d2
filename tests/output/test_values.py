"""How each type of value looks to programs and to people."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum

import pytest

from creditctl.output.safe_text import visible, visible_in_json
from creditctl.output.values import ABSENT, cell, grouped, machine_object, machine_value, plain_text
from creditctl.rules.units import Credits, Money


class Status(StrEnum):
    ACTIVE = "active"


class Weekday(Enum):
    MONDAY = 1


@dataclass(frozen=True)
class Line:
    fee: Money
    tax: Money | None
    note: str


@dataclass(frozen=True)
class Priced:
    currency: str
    fee: Money


AT = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "machine", "plain"),
    [
        (None, None, ABSENT),
        (True, True, "yes"),
        (False, False, "no"),
        (50_000, 50_000, "50,000"),
        ("acme", "acme", "acme"),
        (Status.ACTIVE, "active", "active"),
        (Weekday.MONDAY, 1, "1"),
        (Credits(284_500_000), "284.5", "284.5"),
        (Credits(-50_000_500_000), "-50000.5", "-50,000.5"),
        (Credits(-500_000), "-0.5", "-0.5"),
        (Money(123_456, "USD"), {"amount": "1234.56", "currency": "USD"}, "USD 1,234.56"),
        (Money(1200, "JPY"), {"amount": "1200", "currency": "JPY"}, "JPY 1,200"),
        (Decimal("1E-7"), "0.0000001", "0.0000001"),
        (AT, "2026-10-31T23:59:00Z", "2026-10-31 23:59"),
        (AT.replace(second=5), "2026-10-31T23:59:05Z", "2026-10-31 23:59:05"),
        (
            AT.astimezone(timezone(timedelta(hours=2))),
            "2026-10-31T23:59:00Z",
            "2026-10-31 23:59",
        ),
        (date(2026, 10, 31), "2026-10-31", "2026-10-31"),
        (("a", Credits(1_000_000)), ["a", "1"], "a, 1"),
        ((), [], ABSENT),
        ({"free": Credits(1)}, {"free": "0.000001"}, "free 0.000001"),
    ],
)
def test_every_type_has_a_machine_form_and_a_plain_form(value, machine, plain):
    assert machine_value(value) == machine
    assert plain_text(value) == plain


@pytest.mark.parametrize("value", [1.5, object(), timedelta(1), {1, 2}, b"x"])
def test_floats_and_unknown_types_are_refused(value):
    with pytest.raises(TypeError):
        machine_value(value)
    with pytest.raises(TypeError):
        plain_text(value)


def test_money_has_one_currency_beside_the_first_amount():
    line = Line(Money(1200, "USD"), Money(100, "USD"), "x")
    assert list(machine_object(line).items()) == [
        ("fee", "12.00"),
        ("currency", "USD"),
        ("tax", "1.00"),
        ("note", "x"),
    ]


def test_currency_is_there_even_when_an_amount_is_absent():
    assert machine_object(Line(Money(1, "EUR"), None, ""), ("tax",)) == {
        "tax": None,
        "currency": "EUR",
    }


def test_two_currencies_in_one_object_are_a_bug():
    with pytest.raises(TypeError, match="mixes currencies"):
        machine_object(Line(Money(1, "EUR"), Money(1, "USD"), ""))


def test_amounts_must_agree_with_a_currency_field_of_their_own():
    assert machine_object(Priced("USD", Money(5, "USD"))) == {"currency": "USD", "fee": "0.05"}
    with pytest.raises(TypeError, match="own currency"):
        machine_object(Priced("EUR", Money(5, "USD")))


def test_status_words_are_coloured_and_other_text_is_not():
    assert cell(Status.ACTIVE).colour == "green"
    assert cell("blocked", "status").colour == "red"
    assert cell("blocked", "name").colour == ""


def test_numbers_are_right_aligned_and_flags_are_not():
    assert cell(Credits(1)).is_number
    assert cell(Money(1, "USD")).is_number
    assert not cell(True).is_number
    assert not cell("12").is_number


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("acme\u202egnp.exe", r"acme\u202egnp.exe"),
        ("\x9b31m", r"\x9b31m"),
        ("bad\udcff", r"bad\udcff"),
        ("Société Ünlü 株式会社", "Société Ünlü 株式会社"),
        ("[bold]name[/bold]", "[bold]name[/bold]"),
    ],
)
def test_control_characters_in_text_become_visible(text, shown):
    assert visible(text) == shown
    assert plain_text(text) == shown


def test_json_escapes_the_same_characters_and_keeps_its_line_breaks():
    assert visible_in_json('{\n"a": "\u202e\x7f"}') == '{\n"a": "\\u202e\\u007f"}'


def test_thousands_are_grouped_without_losing_the_sign_of_a_fraction():
    assert grouped("-0.25") == "-0.25"
    assert grouped("1234567") == "1,234,567"
