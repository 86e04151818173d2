"""The amounts of a document: shares worked by hand, and the laws that hold for any lines."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.rules.tax.calculation import (
    PricedLine,
    TaxedDocument,
    allocated,
    nearest,
    taxed,
)
from creditctl.rules.tax.rates import Tax, TaxRate
from creditctl.rules.units import Money, rounded_half_up


def tax(name: str, *ppm: int, taxable_ppm: int = 1_000_000) -> Tax:
    rates = [
        TaxRate("US", name, rate, authority=str(i), taxable_ppm=taxable_ppm)
        for i, rate in enumerate(ppm)
    ]
    return Tax(name, tuple(rates))


def lines(*amounts: str, category: str = "standard") -> list[PricedLine]:
    return [PricedLine(Money.parse(amount, "EUR"), category) for amount in amounts]


def shown(document: TaxedDocument) -> list[tuple[str, str, str]]:
    return [(str(line.net), str(line.tax), str(line.gross)) for line in document.lines]


VAT = {"standard": (tax("VAT", 190_000),)}


def test_the_lines_share_the_documents_tax_by_largest_remainder() -> None:
    # 19 % of 0.09 = 0.0171 -> 0.02; each line's share is 0.0057, so the first two get a cent.
    document = taxed(lines("0.03", "0.03", "0.03"), VAT, "EUR", inclusive=False)
    assert shown(document) == [
        ("0.03", "0.01", "0.04"),
        ("0.03", "0.01", "0.04"),
        ("0.03", "0.00", "0.03"),
    ]


def test_the_lines_of_inclusive_prices_keep_their_prices() -> None:
    # 30.00 x 19/119 = 4.789...: a third is 1.5966, one cent less for the last.
    document = taxed(lines("10.00", "10.00", "10.00"), VAT, "EUR", inclusive=True)
    assert shown(document) == [
        ("8.40", "1.60", "10.00"),
        ("8.40", "1.60", "10.00"),
        ("8.41", "1.59", "10.00"),
    ]
    (line,) = document.taxes
    assert (str(line.net), str(line.taxable), str(line.tax)) == ("25.21", "25.21", "4.79")


def test_of_equal_remainders_the_larger_share_comes_first() -> None:
    assert allocated([Fraction(1, 2), Fraction(3, 2)]) == [0, 2]
    assert allocated([Fraction(3, 2), Fraction(1, 2)]) == [2, 0]
    # Of equal shares the earlier.
    assert allocated([Fraction(1, 2), Fraction(1, 2)]) == [1, 0]


def test_a_line_of_nothing_bears_no_tax() -> None:
    document = taxed(lines("0.00", "0.03", "0.00"), VAT, "EUR", inclusive=False)
    assert [str(line.tax) for line in document.lines] == ["0.00", "0.01", "0.00"]


def test_a_discount_of_everything_leaves_nothing_to_tax() -> None:
    document = taxed(lines("10.05", "-10.05"), VAT, "EUR", inclusive=False)
    # 1.9095 and its negative.
    assert [str(line.tax) for line in document.lines] == ["1.91", "-1.91"]
    assert (str(document.tax), str(document.gross)) == ("0.00", "0.00")


def test_each_category_has_its_own_rates_and_the_untaxed_has_none() -> None:
    taxes = {"standard": (tax("VAT", 190_000),), "reduced": (tax("VAT", 70_000),)}
    mixed = lines("100.00") + lines("50.00", category="reduced") + lines("10.00", category="none")
    document = taxed(mixed, taxes, "EUR", inclusive=False)
    assert [(line.category, str(line.net), str(line.tax)) for line in document.taxes] == [
        ("reduced", "50.00", "3.50"),
        ("standard", "100.00", "19.00"),
    ]
    assert (str(document.net), str(document.tax), str(document.gross)) == (
        "160.00",
        "22.50",
        "182.50",
    )


def test_authorities_share_a_tax_that_is_rounded_once() -> None:
    # 8.875 % of 100 = 8.875 -> 8.88; 4 + 4.5 + 0.375, and the odd half cent.
    sales_tax = tax("Sales tax", 40_000, 45_000, 3_750)
    document = taxed(lines("100.00"), {"standard": (sales_tax,)}, "EUR", inclusive=False)
    (line,) = document.taxes
    assert [str(share.tax) for share in line.shares] == ["4.00", "4.50", "0.38"]
    assert (line.ppm, str(line.taxable), str(line.tax)) == (88_750, "100.00", "8.88")


def test_the_taxable_part_of_the_price_is_shown_beside_its_rate() -> None:
    texas = tax("Sales tax", 62_500, 20_000, taxable_ppm=800_000)
    document = taxed(lines("12.50"), {"standard": (texas,)}, "EUR", inclusive=False)
    (line,) = document.taxes
    # 80 % of 12.50, and 8.25 % of 10.00 = 0.825.
    assert (line.ppm, str(line.net), str(line.taxable)) == (82_500, "12.50", "10.00")
    assert str(line.tax) == "0.83"


def test_a_rate_of_nothing_is_a_tax_line_all_the_same() -> None:
    document = taxed(lines("12.50"), {"standard": (tax("VAT", 0),)}, "EUR", inclusive=True)
    assert [(line.ppm, str(line.taxable), str(line.tax)) for line in document.taxes] == [
        (0, "12.50", "0.00")
    ]


def test_a_document_without_lines_comes_to_nothing() -> None:
    assert taxed([], VAT, "JPY", inclusive=False).gross == Money(0, "JPY")


@given(st.decimals(-(10**9), 10**9, places=3))
def test_fractions_are_rounded_as_decimals_are(number: Decimal) -> None:
    assert nearest(Fraction(number)) == rounded_half_up(number)


CURRENCIES = st.sampled_from(["JPY", "EUR", "CHF", "KWD"])
AMOUNTS = st.integers(-(10**7), 10**9)
PPM = st.integers(0, 300_000)
TAXABLE = st.sampled_from([1_000_000, 800_000, 333_333])


@st.composite
def taxes(draw: st.DrawFn, *, at_most: int = 3) -> tuple[Tax, ...]:
    return tuple(
        tax(name, *draw(st.lists(PPM, min_size=1, max_size=3)), taxable_ppm=draw(TAXABLE))
        for name in ("A", "B", "C")[: draw(st.integers(1, at_most))]
    )


CATEGORIES = st.sampled_from(["standard", "reduced", "none"])
LINES = st.lists(st.tuples(AMOUNTS, CATEGORIES), max_size=12)
RATES = st.fixed_dictionaries({"standard": taxes(), "reduced": taxes()})


def document_of(
    rows: list[tuple[int, str]], rates: Mapping[str, tuple[Tax, ...]], *, inclusive: bool
) -> TaxedDocument:
    priced = [PricedLine(Money(amount, "EUR"), category) for amount, category in rows]
    return taxed(priced, rates, "EUR", inclusive=inclusive)


@given(LINES, RATES, CURRENCIES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_net_and_tax_are_the_gross_of_each_line_and_of_the_document(
    rows: list[tuple[int, str]],
    rates: dict[str, tuple[Tax, ...]],
    currency: str,
    inclusive: bool,
) -> None:
    priced = [PricedLine(Money(amount, currency), category) for amount, category in rows]
    document = taxed(priced, rates, currency, inclusive=inclusive)
    assert document.net + document.tax == document.gross
    for line, was in zip(document.lines, priced, strict=True):
        assert line.net + line.tax == line.gross
        assert (line.gross if inclusive else line.net) == was.amount
    stated = document.gross if inclusive else document.net
    assert stated.minor == sum(amount for amount, _ in rows)
    assert sum(line.tax.minor for line in document.lines) == document.tax.minor
    for tax_line in document.taxes:
        assert sum(share.tax.minor for share in tax_line.shares) == tax_line.tax.minor


@given(LINES, RATES)
@settings(max_examples=200, deadline=None)
def test_each_tax_is_the_rate_of_its_net_rounded_once(
    rows: list[tuple[int, str]], rates: dict[str, tuple[Tax, ...]]
) -> None:
    document = document_of(rows, rates, inclusive=False)
    for line in document.taxes:
        net = sum(amount for amount, category in rows if category == line.category)
        (rate,) = (tax.effective for tax in rates[line.category] if tax.name == line.name)
        assert line.net.minor == net
        assert abs(line.tax.minor - net * rate) <= Fraction(1, 2)


@given(st.lists(AMOUNTS, max_size=8), taxes(at_most=1))
@settings(max_examples=300, deadline=None)
def test_a_gross_that_came_of_a_net_leads_back_to_it(
    amounts: list[int], one: tuple[Tax, ...]
) -> None:
    # With one tax; two that are rounded apart may drift by a minor unit, see below.
    before = document_of([(sum(amounts), "standard")], {"standard": one}, inclusive=False)
    after = document_of([(before.gross.minor, "standard")], {"standard": one}, inclusive=True)
    assert (after.net, after.tax) == (before.net, before.tax)


@given(AMOUNTS, PPM)
@settings(max_examples=300, deadline=None)
def test_two_equal_taxes_lead_back_too_and_stay_equal(amount: int, ppm: int) -> None:
    halves = {"standard": (tax("CGST", ppm), tax("SGST", ppm))}
    before = document_of([(amount, "standard")], halves, inclusive=False)
    after = document_of([(before.gross.minor, "standard")], halves, inclusive=True)
    assert (after.net, after.tax) == (before.net, before.tax)
    assert len({line.tax for line in after.taxes}) == 1


@given(AMOUNTS, taxes())
@settings(max_examples=300, deadline=None)
def test_several_taxes_lead_back_to_within_a_minor_unit_of_each(
    amount: int, several: tuple[Tax, ...]
) -> None:
    before = document_of([(amount, "standard")], {"standard": several}, inclusive=False)
    after = document_of([(before.gross.minor, "standard")], {"standard": several}, inclusive=True)
    for one, other in zip(before.taxes, after.taxes, strict=True):
        assert abs(one.tax.minor - other.tax.minor) <= 1


@given(LINES.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), RATES)
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_lines_is_irrelevant(
    both: tuple[list[tuple[int, str]], list[tuple[int, str]]], rates: dict[str, tuple[Tax, ...]]
) -> None:
    one, other = (document_of(list(rows), rates, inclusive=False) for rows in both)
    assert (one.taxes, one.net, one.tax, one.gross) == (
        other.taxes,
        other.net,
        other.tax,
        other.gross,
    )
    paid = [
        Counter(zip(document.lines, (category for _, category in rows), strict=True))
        for document, rows in zip((one, other), both, strict=True)
    ]
    assert paid[0] == paid[1]


@given(LINES, RATES, st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_credit_note_of_everything_takes_exactly_everything_back(
    rows: list[tuple[int, str]],
    rates: dict[str, tuple[Tax, ...]],
    inclusive: bool,
) -> None:
    sale = document_of(rows, rates, inclusive=inclusive)
    back = document_of([(-amount, kind) for amount, kind in rows], rates, inclusive=inclusive)
    assert [line.tax for line in back.taxes] == [-line.tax for line in sale.taxes]
    assert (back.net, back.gross) == (-sale.net, -sale.gross)


@given(st.lists(st.fractions(-(10**6), 10**6), max_size=20))
@settings(max_examples=300, deadline=None)
def test_an_allocation_is_fair(shares: list[Fraction]) -> None:
    parts = allocated(shares)
    assert sum(parts) == nearest(sum(shares, Fraction(0)))
    assert all(abs(part - share) < 1 for part, share in zip(parts, shares, strict=True))
    if sum(shares):
        assert allocated([-share for share in shares]) == [-part for part in parts]
