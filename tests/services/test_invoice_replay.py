"""An invoice made anew is equal to the byte, or every difference has its cause."""

import pytest

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.invoice_difference import Pair
from creditctl.services.credits import list_grants
from creditctl.services.invoice_causes import UNKNOWN, cause_of
from creditctl.services.invoice_replay import InvoiceReplay, compare_invoices, replay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import update_organization_facts
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscriptions import create_subscription
from creditctl.store.engine import unit_of_work
from creditctl.store.tables.invoices import LINE_KINDS
from finance import TAXED
from invoiced import BERLIN, INCLUSIVE, invoiced
from invoices import drafted, final
from orders import an_order

FIRST = "INV-2026-000001"


@pytest.fixture
def books(context: Context) -> Context:
    return invoiced(context)


def differences(replay: InvoiceReplay) -> dict[tuple[str, str], tuple[str, str, str | None]]:
    assert (replay.digest == replay.digest_today) == replay.equal
    return {
        (one.part, one.description): (str(one.before), str(one.after), one.cause)
        for one in replay.differences
    }


@pytest.mark.parametrize("catalog", [TAXED, INCLUSIVE], ids=["net", "gross"])
def test_every_invoice_is_equal_while_nothing_was_changed(context: Context, catalog: str) -> None:
    books = invoiced(context, catalog)
    for number in ("INV-2026-000001", "INV-2026-000003", "INV-2026-000004"):
        replay = replay_invoice(books, number)
        assert (replay.equal, replay.differences, replay.causes) == (True, (), ())
        assert replay.digest == replay.digest_today
        assert compare_invoices(books, number, now=True).equal


def test_late_usage_is_a_difference_named_with_its_import_and_its_invoice(books: Context) -> None:
    """3 credits of 0.01 and 19 % of tax came after September was final."""
    use(at(books, "2026-09-21T00:00:00Z"), BERLIN, 2)
    use(at(books, "2026-09-22T00:00:00Z"), BERLIN, 1)
    replay = replay_invoice(books, FIRST)
    assert differences(replay) == {
        ("late", "Late usage of 2026-09: Rows"): ("0.00", "0.03", "late usage"),
        # The tax of 0.13 is 0.0247.
        ("tax", "VAT, DE"): ("0.02", "0.02", "late usage"),
        ("total", "subtotal"): ("0.10", "0.13", "late usage"),
        ("total", "total"): ("0.12", "0.15", "late usage"),
    }
    assert [(one.kind, one.events, str(one.credits)) for one in replay.causes] == [
        ("late usage", 1, "2"),
        ("late usage", 1, "1"),
    ]
    assert all(one.what.endswith("on no final invoice yet") for one in replay.causes)
    november = final(at(books, "2026-12-05T00:00:00Z"), "2026-11", BERLIN)
    again = replay_invoice(books, FIRST)
    assert all(one.what.endswith(f"on {november.number}") for one in again.causes)
    assert replay_invoice(books, november.id).equal


def test_a_price_with_effect_in_the_past_is_found(books: Context) -> None:
    """0.02 a credit from 15 September on: 110 credits, of which 100 are covered."""
    dearer = TAXED.replace('list_price = "0.01"', 'list_price = "0.02"')
    dearer = dearer.replace("effective_from = 2026-01-01", "effective_from = 2026-09-15")
    open_books(books, dearer)
    found = differences(replay_invoice(books, FIRST))
    assert found["usage", "Rows"] == ("1.10", "2.20", "catalog")
    assert found["total", "subtotal"] == ("0.10", "0.20", "catalog")
    (cause,) = replay_invoice(books, FIRST).causes
    assert (cause.kind, cause.what) == ("catalog", "catalog.applied")


def test_tax_facts_that_changed_are_found(books: Context) -> None:
    update_organization_facts(books, BERLIN, OrgFacts(country="CH"))
    found = differences(replay_invoice(books, FIRST))
    assert found["tax", "VAT, DE"] == ("0.02", "0.00", "organization")
    assert found["total", "total"] == ("0.12", "0.10", "organization")
    assert ("total", "subtotal") not in found


def test_a_grant_that_was_taken_back_is_found(books: Context) -> None:
    """The 100 credits that paid are unwound: nobody has paid them now."""
    grant = next(
        one for one in list_grants(books, BERLIN, everything=True) if one.source == "purchase"
    )
    reverse_grant(books, ReverseRequest(grant=grant.id, reason="charged back", unwind=True))
    replay = replay_invoice(books, FIRST)
    found = differences(replay)
    assert found["credits", "Credits applied: purchase"] == ("-1.00", "0.00", "bookings")
    assert "charged back" in {one.reason for one in replay.causes}


def test_a_subscription_with_effect_in_the_past_is_found(books: Context) -> None:
    """Only a void invoice lets one begin in its days."""
    use(at(books, "2026-10-20T00:00:00Z"), "404-media", 5)
    number = str(final(books, "2026-10", "404-media").number)
    void_invoice(books, VoidRequest(invoice=number, reason="subscribed"))
    later, start = at(books, "2026-12-09T00:00:00Z"), at(books, "2026-10-12T00:00:00Z").now
    create_subscription(later, "404-media", "monthly", starts_at=start)
    found = differences(replay_invoice(books, number))
    (fee,) = [one for (part, _), one in found.items() if part == "fee"]
    assert fee == ("0.00", "49.00", "subscription")


@pytest.mark.broken_books
def test_what_nobody_recorded_has_no_known_cause(books: Context) -> None:
    with unit_of_work(books.database) as unit:
        unit.run("UPDATE usage_day SET credits_micro = credits_micro + 1000000")
        unit.run(
            "UPDATE debit_day SET credits_micro = credits_micro + 1000000 WHERE source = 'overage'"
        )
    replay = replay_invoice(books, FIRST)
    assert not replay.equal
    assert {one.cause for one in replay.differences} == {UNKNOWN}


def test_a_draft_is_compared_and_not_replayed(books: Context) -> None:
    use(at(books, "2026-11-20T00:00:00Z"), "404-media", 5)
    december = at(books, "2026-12-05T00:00:00Z")
    draft = drafted(december, "2026-11", "404-media")
    with pytest.raises(Conflict, match="is a draft"):
        replay_invoice(december, draft.id)
    assert compare_invoices(december, draft.id, now=True).equal
    use(at(books, "2026-11-21T00:00:00Z"), "404-media", 5)
    comparison = compare_invoices(december, draft.id, now=True)
    assert (
        comparison.parts[0].part,
        str(comparison.parts[0].before),
        str(comparison.parts[0].after),
    ) == (
        "usage",
        "0.05",
        "0.10",
    )


def test_two_invoices_are_side_by_side(books: Context) -> None:
    comparison = compare_invoices(books, FIRST, "INV-2026-000003")
    assert (comparison.before, comparison.after, comparison.equal) == (
        FIRST,
        "INV-2026-000003",
        False,
    )
    totals = {one.description: str(one.change) for one in comparison.parts if one.part == "total"}
    assert totals == {"subtotal": "51.90", "tax": "9.86", "total": "61.76"}
    with pytest.raises(InvalidInput, match="compare it with"):
        compare_invoices(books, FIRST)
    with pytest.raises(InvalidInput, match="compare it with"):
        compare_invoices(books, FIRST, FIRST, now=True)


def test_a_void_invoice_is_replayed_too(books: Context) -> None:
    newest = final(at(books, "2026-12-05T00:00:00Z"), "2026-11", BERLIN)
    december = at(books, "2026-12-06T00:00:00Z")
    void_invoice(december, VoidRequest(invoice=newest.id, reason="wrong"))
    assert replay_invoice(december, newest.id).equal


def test_what_a_void_invoice_billed_of_an_order_form_is_on_the_one_after_it(books: Context) -> None:
    an_order(at(books, "2026-11-03T00:00:00Z"), slug=BERLIN)
    december = at(books, "2026-12-05T00:00:00Z")
    void = final(december, "2026-11", BERLIN)
    void_invoice(december, VoidRequest(invoice=void.id, reason="wrong"))
    final(december, "2026-11", BERLIN)
    found = differences(replay_invoice(december, void.id))
    (order,) = [cause for (part, _), (_, _, cause) in found.items() if part == "order"]
    assert order == "void"


@pytest.mark.parametrize("kind", LINE_KINDS)
def test_a_line_of_any_kind_may_differ(kind: str) -> None:
    assert cause_of(Pair(kind, "", 1, 2), ()) == UNKNOWN
