"""The published FOCUS validator finds nothing in our exports, and everything in broken ones."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import focus_validator
from creditctl.context import Context
from creditctl.rules.focus import COLUMNS
from creditctl.rules.periods import parse_month
from creditctl.services.demo import run_demo
from creditctl.services.focus_export import export_focus
from finance import TAXED, eventful
from focus_validator import MISTAKEN
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
    found = focus_validator.findings(python, export, tmp_path)
    # A rule that is mistaken no more must not stay excused.
    assert found.failed == MISTAKEN.keys()
    assert found.columns >= set(COLUMNS)


def test_it_finds_what_is_broken_in_the_demo_and_nothing_else(python: Path, tmp_path: Path) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    demo = run_demo(Context("sqlite://", now, "tester"), "finfeedapi", tmp_path)
    books = Context(f"sqlite:///{demo.database}", now, "tester")
    export_focus(books, parse_month("2026-10"), tmp_path / "whole.csv")
    with (tmp_path / "whole.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    usage = next(row for row in rows if row["ChargeCategory"] == "Usage")
    usage |= {"BillingCurrency": "XXY", "BilledCost": "", "ConsumedQuantity": ""}
    for row in rows:
        # Of such columns it finds no single row.
        row |= {"ChargeFrequency": "Daily", "ChargePeriodEnd": "soon"}
    missing = {"ListCost", "PricingCurrencyEffectiveCost"}
    broken = tmp_path / "broken.csv"
    with broken.open("w", newline="", encoding="utf-8") as target:
        names = [name for name in COLUMNS if name not in missing]
        writer = csv.DictWriter(target, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    found = focus_validator.findings(python, broken, tmp_path).failed - MISTAKEN.keys()
    assert found >= {
        "BilledCost-C-003-M",
        "BillingCurrency-C-006-M",
        "ChargeFrequency-C-003-M",
        "ChargePeriodEnd-C-002-M",
        "ConsumedUnit-C-005-C",
        "CostAndUsage-D-032-M",
        "CostAndUsage-D-051-C",
    }
    assert {rule.split("-")[0] for rule in found} == {
        *("BilledCost", "BillingCurrency", "ChargeFrequency", "ChargePeriodEnd"),
        # The quantity's own rule is asked of corrections only, so the unit's tells.
        "ConsumedUnit",
        # Whether columns are there.
        "CostAndUsage",
        *("ListCost", "ListUnitPrice", "PricingCurrencyEffectiveCost"),
    }
