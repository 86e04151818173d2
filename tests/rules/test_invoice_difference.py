"""Two versions of an invoice, to the byte and line by line."""

from decimal import Decimal

import pytest

from creditctl.rules.invoice_difference import (
    Stated,
    StatedTax,
    amount_of,
    canonical_text,
    side_by_side,
)
from creditctl.rules.invoice_lines import Line
from creditctl.rules.units import Credits, Money

USAGE = Line("usage", "Rows", 3, Credits(3_000_000), Decimal("0.01"), Money(3, "USD"))
FEE = Line("fee", "Monthly", None, None, None, Money(4900, "USD"))
VAT = StatedTax("DE", "VAT", 190_000, 4903, 932)
TOTALS = {"subtotal": 4903, "tax": 932, "total": 5835}
INVOICE = Stated("USD", (FEE, USAGE), (VAT,), TOTALS)


def test_the_canonical_text_is_whole_numbers_in_one_order() -> None:
    assert canonical_text(Stated("USD", (USAGE,), (), {"total": 3, "tax": 0})) == (
        '{"currency":"USD","lines":[{"amount_minor":3,"credits_micro":3000000,'
        '"description":"Rows","kind":"usage","requests":3,"unit_price":"0.01"}],"taxes":[],'
        '"totals":{"tax":0,"total":3}}'
    )


@pytest.mark.parametrize(
    "other",
    [
        Stated("EUR", (FEE, USAGE), (VAT,), TOTALS),
        Stated("USD", (USAGE, FEE), (VAT,), TOTALS),
        Stated("USD", (FEE, USAGE), (), TOTALS),
        Stated("USD", (FEE, USAGE), (VAT,), TOTALS | {"total": 5836}),
    ],
)
def test_any_change_makes_another_text(other: Stated) -> None:
    assert canonical_text(other) != canonical_text(INVOICE)


def test_what_only_one_has_is_beside_nothing() -> None:
    late = Line("late", "Late usage of 2026-09: Rows", 1, Credits(1), Decimal(1), Money(7, "USD"))
    pairs = side_by_side(INVOICE, Stated("USD", (USAGE, late), (), TOTALS))
    assert [(one.part, amount_of(one.before), amount_of(one.after)) for one in pairs] == [
        ("fee", 4900, 0),
        ("usage", 3, 3),
        ("late", 0, 7),
        ("tax", 932, 0),
        ("total", 4903, 4903),
        ("total", 932, 932),
        ("total", 5835, 5835),
    ]
    assert [one.part for one in pairs if one.differs] == ["fee", "late", "tax"]


def test_lines_of_one_name_pair_up_in_their_order() -> None:
    dearer = Line("usage", "Rows", 3, Credits(3_000_000), Decimal("0.02"), Money(6, "USD"))
    pairs = side_by_side(
        Stated("USD", (USAGE, USAGE), (), {}), Stated("USD", (USAGE, dearer, USAGE), (), {})
    )
    assert [(one.before, one.after) for one in pairs] == [
        (USAGE, USAGE),
        (USAGE, dearer),
        (None, USAGE),
    ]


def test_an_invoice_is_equal_to_itself() -> None:
    assert not any(pair.differs for pair in side_by_side(INVOICE, INVOICE))
