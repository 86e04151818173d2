"""The published FOCUS validator finds nothing in our exports, and something in broken ones."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import focus_validator
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.demo import run_demo
from creditctl.services.focus_export import export_focus
from finance import TAXED, eventful
from invoiced import invoiced

MONTHS = ("2026-09", "2026-10", "2026-11")
COMPANIES: dict[str, Callable[[Context], Context]] = {
    "eventful": eventful,
    "invoiced": lambda context: invoiced(context, TAXED),
}


@pytest.fixture(scope="module")
def python() -> Path:
    found = focus_validator.interpreter()
    if found is None:
        pytest.skip("focus-validator is not installed")
    return found


def exported(context: Context, folder: Path) -> Path:
    """Three months in one dataset, as those who read it have them."""
    whole = folder / "focus.csv"
    with whole.open("w", encoding="utf-8") as target:
        for number, month in enumerate(MONTHS):
            part = folder / f"{month}.csv"
            export_focus(context, parse_month(month), part)
            lines = part.read_text(encoding="utf-8").splitlines(keepends=True)
            target.writelines(lines[bool(number) :])
    return whole


@pytest.mark.parametrize("company", COMPANIES)
def test_it_finds_nothing(context: Context, company: str, python: Path, tmp_path: Path) -> None:
    export = exported(COMPANIES[company](context), tmp_path)
    rows = list(csv.DictReader(export.read_text(encoding="utf-8").splitlines()))
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}
    assert focus_validator.findings(python, export, tmp_path) == set()


def test_it_finds_nothing_in_the_demo(python: Path, tmp_path: Path) -> None:
    demo = run_demo(
        Context("sqlite://", datetime(2026, 11, 1, tzinfo=UTC), "tester"), "finfeedapi", tmp_path
    )
    books = Context(f"sqlite:///{demo.database}", datetime(2026, 11, 1, tzinfo=UTC), "tester")
    export_focus(books, parse_month("2026-10"), tmp_path / "focus.csv")
    assert focus_validator.findings(python, tmp_path / "focus.csv", tmp_path) == set()


def test_it_finds_what_is_broken(context: Context, python: Path, tmp_path: Path) -> None:
    whole = exported(eventful(context), tmp_path).read_text(encoding="utf-8")
    rows = list(csv.DictReader(whole.splitlines()))
    broken = tmp_path / "broken.csv"
    for name, value in (
        ("BillingCurrency", "XXY"),
        ("ChargeFrequency", "Daily"),
        ("ServiceCategory", "Credits"),
        ("BilledCost", ""),
        ("ChargePeriodEnd", "2026-11-01T00:00:00+01:00"),
    ):
        rows[1][name] = value
    with broken.open("w", newline="", encoding="utf-8") as file:
        # One column is not there at all.
        writer = csv.DictWriter(file, [name for name in rows[0] if name != "ListCost"])
        writer.writeheader()
        writer.writerows({key: row[key] for key in writer.fieldnames} for row in rows)
    found = focus_validator.findings(python, broken, tmp_path)
    assert found == {
        "BillingCurrency_IsCurrencyCode",
        "BilledCost_NotNull",
        "ChargeFrequency_Enum",
        "ChargePeriodEnd_IsDateTime",
        "ListCost_Required",
        "ServiceCategory_Enum",
    }
