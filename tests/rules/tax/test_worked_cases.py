"""Sales worked by hand, in `worked_cases.txt`: who sells to whom, and what the document says."""

from pathlib import Path

import pytest

from tax_sales import sold, taxes_text

TABLE = Path(__file__).with_name("worked_cases.txt").read_text(encoding="utf-8")
HEAD, *ROWS = (
    tuple(cell.strip() for cell in line.split("|"))
    for line in TABLE.splitlines()
    if line and not line.startswith("#")
)


def test_the_table_is_read_whole() -> None:
    assert HEAD == ("seller", "buyer", "day", "price", "treatment", "taxes", "net", "gross")
    assert {len(row) for row in ROWS} == {len(HEAD)}
    assert len(ROWS) > 100


@pytest.mark.parametrize("row", ROWS, ids=" | ".join)
def test_a_sale_is_taxed_as_worked_by_hand(row: tuple[str, ...]) -> None:
    seller, to, day, price, *expected = row
    found = sold(seller, to, day, price)
    document = found.document
    assert [
        found.decision.treatment,
        taxes_text(found),
        str(document.net),
        str(document.gross),
    ] == expected
