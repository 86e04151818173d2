"""Final invoices: numbers without gaps, what they refuse, and the overage that they settle."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context, Settings
from creditctl.errors import Conflict, IdempotencyKeyReused, InvalidInput, InvoiceNotFound
from creditctl.rules.periods import parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import MovementFilter, list_movements
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoices import list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import LimitStatus, list_limit_status
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import update_organization_facts
from creditctl.store.engine import unit_of_work
from invoices import OCTOBER, drafted, final, finalized, sold_in_germany, used


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: acme used 130 credits in October and had bought 100."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october, credits="100")
    used(context, ("2026-10-10T00:00:00Z", 130))
    return at(context, "2026-11-10T00:00:00Z")


def status(context: Context, slug: str) -> LimitStatus:
    (found,) = [one for one in list_limit_status(context) if one.organization == slug]
    return found


def test_a_draft_gets_a_number_a_date_and_the_day_it_is_due(books: Context) -> None:
    draft = drafted(books)
    assert (draft.status, draft.number, draft.due_on, str(draft.due)) == (
        "draft",
        None,
        None,
        "0.00",
    )
    made = finalized(books)
    (one,) = made.finalized
    assert (one.number, one.status, one.finalized_at) == ("INV-2026-000001", "finalized", books.now)
    assert (one.due_on, str(one.total), str(one.due)) == (date(2026, 11, 24), "0.30", "0.30")
    assert show_invoice(books, "INV-2026-000001") == show_invoice(books, one.id)
    entry = list_audit_entries(books, limit=1)[0]
    assert (entry.action, entry.subject) == ("invoice.finalized", one.id)


def test_numbers_have_no_gaps_and_begin_anew_each_year(books: Context) -> None:
    for slug in ("beta", "gamma"):
        an_organization(at(books, "2026-10-01T00:00:00Z"), slug)
        used(books, ("2026-10-10T00:00:00Z", 5), slug=slug)
    drafted(books)
    numbers = [one.number for one in finalized(books).finalized]
    assert numbers == ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]
    used(books, ("2026-12-10T00:00:00Z", 5))
    assert final(at(books, "2027-01-10T00:00:00Z"), "2026-12").number == "INV-2027-000001"


def test_what_is_final_stays_as_it_is(books: Context) -> None:
    before = final(books)
    again = finalized(books)
    assert (again.finalized, again.unchanged, again.refused) == ((), 1, ())
    run = generate_invoices(books, parse_month(OCTOBER))
    assert (run.unchanged, run.refreshed, run.created) == (1, 0, 0)
    assert show_invoice(books, "acme", parse_month(OCTOBER)) == before


def test_an_invoice_over_nothing_is_final_and_paid(books: Context) -> None:
    give(books, "acme", "30", source="purchase")
    check_limits(books)
    invoice = final(books)
    assert (str(invoice.total), invoice.status, invoice.paid_at) == ("0.00", "paid", books.now)
    assert invoice.number == "INV-2026-000001"


def test_the_grace_period_is_a_setting_and_can_be_passed_over(books: Context) -> None:
    early = at(books, "2026-11-03T23:59:59Z")
    drafted(early)
    refused = finalize_invoices(early, FinalizeRequest(month=OCTOBER)).refused
    assert [one.organization for one in refused] == ["acme"]
    assert "may still come until 2026-11-04T00:00:00Z" in refused[0].problem
    short = replace(early, settings=Settings(invoice_grace=timedelta(hours=71), payment_days=30))
    (made,) = finalize_invoices(short, FinalizeRequest(month=OCTOBER)).finalized
    assert made.due_on == date(2026, 12, 3)


def test_a_stale_draft_is_refused_until_it_is_made_anew(books: Context) -> None:
    draft = drafted(books)
    used(books, ("2026-10-11T00:00:00Z", 1))
    with pytest.raises(Conflict, match="is stale"):
        finalize_invoices(books, FinalizeRequest(invoices=(draft.id,)))
    assert str(final(books).total) == "0.31"


def test_a_draft_whose_tax_has_changed_since_is_refused(context: Context) -> None:
    sold_in_germany(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"))
    german = OrgFacts(country="DE")
    update_organization_facts(context, "acme", german)
    used(context, ("2026-10-10T00:00:00Z", 130))
    november = at(context, "2026-11-10T00:00:00Z")
    draft = drafted(november)
    assert (str(draft.subtotal), str(draft.tax), str(draft.total)) == ("1.30", "0.25", "1.55")
    update_organization_facts(november, "acme", OrgFacts(country="CH"))
    (refused,) = finalized(november).refused
    assert "the tax or the parties" in refused.problem
    again = final(november)
    assert (str(again.total), again.treatment, again.taxes) == ("1.30", "export", ())


@pytest.mark.broken_books
def test_books_that_do_not_add_up_are_refused_and_the_run_goes_on(books: Context) -> None:
    an_organization(at(books, "2026-10-01T00:00:00Z"), "beta")
    used(books, ("2026-10-10T00:00:00Z", 5), slug="beta")
    drafted(books)
    with unit_of_work(books.database) as unit:
        unit.run(
            "UPDATE invoice_line SET credits_micro = credits_micro + 1 WHERE kind = 'usage'"
            " AND invoice_id = (SELECT id FROM invoice ORDER BY id LIMIT 1)"
        )
    run = finalized(books)
    assert [one.organization for one in run.finalized] == ["beta"]
    assert [(one.organization, one.problem.split(" ", 1)[1]) for one in run.refused] == [
        ("acme", "bills 30.000001 credits of overage, 30 are open")
    ]


def test_final_invoices_settle_open_overage_and_end_repayment(books: Context) -> None:
    check_limits(books)
    assert str(read_balance(books, "acme").open_overage) == "30"
    assert status(books, "acme").state == "blocked"
    final(books)
    assert str(read_balance(books, "acme").open_overage) == "0"
    check_limits(books)
    assert status(books, "acme").reason != "overage"
    # What is bought now repays nothing of October: the invoice bills it.
    give(books, "acme", "50", source="purchase")
    check_limits(books)
    assert str(read_balance(books, "acme").available) == "50"
    entry = list_movements(books, "acme", MovementFilter(kind="invoiced"), limit=5)[0]
    assert (str(entry.amount), entry.reason) == ("30", "settled by invoice INV-2026-000001")


def test_postpaid_overage_is_settled_by_its_invoice_too(books: Context) -> None:
    october = at(books, "2026-10-01T00:00:00Z")
    an_organization(october, "beta", plan="pro")
    used(books, ("2026-10-20T00:00:00Z", 61_000), slug="beta")
    check_limits(books)
    balance = read_balance(books, "beta")
    # 50,000 by the plan, 10,000 postpaid, 1,000 beyond its limit
    assert (str(balance.postpaid_overage), str(balance.open_overage)) == ("10000", "1000")
    final(books, slug="beta")
    balance = read_balance(books, "beta")
    assert (str(balance.postpaid_overage), str(balance.open_overage)) == ("0", "0")
    check_limits(books)
    assert status(books, "beta").state == "ok"


def test_late_usage_is_settled_by_the_invoice_that_lists_it(books: Context) -> None:
    final(books)
    used(books, ("2026-10-12T00:00:00Z", 7), ("2026-11-02T00:00:00Z", 3))
    assert str(read_balance(books, "acme").open_overage) == "10"
    invoice = final(at(books, "2026-12-10T00:00:00Z"), "2026-11")
    assert (str(invoice.total), str(invoice.overage_credits)) == ("0.10", "10")
    assert str(read_balance(books, "acme").open_overage) == "0"


def test_the_same_key_gives_the_same_answer(books: Context) -> None:
    drafted(books)
    request = FinalizeRequest(month=OCTOBER, reason="month end")
    first = finalize_invoices(books, request, idempotency_key="october")
    assert finalize_invoices(books, request, idempotency_key="october") == first
    assert len(first.finalized) == 1
    with pytest.raises(IdempotencyKeyReused):
        finalize_invoices(books, FinalizeRequest(month="2026-09"), idempotency_key="october")


def test_a_dry_run_changes_nothing_and_takes_no_number(books: Context) -> None:
    draft = drafted(books)
    run = finalize_invoices(books, FinalizeRequest(month=OCTOBER), dry_run=True)
    assert [(one.id, one.number) for one in run.finalized] == [(draft.id, None)]
    assert show_invoice(books, draft.id) == draft
    assert final(books).number == "INV-2026-000001"


def test_what_to_finalize_is_said_one_way(books: Context) -> None:
    for request in (FinalizeRequest(), FinalizeRequest(invoices=("inv_1",), month=OCTOBER)):
        with pytest.raises(InvalidInput, match="which drafts"):
            finalize_invoices(books, request)
    with pytest.raises(InvoiceNotFound):
        finalize_invoices(books, FinalizeRequest(invoices=("inv_1",)))


def test_an_organization_without_plan_is_billed_in_its_own_currency(context: Context) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    prices = '[list_prices]\nEUR = "0.0092"\nJPY = "1.5"\nKWD = "0.0031"\n[tiers]'
    sold_in_germany(october, CATALOG.replace("[tiers]", prices))
    currencies = {"euro": "EUR", "yen": "JPY", "dinar": "KWD", "pound": "GBP"}
    for slug, currency in currencies.items():
        an_organization(october, slug)
        update_organization_facts(october, slug, OrgFacts(country="CH", currency=currency))
        use(at(context, "2026-10-05T00:00:00Z"), slug, 101)
    an_organization(october, "planned", plan="starter")
    update_organization_facts(october, "planned", OrgFacts(country="DE", currency="EUR"))
    november = at(context, "2026-11-10T00:00:00Z")
    run = generate_invoices(november, parse_month(OCTOBER))
    totals = {row.organization: (str(row.total), row.total.currency) for row in run.invoices}
    assert totals == {
        "dinar": ("0.313", "KWD"),  # 101 x 0.0031 = 0.3131
        "euro": ("0.93", "EUR"),  # 101 x 0.0092 = 0.9292
        "planned": ("21.42", "USD"),  # two fees of 9.00 and 19 %: 3.42
        "pound": ("1.01", "USD"),  # no price in GBP
        "yen": ("152", "JPY"),  # 101 x 1.5 = 151.5
    }
    assert (str(run.total), run.total.currency) == ("22.43", "USD")
    assert [(one.currency, one.invoices) for one in run.totals] == [
        ("EUR", 1),
        ("JPY", 1),
        ("KWD", 1),
        ("USD", 2),
    ]
    finalized(november)
    assert {row.status for row in list_invoices(november)} == {"finalized"}


def test_an_invoice_that_is_named_twice_takes_one_number(books: Context) -> None:
    for slug in ("beta", "gamma"):
        an_organization(at(books, "2026-10-01T00:00:00Z"), slug, credits="10")
        used(books, ("2026-10-10T00:00:00Z", 5), slug=slug)
    first, second = drafted(books, slug="beta").id, drafted(books, slug="gamma").id
    run = finalize_invoices(books, FinalizeRequest(invoices=(first, first), at_once=True))
    assert ([one.number for one in run.finalized], run.unchanged) == (["INV-2026-000001"], 0)
    again = finalize_invoices(books, FinalizeRequest(invoices=("INV-2026-000001", first)))
    assert (again.finalized, again.unchanged) == ((), 1)
    (next_one,) = finalize_invoices(
        books, FinalizeRequest(invoices=(second,), at_once=True)
    ).finalized
    assert next_one.number == "INV-2026-000002"
    with unit_of_work(books.database) as unit:
        posted = unit.fetch_value("SELECT COUNT(*) FROM receivable_entry")
    assert posted == 2


def test_overage_of_an_invoice_that_is_named_twice_is_settled_once(books: Context) -> None:
    draft = drafted(books)
    run = finalize_invoices(books, FinalizeRequest(invoices=(draft.id, draft.id), at_once=True))
    assert (len(run.finalized), run.refused) == (1, ())
    assert run_checks(books) == []
