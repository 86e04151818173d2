"""Drafts made block by block: as one by one, stopped and gone on with, and what changed."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context, Settings
from creditctl.errors import Conflict
from creditctl.rules.periods import Period, parse_month
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoice_explanation import explain_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoices import Invoice, list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.orgs import create_organization
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.span_figures import priced_spans
from creditctl.services.usage_progress import NobodyWatches, Progress
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.invoice_figures import PAYERS
from creditctl.store.tables.grants import SOURCES
from invoice_cases import CASES, run_case
from invoices import final, finalized, used
from orders import a_line, an_order

OCTOBER = parse_month("2026-10")
NOVEMBER = parse_month("2026-11")


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: seven organizations, each with its own story in October."""
    first = at(context, "2026-10-01T00:00:00Z")
    open_books(first)
    for number, plan in enumerate(("pro", "starter", "enterprise", None, None, "pro", None)):
        slug = f"org-{number}"
        an_organization(first, slug, credits="40" if number % 2 else None, plan=plan)
        use(at(first, f"2026-10-{10 + number}T00:00:00Z"), slug, 30 + 17 * number)
    return at(context, "2026-11-10T00:00:00Z")


def _shown(context: Context) -> list[Invoice]:
    run = generate_invoices(context, OCTOBER)
    return [
        replace(show_invoice(context, row.id), id="", generated_at=context.now)
        for row in run.invoices
    ]


class _Stops(NobodyWatches):
    """Presses Ctrl-C after the first block."""

    def __init__(self) -> None:
        self.told: list[Progress] = []

    def advanced(self, progress: Progress) -> None:
        self.told.append(progress)

    def wants_to_stop(self) -> bool:
        return bool(self.told)


@pytest.mark.parametrize("block", [1, 2, 500])
def test_drafts_do_not_depend_on_the_size_of_a_block(books: Context, block: int) -> None:
    generate_invoices(books, OCTOBER, block=block)
    made = _shown(books)
    # Anew, alone and together: nothing changes any more.
    for other in (1, 3, 500):
        run = generate_invoices(books, OCTOBER, block=other)
        assert (run.unchanged, run.refreshed, run.changes) == (7, 0, ())
    assert _shown(books) == made
    by_hand = {invoice.organization: str(invoice.total) for invoice in made}
    # org-3: 81 - 40 = 41 credits; org-4: 98; org-6: 132; each at 0.01.
    assert [by_hand[f"org-{number}"] for number in (3, 4, 6)] == ["0.41", "0.98", "1.32"]
    run_of = finalize_invoices(books, FinalizeRequest(month="2026-10"), block=block)
    numbers = [one.number for one in run_of.finalized]
    assert numbers == [f"INV-2026-{number:06d}" for number in range(1, 8)]


def test_a_stopped_run_keeps_its_blocks_and_goes_on(books: Context) -> None:
    watch = _Stops()
    run = generate_invoices(books, OCTOBER, block=3, watch=watch)
    assert (run.created, run.remaining, len(run.invoices)) == (3, 4, 3)
    assert [(one.consumed, one.size) for one in watch.told] == [(3, 7)]
    rest = generate_invoices(books, OCTOBER, block=3)
    assert (rest.created, rest.unchanged, rest.remaining) == (4, 3, 0)


@pytest.mark.broken_books
def test_a_broken_organization_is_parked_and_its_block_is_kept(books: Context) -> None:
    with unit_of_work(books.database) as unit:
        unit.run(
            "UPDATE debit_day SET credits_micro = credits_micro + 1 WHERE organization_id ="
            " (SELECT id FROM organization WHERE slug = 'org-4')"
        )
    run = generate_invoices(books, OCTOBER)
    assert [one.organization for one in run.parked] == ["org-4"]
    assert run.created == 6


def test_a_second_run_says_what_changed_and_why(books: Context) -> None:
    first = generate_invoices(books, OCTOBER)
    assert {change.reasons for change in first.changes} == {("new",)}
    use(at(books, "2026-10-20T00:00:00Z"), "org-4", 10)
    (change,) = generate_invoices(books, OCTOBER).changes
    assert (change.organization, str(change.previous), str(change.total)) == (
        "org-4",
        "0.98",
        "1.08",
    )
    assert change.reasons == ("usage",)


def test_zero_makes_invoices_of_nothing_for_those_without_anything_to_say(books: Context) -> None:
    create_organization(at(books, "2026-10-05T00:00:00Z"), "quiet")
    create_organization(at(books, "2026-11-05T00:00:00Z"), "later")
    assert generate_invoices(books, OCTOBER).created == 7
    run = generate_invoices(books, OCTOBER, zero=True)
    assert (run.created, run.unchanged) == (1, 7)
    quiet = show_invoice(books, "quiet", OCTOBER)
    assert (quiet.lines, str(quiet.total)) == ((), "0.00")


def _order(context: Context) -> str:
    return an_order(at(context, "2026-10-20T00:00:00Z"), a_line("1200", times=3), slug="org-4")


def test_an_instalment_is_billed_once_and_names_its_order_form(books: Context) -> None:
    order = _order(books)
    check_limits(at(books, "2026-12-02T00:00:00Z"))
    december = at(books, "2026-12-10T00:00:00Z")
    generate_invoices(december, OCTOBER)
    made = final(december, "2026-11", "org-4")
    (line,) = [line for line in made.lines if line.kind == "order"]
    assert line.description == f"Order form {order}, line 1, instalment 1 of 3: 400 credits"
    assert (str(line.amount), str(made.orders), str(made.overage_due)) == ("3.20", "3.20", "0.00")
    generate_invoices(december, NOVEMBER)
    january = at(books, "2027-01-10T00:00:00Z")
    following = final(january, "2026-12", "org-4")
    assert [line.description for line in following.lines if line.kind == "order"] == [
        f"Order form {order}, line 1, instalment 2 of 3: 400 credits"
    ]


def test_a_void_invoice_frees_its_instalments_for_the_next_draft(books: Context) -> None:
    _order(books)
    check_limits(at(books, "2026-11-02T00:00:00Z"))
    december = at(books, "2026-12-10T00:00:00Z")
    made = final(december, "2026-11", "org-4")
    void_invoice(december, VoidRequest(invoice=made.number or "", reason="wrong address"))
    again = final(december, "2026-11", "org-4")
    assert (again.number != made.number, str(again.orders)) == (True, "3.20")


def test_a_correction_waits_on_one_invoice_and_keeps_the_first_one_from_being_void(
    context: Context,
) -> None:
    now, invoice = run_case(
        context, CASES["a grant that is taken back after its invoice was final"]
    )
    assert invoice is not None
    finalized(now, "2026-11")
    first = show_invoice(now, "acme", OCTOBER)
    with pytest.raises(Conflict, match="a correction of usage"):
        void_invoice(now, VoidRequest(invoice=first.id, reason="wrong"))
    assert (
        generate_invoices(
            replace(now, now=parse_month("2026-12").ends_at), parse_month("2026-12")
        ).invoices
        == ()
    )
    assert explain_invoice(now, invoice.id).closes


def test_a_correction_that_a_purchase_repaid_is_billed_to_nobody(books: Context) -> None:
    generate_invoices(books, OCTOBER)
    finalized(books)
    with unit_of_work(books.database) as unit:
        grant = str(
            unit.fetch_value(
                "SELECT g.public_id FROM credit_grant AS g JOIN organization AS o"
                " ON o.id = g.organization_id WHERE o.slug = 'org-3'"
            )
        )
    reverse_grant(books, ReverseRequest(grant=grant, reason="wrong", unwind=True))
    later = at(books, "2026-12-10T00:00:00Z")
    generate_invoices(later, NOVEMBER)
    assert _amounts(show_invoice(later, "org-3", NOVEMBER)) == [("correction", "40", "0.40")]
    give(later, "org-3", "25", source="purchase")
    check_limits(later)
    assert show_invoice(later, "org-3", NOVEMBER).stale
    made = final(later, "2026-11", "org-3")
    # 25 of the 40 are paid: 15 x 0.01.
    assert _amounts(made) == [("correction", "40", "0.40"), ("credits", "-25", "-0.25")]
    assert str(made.total) == "0.15"


def _amounts(invoice: Invoice) -> Sequence[tuple[str, str, str]]:
    return [(line.kind, str(line.credits), str(line.amount)) for line in invoice.lines]


def test_a_draft_below_the_minimum_is_not_final_and_its_days_move_on(context: Context) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october, CATALOG)
    an_organization(october)
    used(context, ("2026-10-10T00:00:00Z", 30))
    november = replace(
        at(context, "2026-11-10T00:00:00Z"), settings=Settings(invoice_minimum={"USD": 500})
    )
    generate_invoices(november, OCTOBER)
    (refused,) = finalized(november).refused
    assert "below the minimum" in refused.problem
    used(november, ("2026-11-12T00:00:00Z", 600))
    december = replace(november, now=parse_month("2026-12").starts_at)
    (change,) = generate_invoices(december, NOVEMBER).changes
    assert change.reasons == ("new", "carried over")
    # Once more: the days stay on the draft, and October has no invoice of its own again.
    assert generate_invoices(december, NOVEMBER).unchanged == 1
    assert generate_invoices(december, OCTOBER).invoices == ()
    made = show_invoice(december, "acme", NOVEMBER)
    assert (made.starts_at, str(made.total)) == (OCTOBER.starts_at, "6.30")
    (one,) = finalized(december, "2026-11").finalized
    assert (one.number, str(one.total)) == ("INV-2026-000001", "6.30")
    an_organization(october, "aaa")
    used(december, ("2026-10-11T00:00:00Z", 600), slug="aaa")
    generate_invoices(december, OCTOBER)
    # It is of November, though its days begin with October's.
    assert [row.organization for row in list_invoices(december)] == ["acme", "aaa"]


def test_spans_read_together_are_as_each_alone(books: Context) -> None:
    # Neighbours, one left out between two, other days, days in two spans, and any order.
    first, middle, last = (parse_month("2026-10").starts_at.replace(day=day) for day in (1, 13, 31))
    whole, early, late = Period(first, last), Period(first, middle), Period(middle, last)
    price = Decimal("0.0012")
    with reading(books.database) as unit:
        rows = unit.fetch_rows("SELECT id FROM organization WHERE slug LIKE 'org-%' ORDER BY slug")
        ids = [int(one) for (one,) in rows]
        asked = [(ids[place], whole, price) for place in (6, 0, 1, 4)]
        asked += [(ids[2], late, price), (ids[3], late, price), (ids[2], early, price)]
        together = priced_spans(unit, asked)
        assert together == [priced_spans(unit, [span])[0] for span in asked]
    used = [sum(part.credits.micro for part in one.usage) for one in together]
    assert used == [132_000_000, 30_000_000, 47_000_000, 98_000_000, 0, 81_000_000, 64_000_000]


def test_every_source_of_grants_can_pay() -> None:
    assert list(PAYERS) == sorted([*SOURCES, "overage"])
