"""Invoices: drafts by hand arithmetic, refreshed in place, and one for each who has to pay."""

import pytest

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import CatalogMissing, InvalidInput, InvoiceNotFound, OrganizationNotFound
from creditctl.rules.periods import parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.invoices import Invoice, list_invoices, show_invoice
from creditctl.services.invoicing import InvoiceRun, generate_invoices
from creditctl.services.orgs import create_organization
from creditctl.services.subscriptions import create_subscription
from creditctl.store.engine import unit_of_work

OCTOBER = parse_month("2026-10")
NOVEMBER = parse_month("2026-11")


@pytest.fixture
def first(context: Context) -> Context:
    """The first of October."""
    first = at(context, "2026-10-01T00:00:00Z")
    open_books(first)
    return first


def invoice_of(context: Context, slug: str = "acme") -> Invoice:
    generate_invoices(at(context, "2026-11-01T00:00:00Z"), OCTOBER)
    return show_invoice(context, slug, OCTOBER)


def lines(invoice: Invoice) -> list[tuple[str, str, str]]:
    return [(line.kind, str(line.credits or ""), str(line.amount)) for line in invoice.lines]


def counts(run: InvoiceRun) -> tuple[int, int, int]:
    return run.created, run.refreshed, run.unchanged


def test_usage_beyond_a_quota_of_50000_is_due_at_the_plans_price(first: Context) -> None:
    # Fees: 1 Oct at the start, 1 Nov in advance. Usage 60,123 x 0.0012 = 72.1476 -> 72.15.
    # Overage 10,123 x 0.0012 = 12.1476 -> 12.15; applied 72.15 - 12.15 = 60.00.
    an_organization(first, plan="pro")
    use(at(first, "2026-10-20T10:00:00Z"), "acme", 60_123)
    invoice = invoice_of(first)
    assert lines(invoice) == [
        ("fee", "", "49.00"),
        ("fee", "", "49.00"),
        ("usage", "60123", "72.15"),
        ("credits", "-50000", "-60.00"),
    ]
    assert [line.description for line in invoice.lines] == [
        "Pro, 2026-10-01 until 2026-11-01",
        "Pro, 2026-11-01 until 2026-12-01",
        "Rows API",
        "Credits applied: subscription",
    ]
    assert str(invoice.overage_credits) == "10123"
    assert [str(amount) for amount in (invoice.fees, invoice.overage_due, invoice.total)] == [
        "98.00",
        "12.15",
        "110.15",
    ]


def test_a_subscription_from_mid_month_pays_only_its_first_fee(first: Context) -> None:
    an_organization(at(first, "2026-10-15T09:30:00Z"), plan="starter")
    assert lines(invoice_of(first)) == [("fee", "", "9.00")]


def test_covered_usage_costs_nothing(first: Context) -> None:
    # 250 x 0.01 = 2.50, paid by 100 of goodwill (1.00, drawn first) and 150 bought (1.50).
    an_organization(first, credits="1000")
    give(first, "acme", "100", expires_at=NOVEMBER.starts_at)
    use(at(first, "2026-10-02T00:00:00Z"), "acme", 250)
    invoice = invoice_of(first)
    assert lines(invoice) == [
        ("usage", "250", "2.50"),
        ("credits", "-100", "-1.00"),
        ("credits", "-150", "-1.50"),
    ]
    assert str(invoice.total) == "0.00"


def test_the_last_instant_of_the_month_is_in_it_and_the_next_one_is_not(first: Context) -> None:
    an_organization(first, credits="1000")
    use(at(first, "2026-10-31T23:59:59.999999Z"), "acme", 3)
    use(at(first, "2026-11-01T00:00:00Z"), "acme", 5)
    assert lines(invoice_of(first))[0] == ("usage", "3", "0.03")


def test_failed_requests_are_not_listed_and_free_ones_are(first: Context) -> None:
    an_organization(first, credits="1000")
    use(first, "acme", path="/free", requests=4)
    use(first, "acme", path="/free", status=500, requests=2)
    use(first, "acme", 9, status=404)
    (line,) = invoice_of(first).lines
    assert (line.description, line.requests, str(line.amount)) == ("Rows API, free tier", 4, "0.00")


def test_usage_of_a_tier_that_no_version_of_the_catalog_has_is_listed_by_its_name(
    first: Context,
) -> None:
    an_organization(first, "acme", credits="100")
    use(first, "acme", 10)
    with unit_of_work(first.database) as unit:
        unit.run("UPDATE usage_day SET tier = 'gone'")
    (usage, applied) = invoice_of(first).lines
    assert (usage.description, usage.requests) == ("Rows API, gone tier", 1)
    assert usage.amount == -applied.amount


def test_overage_of_an_organization_without_a_subscription_is_due_at_the_list_price(
    first: Context,
) -> None:
    # 130 - 100 = 30 credits x 0.01.
    an_organization(first, credits="100")
    use(first, "acme", 130)
    invoice = invoice_of(first)
    assert (str(invoice.overage_credits), str(invoice.total)) == ("30", "0.30")


def test_overage_that_a_purchase_repaid_counts_as_paid_by_it(first: Context) -> None:
    an_organization(first, credits="100")
    use(first, "acme", 130)
    assert str(invoice_of(first).total) == "0.30"
    give(at(first, "2026-11-01T10:00:00Z"), "acme", "20", source="purchase")
    invoice = invoice_of(first)
    assert lines(invoice) == [("usage", "130", "1.30"), ("credits", "-120", "-1.20")]
    assert str(invoice.total) == "0.10"


def test_thirds_of_a_cent_are_rounded_once_a_line(first: Context) -> None:
    # 3 x 0.333333 = 0.999999 credits x 0.01 = 0.999999 cents -> 0.01, on one line.
    an_organization(first)
    use(first, "acme", path="/third", requests=3)
    assert lines(invoice_of(first)) == [("usage", "0.999999", "0.01")]


def test_an_unlimited_plan_covers_all_of_its_usage(first: Context) -> None:
    an_organization(first, plan="enterprise")
    use(first, "acme", 700)
    invoice = invoice_of(first)
    assert [(line.description, str(line.amount)) for line in invoice.lines] == [
        ("Rows API", "7.00"),
        ("Covered by unlimited plan", "-7.00"),
    ]


def test_days_before_the_subscription_are_valued_at_the_list_price(first: Context) -> None:
    # 10 credits on the 2nd x 0.01 = 0.10; 10 on the 20th x 0.0012 = 0.012 -> 0.01, covered.
    an_organization(first)
    use(at(first, "2026-10-02T00:00:00Z"), "acme", 10)
    create_subscription(at(first, "2026-10-15T12:00:00Z"), "acme", "pro")
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 10)
    assert lines(invoice_of(first)) == [
        ("fee", "", "49.00"),
        ("usage", "10", "0.10"),
        ("usage", "10", "0.01"),
        ("credits", "-10", "-0.01"),
    ]


def test_a_new_list_price_holds_from_its_day_on(first: Context) -> None:
    dearer = CATALOG.replace('"0.01"', '"0.02"').replace("2026-01-01T", "2026-10-16T")
    an_organization(first)
    use(at(first, "2026-10-15T23:00:00Z"), "acme", 10)
    open_books(at(first, "2026-10-16T00:00:00Z"), dearer)
    use(at(first, "2026-10-16T00:00:00Z"), "acme", 10)
    assert lines(invoice_of(first)) == [("usage", "10", "0.10"), ("usage", "10", "0.20")]


def test_only_organizations_with_something_to_say_get_an_invoice(first: Context) -> None:
    an_organization(first, "idle", credits="100")
    an_organization(first, "later", credits="100")
    use(at(first, "2026-11-01T00:00:00Z"), "later", 5)
    create_organization(first, "visitor", device_id="device-1")
    use(first, "visitor", 60)
    run = generate_invoices(at(first, "2026-11-01T00:00:00Z"), OCTOBER)
    assert (counts(run), run.invoices) == ((0, 0, 0), ())


def test_running_again_changes_nothing_and_late_usage_refreshes_the_same_draft(
    first: Context,
) -> None:
    november = at(first, "2026-11-01T00:00:00Z")
    an_organization(first, "acme", credits="100")
    an_organization(first, "beta", credits="100")
    use(first, "acme", 10)
    use(first, "beta", 10)
    assert counts(generate_invoices(november, OCTOBER)) == (2, 0, 0)
    before = show_invoice(november, "acme", OCTOBER)
    assert counts(generate_invoices(november, OCTOBER)) == (0, 0, 2)
    use(at(first, "2026-10-31T00:00:00Z"), "acme", 5)
    assert show_invoice(november, "acme", OCTOBER).stale
    assert not show_invoice(november, "beta", OCTOBER).stale
    assert counts(generate_invoices(november, OCTOBER)) == (0, 1, 1)
    after = show_invoice(november, before.id)
    assert (after.stale, lines(after)[0]) == (False, ("usage", "15", "0.15"))
    actions = [
        entry.action
        for entry in list_audit_entries(first, organization="acme", action=None, limit=9)
    ]
    assert actions[0] == "invoice.refreshed"
    assert actions.count("invoice.created") == 1


def test_one_organization_can_be_invoiced_alone(first: Context) -> None:
    for slug in ("acme", "beta"):
        an_organization(first, slug, credits="100")
        use(first, slug, 10)
    run = generate_invoices(at(first, "2026-11-01T00:00:00Z"), OCTOBER, organization="beta")
    assert [invoice.organization for invoice in run.invoices] == ["beta"]


def test_a_month_that_still_runs_is_refused(first: Context) -> None:
    with pytest.raises(InvalidInput, match="2026-10 has not ended"):
        generate_invoices(at(first, "2026-10-31T23:59:59Z"), OCTOBER)


@pytest.mark.broken_books
def test_books_that_do_not_add_up_are_parked_and_the_others_go_on(first: Context) -> None:
    for slug in ("acme", "beta"):
        an_organization(first, slug, credits="100")
        use(first, slug, 10)
    with unit_of_work(first.database) as unit:
        unit.run(
            "UPDATE debit_day SET credits_micro = credits_micro + 1 WHERE organization_id = "
            "(SELECT id FROM organization WHERE slug = 'acme')"
        )
    run = generate_invoices(at(first, "2026-11-01T00:00:00Z"), OCTOBER)
    assert [parked.organization for parked in run.parked] == ["acme"]
    assert [invoice.organization for invoice in run.invoices] == ["beta"]


def test_without_a_catalog_there_is_nothing_to_invoice(context: Context) -> None:
    with pytest.raises(CatalogMissing):
        generate_invoices(context, OCTOBER)


def test_an_unknown_invoice_or_organization_is_refused(first: Context) -> None:
    an_organization(first)
    with pytest.raises(InvoiceNotFound):
        show_invoice(first, "inv_nothing")
    with pytest.raises(InvoiceNotFound):
        show_invoice(first, "acme", OCTOBER)
    with pytest.raises(OrganizationNotFound):
        show_invoice(first, "nobody", OCTOBER)
    with pytest.raises(InvalidInput, match="for each month"):
        show_invoice(first, "acme")


def test_invoices_are_listed_by_month_and_organization(first: Context) -> None:
    for slug in ("acme", "beta"):
        an_organization(first, slug, plan="starter")
    december = at(first, "2026-12-01T00:00:00Z")
    for month in (OCTOBER, NOVEMBER):
        generate_invoices(december, month)
    listed = [(row.month, row.organization) for row in list_invoices(december)]
    assert listed == [
        ("2026-11", "acme"),
        ("2026-11", "beta"),
        ("2026-10", "acme"),
        ("2026-10", "beta"),
    ]
    assert len(list_invoices(december, month=OCTOBER)) == 2
    assert len(list_invoices(december, organization="acme")) == 2
