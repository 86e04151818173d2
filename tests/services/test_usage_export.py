"""What is exported is every event, exactly, and CSV comes back as it went out."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from builders import an_organization, give, open_books
from conftest import Cli
from creditctl.context import Context
from creditctl.errors import FileMissing, InvalidInput
from creditctl.rules.periods import Period
from creditctl.services.usage_export import export_usage
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import reading
from creditctl.store.migrate import create_file, migrate
from creditctl.store.queries.usage_rollups import ROLLUPS

OCTOBER = Period(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
EVENTS = '''\
id,time,org,endpoint,status,units
plain text,2026-10-05T12:00:00.123456Z,acme,GET /rows,200,7
5f0c3c1e-8f5a-4a8e-9f3e-0a1b2c3d4e5f,2026-10-05T13:00:00Z,beta,GET /third,200,0
"comma, ""quoted""",2026-10-06T00:00:00Z,acme,GET /rows,404,3
=1+1,2026-10-07T00:00:00Z,acme,GET /free,200,0
'''


def with_usage(context: Context, tmp_path: Path) -> Context:
    open_books(context)
    for slug in ("acme", "beta"):
        an_organization(context, slug)
        give(context, slug, "100")
    path = tmp_path / "events.csv"
    path.write_text(EVENTS)
    assert import_usage(context, [path]).rejected == 0
    return context


@pytest.fixture
def books(context: Context, tmp_path: Path) -> Context:
    return with_usage(context, tmp_path)


def test_csv_comes_back_as_it_went_out(books: Context, tmp_path: Path) -> None:
    exported = export_usage(books, OCTOBER, tmp_path / "out.csv")
    assert (exported.events, str(exported.credits)) == (4, "7.333333")
    other = Context(database=f"sqlite:///{tmp_path / 'other.db'}", now=books.now, actor="tester")
    create_file(other.database)
    migrate(other.database)
    open_books(other)
    for slug in ("acme", "beta"):
        an_organization(other, slug)
    summary = import_usage(other, [tmp_path / "out.csv"])
    assert (summary.read, summary.rejected, summary.duplicate) == (4, 0, 0)
    for table in ROLLUPS:
        assert rows(other, table) == rows(books, table)
    assert import_usage(books, [tmp_path / "out.csv"]).duplicate == 4


def test_json_lines_come_back_too(books: Context, tmp_path: Path) -> None:
    assert export_usage(books, OCTOBER, tmp_path / "out.jsonl").events == 4
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert (first["id"], first["units"], first["credits"]) == ("plain text", 7, "7")
    summary = import_usage(books, [tmp_path / "out.jsonl"])
    assert (summary.read, summary.rejected, summary.duplicate) == (4, 0, 4)


def rows(context: Context, table: str) -> list[tuple[object, ...]]:
    with reading(context.database) as unit:
        return sorted(unit.fetch_rows(f"SELECT * FROM {table}"))


def test_parquet_has_exact_types(books: Context, tmp_path: Path) -> None:
    export_usage(books, OCTOBER, tmp_path / "out.parquet", organization="beta")
    (event,) = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert event["credits"] == Decimal("0.333333")
    assert event["time"] == datetime(2026, 10, 5, 13, tzinfo=UTC)
    assert (event["org"], event["endpoint"], event["product"]) == ("beta", "GET /third", "thirds")


def test_only_the_period_is_written_and_nothing_half_written(
    books: Context, tmp_path: Path
) -> None:
    day = Period(datetime(2026, 10, 6, tzinfo=UTC), datetime(2026, 10, 7, tzinfo=UTC))
    assert export_usage(books, day, tmp_path / "day.csv").events == 1
    with pytest.raises(InvalidInput, match="exported as 'xlsx'"):
        export_usage(books, day, tmp_path / "day.xlsx")
    with pytest.raises(FileMissing):
        export_usage(books, day, tmp_path / "no" / "day.csv")
    with pytest.raises(InvalidInput, match="before it begins"):
        export_usage(books, Period(day.ends_at, day.starts_at), tmp_path / "back.csv")
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["day.csv", "events.csv"]


def test_standard_output_is_the_data_alone(cli: Cli, books: Context) -> None:
    assert books.database
    header, *rows = cli("usage export - --month 2026-10 --org acme").stdout.splitlines()
    assert header.startswith("id,time,org,key,endpoint,status,units,credits")
    assert len(rows) == 3
