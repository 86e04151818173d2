"""From an event to its price, the grants that paid, and the rule that chose each."""

from pathlib import Path

import pytest

from builders import an_organization, at, give, open_books
from creditctl.context import Context
from creditctl.errors import EventNotFound
from creditctl.rules.units import Credits
from creditctl.services.event_lineage import EventLineage, explain_event
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.usage_import import import_usage

HEAD = "id,time,org,endpoint,status,units"


@pytest.fixture
def books(context: Context) -> Context:
    """acme has 50 credits until the 20th, 60 undated ones and 100 that it bought."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october)
    give(october, "acme", "60")
    give(october, "acme", "50", expires_at=at(context, "2026-10-20T00:00:00Z").now)
    give(october, "acme", "100", source="purchase")
    return at(context, "2026-10-10T00:00:00Z")


def book(context: Context, folder: Path, *rows: tuple[str, str, int]) -> None:
    text = [
        f"{name},2026-10-05T{hour}:00:00Z,acme,GET /rows,200,{units}" for name, hour, units in rows
    ]
    path = folder / f"{rows[0][0]}.csv"
    path.write_text("\n".join([HEAD, *text, ""]), encoding="utf-8")
    import_usage(context, [path])


def paid(context: Context, event: str) -> list[tuple[str, str, str]]:
    found = explain_event(context, "acme", event)
    assert sum(payer.credits.micro for payer in found.payers) == found.credits.micro
    return [(payer.source, str(payer.credits), payer.why) for payer in found.payers]


def test_events_of_one_run_are_told_apart(books: Context, tmp_path: Path) -> None:
    book(books, tmp_path, ("a", "01", 30), ("b", "02", 30), ("c", "03", 60), ("d", "04", 200))
    # 50 until the 20th: a takes 30, b 20; 60 undated: b 10, c 50; 100 bought: c 10, d 90; 110 owed
    assert paid(books, "a") == [("goodwill", "30", "it expires first")]
    assert paid(books, "b") == [
        ("goodwill", "20", "it expires first"),
        ("goodwill", "10", "it was granted first"),
    ]
    assert [(source, amount) for source, amount, _ in paid(books, "c")] == [
        ("goodwill", "50"),
        ("purchase", "10"),
    ]
    assert [(source, amount) for source, amount, _ in paid(books, "d")] == [
        ("purchase", "90"),
        ("overage", "110"),
    ]


def test_who_was_passed_over_is_told_with_the_reason(books: Context, tmp_path: Path) -> None:
    give(
        books,
        "acme",
        "5",
        expires_at=at(books, "2026-12-01T00:00:00Z").now,
    )
    book(books, tmp_path, ("a", "01", 30))
    found = explain_event(books, "acme", "a")
    reasons = {(row.source, row.why) for row in found.passed_over}
    assert reasons == {
        ("goodwill", "its turn comes later"),
        ("purchase", "its turn comes later"),
        ("goodwill", "it began on 2026-10-10 00:00"),
    }


def test_the_price_and_where_the_event_came_from_are_told(books: Context, tmp_path: Path) -> None:
    book(books, tmp_path, ("a", "01", 30))
    found: EventLineage = explain_event(books, "acme", "a")
    assert (found.request, found.product, found.units) == ("GET /rows", "rows", 30)
    assert (found.credits, found.rule) == (Credits.parse("30"), "1 per rows")
    assert found.file.endswith("a.csv")
    assert found.plan is None


def test_it_holds_after_the_month_was_paid_again(books: Context, tmp_path: Path) -> None:
    book(books, tmp_path, ("late", "09", 60))
    book(books, tmp_path, ("early", "01", 20))
    assert [amount for _, amount, _ in paid(books, "late")] == ["50", "10"]
    request = ReallocateRequest(organization="acme", month="2026-10", reason="late file")
    reallocate(books, request)
    # early takes 20 of the 50 that expire first, late the other 30 and 30 undated ones
    assert [amount for _, amount, _ in paid(books, "early")] == ["20"]
    assert [amount for _, amount, _ in paid(books, "late")] == ["30", "30"]
    book(books, tmp_path, ("after", "05", 5))
    assert [amount for _, amount, _ in paid(books, "after")] == ["5"]
    assert [amount for _, amount, _ in paid(books, "late")] == ["30", "30"]


def test_a_free_event_was_paid_by_nobody(books: Context, tmp_path: Path) -> None:
    path = tmp_path / "free.csv"
    path.write_text(f"{HEAD}\nfree,2026-10-05T01:00:00Z,acme,GET /free,200,0\n", encoding="utf-8")
    import_usage(books, [path])
    assert explain_event(books, "acme", "free").payers == ()


def test_an_unknown_event_is_not_found(books: Context) -> None:
    with pytest.raises(EventNotFound, match="acme has no usage event 'x'"):
        explain_event(books, "acme", "x")
