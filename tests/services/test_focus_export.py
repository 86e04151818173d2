"""FOCUS rows keep the specification's rules, and sum to our reports."""

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.rules.focus import COLUMNS
from creditctl.rules.periods import Period, parse_month
from creditctl.services.focus_export import export_focus
from creditctl.services.liability_report import report_liability
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.revenue_report import report_revenue
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscriptions import create_subscription
from creditctl.services.tax_report import report_tax
from creditctl.services.usage_batches import list_batches
from creditctl.services.usage_undo import undo_import
from creditctl.services.usage_value import report_usage_value
from finance import CATALOG, TAXED, bought, closed, eventful
from focus_rules import MANDATORY, OPTIONAL, breaches
from invoices import final

MONTHS = [parse_month(f"2026-{month:02}") for month in (9, 10, 11)]
Rows = list[dict[str, str]]


@pytest.fixture
def books(context: Context) -> Context:
    return eventful(context)


def rows_of(context: Context, month: Period, folder: Path) -> Rows:
    path = folder / "focus.csv"
    exported = export_focus(context, month, path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert exported.charges == len(rows)
    return rows


def summed(rows: Rows, column: str, *categories: str) -> dict[str, Decimal]:
    """Currency -> sum of a column over the rows of some categories; without zeros."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["ChargeCategory"] in categories:
            sums[row["BillingCurrency"]] += Decimal(row[column] or "0")
    return {currency: amount for currency, amount in sums.items() if amount}


def test_every_mandatory_column_is_there_and_every_other_is_one_of_the_specification() -> None:
    assert len(MANDATORY) == 21
    assert MANDATORY.keys() | OPTIONAL.keys() == set(COLUMNS)
    assert list(COLUMNS) == sorted(COLUMNS)


def test_every_row_keeps_the_rules(books: Context, tmp_path: Path) -> None:
    found = Counter[str]()
    for month in MONTHS:
        rows = rows_of(books, month, tmp_path)
        assert [problem for row in rows for problem in breaches(row)] == []
        found.update(row["ChargeCategory"] for row in rows)
    assert found.keys() == {"Usage", "Purchase", "Tax", "Credit"}


def test_a_cent_that_a_later_undo_moves_is_not_billed_by_the_receipt(
    context: Context, tmp_path: Path
) -> None:
    """3.33 of two used and one reversed; 3.34 once one is given back, and 6.67 once it is gone."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, TAXED)
    create_organization(opened, "berlin-labs", facts=OrgFacts(country="DE"))
    grant_id = bought(opened, "berlin-labs", package="three")
    for day in (12, 13):
        use(at(context, f"2026-09-{day}T00:00:00Z"), "berlin-labs", 1)
    reverse_grant(at(context, "2026-09-20T00:00:00Z"), ReverseRequest(grant=grant_id, reason="x"))
    october = at(context, "2026-10-06T00:00:00Z")
    closed(october, "2026-09")
    undo_import(october, list_batches(october, limit=1)[0].id, reason="a wrong file")
    rows = rows_of(october, MONTHS[1], tmp_path)
    assert [problem for row in rows for problem in breaches(row)] == []
    found = [
        (row["BilledCost"], row["ChargeClass"], row["InvoiceId"])
        for row in rows
        if row["ChargeCategory"] == "Purchase"
    ]
    assert found == [("-0.01", "Correction", ""), ("-3.33", "Correction", "CN-2026-000002")]


def test_the_rules_find_what_breaks_them(books: Context, tmp_path: Path) -> None:
    row = next(
        row for row in rows_of(books, MONTHS[0], tmp_path) if row["ChargeCategory"] == "Purchase"
    )
    assert breaches(row) == []
    for name, value in {
        "BilledCost": "1e3",
        "BillingCurrency": "",
        "ChargeCategory": "Gift",
        "EffectiveCost": "1",
        "ListCost": "0.000001",
        "PricingUnit": "",
        "ConsumedQuantity": "1",
        "SkuId": "",
        "PricingCurrency": "Credits",
        "PricingCurrencyListUnitPrice": "7",
        "ServiceSubcategory": "",
        "ChargePeriodEnd": "2026-12-24T00:00:00Z",
    }.items():
        assert breaches(row | {name: value}), name


def test_sums_are_those_of_the_reports(books: Context, tmp_path: Path) -> None:
    for month in MONTHS:
        rows = rows_of(books, month, tmp_path)
        earned = {
            line.amount.currency: Decimal(str(line.amount))
            for line in report_revenue(books, month).sources
            if line.line == "total" and line.amount
        }
        assert summed(rows, "EffectiveCost", "Usage", "Purchase", "Credit") == earned
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for line in report_liability(books, month).roll_forward:
            sign = {"sold": 1, "reversed": -1}.get(line.line, 0)
            moved[line.amount.currency] += sign * Decimal(str(line.amount))
        assert summed(rows, "BilledCost", "Purchase") == {
            currency: amount for currency, amount in moved.items() if amount
        }
        taxes = {
            total.tax.currency: Decimal(str(total.tax))
            for total in report_tax(books, month).totals
            if total.tax
        }
        assert summed(rows, "BilledCost", "Tax") == taxes
        drawn = [row for row in rows if row["PricingUnit"] == "Credits"]
        used = summed(drawn, "PricingQuantity", "Usage").values()
        assert sum(used) == Decimal(str(report_usage_value(books, month).credits))


def test_a_purchase_its_tax_and_its_use_by_hand(context: Context, tmp_path: Path) -> None:
    """$10.00 for three credits at a list price of $0.01, 19 % VAT; one of them is used."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, TAXED)
    facts = OrgFacts(country="DE", legal_name="=cmd()")
    create_organization(opened, "acme", facts=facts)
    bought(opened, "acme", package="three")
    use(at(context, "2026-09-20T00:00:00Z"), "acme", 1)
    rows = rows_of(opened, MONTHS[0], tmp_path)
    wanted = ("ChargeCategory", "ChargePeriodStart", "BilledCost", "EffectiveCost", "ListCost")
    wanted += ("InvoiceId", "PricingCurrency", "PricingCurrencyEffectiveCost")
    assert [tuple(row[name] for name in wanted) for row in rows] == [
        ("Purchase", "2026-09-10T00:00:00Z", "10.00", "0", "0.03", "R-2026-000001", "USD", "0"),
        # 19 % of the list cost of $0.03 is $0.0057.
        ("Tax", "2026-09-10T00:00:00Z", "1.90", "0", "0.01", "R-2026-000001", "USD", "0"),
        ("Usage", "2026-09-20T00:00:00Z", "0", "3.33", "0.01", "", "Credits", "1"),
    ]
    assert {row["BillingAccountName"] for row in rows} == {"'=cmd()"}
    assert {row["ProviderName"] for row in rows} == {"Example GmbH"}


def test_a_fee_is_billed_once_and_effective_by_the_day(context: Context, tmp_path: Path) -> None:
    """$49.00 from 10 September for 30 days: 21 of them in September, 9 until 10 October."""
    books = at(context, "2026-09-10T00:00:00Z")
    open_books(books, CATALOG)
    create_organization(books, "acme")
    create_subscription(books, "acme", "monthly")
    october = at(context, "2026-10-09T12:00:00Z")
    invoice = final(october, "2026-09", "acme")
    rows = [row for month in MONTHS for row in rows_of(october, month, tmp_path)]
    (billed,) = [row for row in rows if row["ChargeCategory"] == "Purchase"]
    assert billed["BilledCost"] == "49.00"
    assert billed["EffectiveCost"] == "0"
    assert billed["ChargeFrequency"] == "Recurring"
    assert billed["InvoiceId"] == invoice.number
    days = [row for row in rows if row["ChargeCategory"] == "Usage"]
    assert [row["ChargePeriodStart"][:10] for row in days] == [
        f"{date(2026, 9, 10) + number * timedelta(days=1)}" for number in range(30)
    ]
    # 49.00 / 30 is 1.6333...: two days earn 1.63, the third 1.64.
    assert [row["EffectiveCost"] for row in days[:3]] == ["1.63", "1.64", "1.63"]
    assert sum(Decimal(row["EffectiveCost"]) for row in days[:21]) == Decimal("34.30")
    assert sum(Decimal(row["EffectiveCost"]) for row in days) == Decimal("49.00")
    assert {row["BilledCost"] for row in days} == {"0"}
    assert {row["PricingUnit"] for row in days} == {"Days"}


def test_a_fee_of_a_closed_month_that_turns_up_is_a_correction_of_the_next(
    context: Context, tmp_path: Path
) -> None:
    books = at(context, "2026-09-01T00:00:00Z")
    open_books(books, CATALOG)
    create_organization(books, "acme")
    october = at(context, "2026-10-05T00:00:00Z")
    closed(october, "2026-09")
    create_subscription(
        october, "acme", "monthly", starts_at=at(context, "2026-09-10T00:00:00Z").now
    )
    first, second, _ = (rows_of(october, month, tmp_path) for month in MONTHS)
    assert summed(first, "EffectiveCost", "Usage") == {}
    (correction,) = [row for row in second if row["ChargeClass"] == "Correction"]
    assert (correction["EffectiveCost"], correction["ChargePeriodStart"]) == (
        "34.30",
        "2026-10-01T00:00:00Z",
    )
    assert [problem for row in second for problem in breaches(row)] == []


def test_the_same_books_give_the_same_bytes(books: Context, tmp_path: Path) -> None:
    export_focus(books, MONTHS[1], tmp_path / "a.csv")
    export_focus(books, MONTHS[1], tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
