"""The exported ledger is every entry, exactly, and sums to the balances."""

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import InvalidInput, OrganizationNotFound
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.ledger_export import export_ledger
from creditctl.store.engine import reading
from creditctl.store.queries.ledger_export import COLUMNS
from finance import CATALOG, bought
from invoiced import BERLIN, MEDIA, invoiced


def by_organization(path: Path) -> dict[str, Decimal]:
    """What column `net` of a Parquet file sums to."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in parquet.read_table(path).to_pylist():
        sums[row["organization"]] += row["net"]
    return sums


def test_it_sums_to_the_balance_of_each_organization(context: Context, tmp_path: Path) -> None:
    """Bought, used, owed, repaid, billed, void and billed again; nothing has expired by then."""
    books = invoiced(context)
    give(books, MEDIA, "2.5")
    exported = export_ledger(books, tmp_path / "ledger.parquet")
    sums = by_organization(tmp_path / "ledger.parquet")
    balances = {slug: read_balance(books, slug).net for slug in (BERLIN, MEDIA)}
    assert sums == {slug: Decimal(str(net)) for slug, net in balances.items()}
    assert exported.net == balances[BERLIN] + balances[MEDIA]
    with reading(books.database) as unit:
        assert exported.entries == unit.fetch_value("SELECT COUNT(*) FROM ledger_entry")


def test_what_repays_overage_leaves_the_balance_as_it_is(context: Context, tmp_path: Path) -> None:
    """10 owed, then 100 bought, of which 10 repay: 90, and not 80."""
    open_books(context, CATALOG)
    an_organization(context)
    use(context, "acme", 10)
    bought(context, "acme", package="hundred")
    export_ledger(context, tmp_path / "ledger.parquet")
    assert by_organization(tmp_path / "ledger.parquet") == {"acme": Decimal(90)}
    assert str(read_balance(context, "acme").net) == "90"


@pytest.fixture
def shop(context: Context) -> Context:
    """3 credits for $10.00 on 10 September; one used then and two in October."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, CATALOG)
    an_organization(opened)
    an_organization(opened, "beta", credits="0.333333")
    bought(opened, "acme", package="three")
    use(at(context, "2026-09-20T06:30:00Z"), "acme", 1)
    use(at(context, "2026-10-01T00:00:00Z"), "acme", 2, path="/maps")
    return context


def test_parquet_has_exact_types(shop: Context, tmp_path: Path) -> None:
    export_ledger(shop, tmp_path / "ledger.parquet", organization="acme")
    table = parquet.read_table(tmp_path / "ledger.parquet")
    types = {field.name: field.type for field in table.schema}
    assert list(types) == list(COLUMNS)
    assert types["kind"] == types["organization"] == pa.dictionary(pa.int32(), pa.string())
    assert types["happened_at"] == types["recorded_at"] == pa.timestamp("us", "UTC")
    assert (types["amount_micro"], types["amount"]) == (pa.int64(), pa.decimal128(19, 6))
    granted, first, second = table.to_pylist()
    assert (granted["kind"], granted["source"], granted["amount_micro"]) == (
        "grant",
        "purchase",
        3_000_000,
    )
    assert (granted["currency"], granted["unit_cost"][:6]) == ("USD", "3.3333")
    assert (first["product"], first["amount"], first["grant"]) == (
        "rows",
        Decimal(-1),
        granted["grant"],
    )
    assert first["happened_at"] == datetime(2026, 9, 20, 6, 30, tzinfo=UTC)
    assert (second["posted_on"], second["net"]) == (date(2026, 10, 1), Decimal(-2))
    assert first["batch"] is not None
    assert (granted["batch"], granted["invoice"], granted["settles"]) == (None, None, None)


def test_csv_and_json_lines_say_the_same(shop: Context, tmp_path: Path) -> None:
    export_ledger(shop, tmp_path / "ledger.csv")
    export_ledger(shop, tmp_path / "ledger.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    rows = list(csv.DictReader((tmp_path / "ledger.csv").read_text().splitlines()))
    assert [
        {name: "" if value is None else str(value) for name, value in line.items()}
        for line in lines
    ] == rows
    assert {line["amount"] for line in lines} == {"3", "-1", "-2", "0.333333"}
    assert lines[-1]["happened_at"] == "2026-10-01T00:00:00Z"
    assert all(int(line["amount_micro"]) == Decimal(line["amount"]) * 10**6 for line in lines)


def test_times_and_an_organization_choose_the_entries(shop: Context, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    october = datetime(2026, 10, 1, tzinfo=UTC)
    assert export_ledger(shop, path, starts_at=october).entries == 1
    assert export_ledger(shop, path, ends_at=october).entries == 3
    assert export_ledger(shop, path, organization="beta").entries == 1
    nothing = export_ledger(shop, path, ends_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert (nothing.entries, str(nothing.net)) == (0, "0")
    assert path.read_text().startswith("entry,organization,grant,kind,source")
    with pytest.raises(InvalidInput, match="before it begins"):
        export_ledger(shop, tmp_path / "no.csv", starts_at=october, ends_at=october)
    with pytest.raises(InvalidInput, match="'xlsx'"):
        export_ledger(shop, tmp_path / "no.xlsx")
    with pytest.raises(OrganizationNotFound):
        export_ledger(shop, tmp_path / "no.csv", organization="nobody")
    assert [file.name for file in tmp_path.glob("*.csv")] == ["ledger.csv"]


def test_only_a_block_is_in_memory_and_none_is_lost_between_two(
    shop: Context, tmp_path: Path
) -> None:
    """A block is a row group: seven entries in blocks of two are four of them."""
    for day in (2, 3, 4):
        give(at(shop, f"2026-10-0{day}T00:00:00Z"), "beta", "1")
    export_ledger(shop, tmp_path / "whole.parquet")
    exported = export_ledger(shop, tmp_path / "parts.parquet", block=2)
    parts = parquet.ParquetFile(tmp_path / "parts.parquet")
    assert (exported.entries, parts.num_row_groups) == (7, 4)
    whole = parquet.read_table(tmp_path / "whole.parquet")
    assert parts.read().to_pylist() == whole.to_pylist()


def test_a_reason_is_no_formula_in_csv(shop: Context, tmp_path: Path) -> None:
    gift = GrantRequest(organization="beta", amount=Credits(1), reason="=1+1")
    grant_credits(shop, gift)
    export_ledger(shop, tmp_path / "ledger.csv", organization="beta")
    *_, row = csv.DictReader((tmp_path / "ledger.csv").read_text().splitlines())
    assert row["reason"] == "'=1+1"
