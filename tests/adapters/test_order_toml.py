"""Files of order forms: what they say, and complaints with file, line and key."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from creditctl.adapters.order_toml import parse_order, read_order
from creditctl.adapters.toml_source import TomlSource
from creditctl.errors import CatalogInvalid, FileMissing, InvalidInput
from creditctl.rules.order_forms import LineTerms, Offer, Part, Schedule
from creditctl.rules.units import Credits, Money

OFFER = Offer("USD", Decimal("0.01"), ("rows",))
TODAY = date(2026, 11, 1)
FILE = """\
[order]
po_number = "PO-4711"
terms = "Net 30."

[[lines]]
credits = 120000
discount = "12.5"
product = "rows"
expires_after_months = 12
schedule = { times = 12, every = "quarter", splits = "credits" }

[[lines]]
credits = "500.5"
unit_price = "0.008"
start = 2026-12-01
expires = 2027-12-01
[[lines.instalments]]
on = 2026-12-01
credits = 200
amount = "1.00"
[[lines.instalments]]
on = 2027-03-01
credits = "300.5"
amount = "3.00"
"""


def test_a_file_says_all_of_an_order_form() -> None:
    found = parse_order(TomlSource("deal.toml", FILE, InvalidInput), OFFER, TODAY)
    assert (found.currency, found.po_number, found.terms) == ("USD", "PO-4711", "Net 30.")
    assert found.lines == (
        LineTerms(
            credits=Credits.parse("120000"),
            starts_on=TODAY,
            discount=Decimal("12.5"),
            product="rows",
            expires_after_months=12,
            schedule=Schedule(times=12, every="quarter", splits="credits"),
        ),
        LineTerms(
            credits=Credits.parse("500.5"),
            starts_on=date(2026, 12, 1),
            unit_price=Decimal("0.008"),
            expires_on=date(2027, 12, 1),
            parts=(
                Part(on=date(2026, 12, 1), credits=Credits.parse("200"), amount=Money(100, "USD")),
                Part(on=date(2027, 3, 1), credits=Credits.parse("300.5"), amount=Money(300, "USD")),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("credits = 120000", "", "deal.toml line 5: lines[1]: 'credits' is missing"),
        ("credits = 120000", "credits = 1.5", "line 6: lines[1].credits: must be an amount"),
        ("credits = 120000", "credits = 0", "line 6: lines[1].credits: must be above zero"),
        ('"12.5"', "12.5", "line 7: lines[1].discount: must be an amount, not a floating-point"),
        ('"12.5"', "100", "line 7: lines[1].discount: is percent: at least 0 and below 100"),
        ('discount = "12.5"', "", "line 5: lines[1].unit_price: is missing"),
        ('"rows"', '"gold"', "line 8: lines[1].product: there is no product 'gold'"),
        ("months = 12", "months = 0", "line 9: lines[1].expires_after_months: must be at least 1"),
        ("times = 12", "times = 121", "line 10: lines[1].schedule.times: must be at least 1"),
        ('"quarter"', '"week"', "line 10: lines[1].schedule.every: must be one of month"),
        ('splits = "credits"', "x = 1", "line 10: lines[1].schedule.x: is not known here"),
        ("start = 2026-12-01", 'start = "soon"', "line 15: lines[2].start: must be a day"),
        (
            "start = 2026-12-01",
            "start = 2026-12-01T10:00:00Z",
            "line 15: lines[2].start: must be a day without a time",
        ),
        ("expires = 2027", "expires = 2025", "line 16: lines[2].expires: is not after 2026-12-01"),
        ("credits = 200", "credits = 201", "lines[2].instalments: deliver 501.5 credits"),
        ('"1.00"', '"1.01"', "lines[2].instalments: bill 4.01, the line costs 4.00"),
        ('"1.00"', '"1.001"', "line 20: lines[2].instalments[1].amount"),
        ("on = 2027-03-01", "", "line 21: lines[2].instalments[2]: 'on' is missing"),
        ("on = 2027-03-01", "on = 2026-12-01", "lines[2].instalments: name a day twice"),
        ('po_number = "PO', 'po = "PO', "line 2: order.po: is not known here"),
        ('terms = "Net 30."', "terms = 30", "line 3: order.terms: must be a text"),
        ("[order]", '[order]\ncurrency = "XXX"', "line 2: order.currency: 'XXX' is not an ISO"),
        ("[order]", '[order]\ncurrency = "EUR"', "lines[1].discount: needs a list price in EUR"),
        ("[order]", "[order", "deal.toml line 1"),
    ],
)
def test_a_complaint_names_file_line_and_key(old: str, new: str, complaint: str) -> None:
    text = FILE.replace(old, new, 1)
    assert text != FILE
    with pytest.raises(InvalidInput) as refused:
        parse_order(TomlSource("deal.toml", text, InvalidInput), OFFER, TODAY)
    assert refused.value.detail.startswith("deal.toml line ")
    assert complaint in refused.value.detail
    assert not isinstance(refused.value, CatalogInvalid)


def test_a_file_without_lines_sells_nothing() -> None:
    with pytest.raises(InvalidInput, match="has no lines"):
        parse_order(TomlSource("deal.toml", "[order]\n", InvalidInput), OFFER, TODAY)


def test_without_a_catalog_the_file_says_the_currency() -> None:
    line = '[[lines]]\ncredits = 5\nunit_price = "0.5"\n'
    with pytest.raises(InvalidInput, match="'currency' is missing"):
        parse_order(TomlSource("deal.toml", line, InvalidInput), None, TODAY)
    text = f'[order]\ncurrency = "JPY"\n{line}'
    assert parse_order(TomlSource("deal.toml", text, InvalidInput), None, TODAY).currency == "JPY"


def test_a_file_that_cannot_be_read_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_order(tmp_path / "none.toml", OFFER, TODAY)
    path = tmp_path / "deal.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_order(path, OFFER, TODAY)


def test_the_example_of_the_documentation_is_an_order_form() -> None:
    page = (Path(__file__).parents[2] / "docs/order-forms.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    offer = Offer("USD", Decimal("0.0012"), ("sec-api",))
    found = parse_order(TomlSource("order-forms.md", example, InvalidInput), offer, TODAY)
    assert [line.credits for line in found.lines] == [
        Credits.parse("120000"),
        Credits.parse("5000"),
    ]
