"""`creditctl export`: files for accounting and FinOps programs."""

import csv
import json
from pathlib import Path

import pytest

from conftest import Cli
from finance import CATALOG
from focus_rules import breaches
from journal_programs import beancount_balances, hledger_balances


@pytest.fixture
def shop(cli: Cli, tmp_path: Path) -> Cli:
    """Three credits for $10.00 in October."""
    (tmp_path / "catalog.toml").write_text(CATALOG)
    cli(f"catalog apply {tmp_path / 'catalog.toml'}")
    cli("orgs create acme")
    order = cli(
        "purchases create acme --package three --reason ticket -o json", as_of="2026-10-05"
    ).data
    cli(f"purchases settle {order['id']} --reference bank --reason bank", as_of="2026-10-05")
    return cli


def test_a_journal_is_written_in_the_format_of_its_name(shop: Cli, tmp_path: Path) -> None:
    path = tmp_path / "october.beancount"
    answer = shop(f"export journal {path} --month 2026-10 -o json").data
    assert (answer["format"], answer["month"], answer["transactions"]) == (
        "beancount",
        "2026-10",
        2,
    )
    assert str(beancount_balances(path)["Liabilities:Deferred:Purchase", "USD"]) == "-10.00"


def test_a_journal_goes_to_stdout_for_hledger_unless_told_otherwise(
    shop: Cli, tmp_path: Path
) -> None:
    text = shop("export journal --month 2026-10").stdout
    (tmp_path / "october.journal").write_text(text)
    balances = hledger_balances(tmp_path / "october.journal")
    assert str(balances["Assets:Cash", "USD"]) == "10.00"
    assert shop("export journal - --month 2026-10 --format hledger").stdout == text
    assert 'option "title"' in shop("export journal --month 2026-10 --format beancount").stdout


def test_a_format_that_nobody_knows_is_refused(shop: Cli) -> None:
    assert (
        "hledger, beancount" in shop("export journal --month 2026-10 --format sap", expect=2).stderr
    )


def test_charges_are_written_as_focus_csv(shop: Cli, tmp_path: Path) -> None:
    path = tmp_path / "october.csv"
    answer = shop(f"export focus {path} --month 2026-10 -o json").data
    assert (answer["month"], answer["charges"]) == ("2026-10", 1)
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert (row["BilledCost"], row["BillingAccountName"], breaches(row)) == ("10.00", "acme", [])
    assert shop("export focus --month 2026-10").stdout == path.read_text()


def test_a_file_that_cannot_be_written_is_told(shop: Cli, tmp_path: Path) -> None:
    stderr = shop(f"export focus {tmp_path / 'none/october.csv'} --month 2026-10", expect=3).stderr
    assert "none/october.csv" in stderr


def test_the_ledger_is_written_in_the_format_of_its_name(shop: Cli, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    answer = shop(f"export ledger {path} --org acme --to 2026-11-01 -o json").data
    assert (answer["format"], answer["organization"], answer["entries"], answer["net"]) == (
        "jsonl",
        "acme",
        1,
        "3",
    )
    (entry,) = [json.loads(line) for line in path.read_text().splitlines()]
    balance = shop("credits balance acme -o json", as_of="2026-10-06").data
    assert (entry["kind"], entry["net"], entry["happened_at"]) == (
        "grant",
        balance["net"],
        "2026-10-05T00:00:00Z",
    )
    (row,) = csv.DictReader(shop("export ledger").stdout.splitlines())
    assert (row["organization"], row["grant"]) == ("acme", entry["grant"])
    assert "jsonl, ndjson" in shop(f"export ledger {tmp_path / 'x.xls'}", expect=2).stderr
