"""Order forms: drafted, signed, put in force, delivered and billed on their days."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context, Settings
from creditctl.errors import (
    ApprovalNeeded,
    CatalogMissing,
    Conflict,
    CreditctlError,
    GuestNotAllowed,
    InvalidInput,
    NotFound,
)
from creditctl.rules.order_forms import OrderTerms
from creditctl.rules.units import NO_CREDITS, Credits, Money
from creditctl.services.approvals import approve, list_approvals
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import Grant, list_grants
from creditctl.services.limits_check import check_limits
from creditctl.services.money_verbs import Rails
from creditctl.services.order_drafts import DraftRequest, create_order
from creditctl.services.order_offers import terms_of_line
from creditctl.services.order_steps import (
    CancelOrderRequest,
    SignRequest,
    cancel_order,
    sign,
)
from creditctl.services.orders import list_orders, show_order
from creditctl.services.org_status import close_organization
from creditctl.services.orgs import create_organization
from finance import CATALOG as FINANCE
from orders import a_draft, a_line, a_signed_order, an_order, in_force, signed

MICRO = 1_000_000


@pytest.fixture
def books(context: Context) -> Context:
    """acme at the first instant of November."""
    open_books(at(context, "2026-10-01"))
    an_organization(context)
    return context


def grants(context: Context) -> list[Grant]:
    return list_grants(context, "acme", everything=True)


def states(context: Context, order: str) -> str:
    """p, b or d for every instalment."""
    return "".join(part.state[0] for part in show_order(context, order).instalments)


def credits(text: str) -> Credits:
    return Credits.parse(text)


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def test_a_signed_order_form_in_force_grants_its_credits_at_their_exact_price(
    books: Context,
) -> None:
    line = a_line(
        "1000",
        unit_price=None,
        discount=Decimal("12.5"),
        product="rows",
        expires_after_months=12,
    )
    order = a_signed_order(books, line)
    assert grants(books) == []
    done = in_force(books, order)
    assert (done.status, done.granted, done.billed) == ("completed", credits("1000"), usd("8.75"))
    assert (done.available_before, done.available_after) == (NO_CREDITS, credits("1000"))
    (grant,) = grants(books)
    # 12.5 % off 0.01
    assert (grant.source, grant.unit_cost, grant.currency) == (
        "order_form",
        Decimal("0.00875"),
        "USD",
    )
    assert (grant.product, grant.effective_at) == ("rows", books.now)
    assert grant.expires_at == at(books, "2027-11-01").now


def test_nothing_is_granted_before_an_order_form_is_signed_and_activated(books: Context) -> None:
    order = a_draft(books)
    with pytest.raises(Conflict, match="is draft"):
        in_force(books, order)
    signed(books, order)
    check_limits(at(books, "2027-01-01"))
    assert grants(books) == []
    (listed,) = list_orders(books)
    assert (listed.status, listed.delivered, listed.next_at) == ("signed", NO_CREDITS, None)


def test_the_list_price_is_that_of_the_day_it_is_drafted(books: Context) -> None:
    order = a_draft(books, a_line(unit_price=None, discount=Decimal(10)))
    (line,) = show_order(books, order).lines
    assert (line.list_price, line.unit_price) == (Decimal("0.01"), Decimal("0.009"))


def test_a_discount_is_off_the_list_price_in_another_currency(context: Context) -> None:
    open_books(at(context, "2026-10-01"), FINANCE)
    an_organization(context)
    order = a_draft(context, a_line(unit_price=None, discount=Decimal(25)), currency="JPY")
    (line,) = show_order(context, order).lines
    assert (line.list_price, line.unit_price) == (Decimal(2), Decimal("1.5"))


def test_instalments_are_booked_once_on_their_days_by_limits_check(books: Context) -> None:
    order = an_order(books, a_line("1000", times=3))
    assert states(books, order) == "bpp"
    day_before = at(books, "2026-11-30T23:59:59Z")
    assert check_limits(day_before).instalments_booked == 0
    on_time = at(books, "2026-12-01")
    assert [check_limits(on_time).instalments_booked for _ in range(2)] == [1, 0]
    assert states(books, order) == "bbp"
    late = at(books, "2027-01-20")
    assert check_limits(late).instalments_booked == 1
    shown = show_order(late, order)
    assert (shown.status, shown.delivered, shown.billed) == (
        "completed",
        credits("1000"),
        usd("8.00"),
    )
    assert sorted(grant.effective_at for grant in grants(late)) == [
        at(books, day).now for day in ("2026-11-01", "2026-12-01", "2027-01-01")
    ]


def test_an_import_books_what_is_due_first_so_that_nothing_depends_on_cron(
    books: Context,
) -> None:
    an_order(books, a_line("200", times=2))
    use(at(books, "2026-12-05"), "acme", 150)
    balance = read_balance(at(books, "2026-12-05"), "acme")
    assert (balance.available, balance.open_overage) == (credits("50"), NO_CREDITS)


def test_a_payment_alone_is_billed_on_its_day_without_a_grant(books: Context) -> None:
    order = an_order(books, a_line("1000", times=4, every="quarter", splits="money"))
    assert show_order(books, order).billed == usd("2.00")
    check_limits(at(books, "2027-02-01"))
    shown = show_order(books, order)
    assert (shown.delivered, shown.billed) == (credits("1000"), usd("4.00"))
    assert [part.grant is None for part in shown.instalments] == [False, True, True, True]
    assert len(grants(books)) == 1


def test_credits_that_start_later_come_later(books: Context) -> None:
    order = an_order(books, a_line(starts_on=date(2026, 11, 10)))
    assert (states(books, order), show_order(books, order).status) == ("p", "active")
    check_limits(at(books, "2026-11-10"))
    assert show_order(books, order).status == "completed"


def test_credits_that_started_before_pay_usage_of_that_time(books: Context) -> None:
    an_order(books, a_line("100", starts_on=date(2026, 10, 20)))
    use(at(books, "2026-10-25"), "acme", 30)
    assert read_balance(books, "acme").available == credits("70")


def test_credits_of_an_order_form_repay_open_overage_of_their_product(books: Context) -> None:
    use(books, "acme", 50)
    an_order(books, a_line("100", product="thirds"))
    assert read_balance(books, "acme").open_overage == credits("50")
    an_order(books, a_line("100", product="rows"))
    balance = read_balance(books, "acme")
    assert (balance.open_overage, balance.available) == (NO_CREDITS, credits("150"))


def test_an_order_form_has_many_lines_and_says_all_of_it(books: Context) -> None:
    lines = (a_line("100", product="rows"), a_line("50", times=2))
    order = a_draft(books, *lines, po_number="PO-7", terms="Net 30.\n\nNo refunds.")
    shown = show_order(books, order)
    assert [(line.number, line.credits, line.product) for line in shown.lines] == [
        (1, credits("100"), "rows"),
        (2, credits("50"), None),
    ]
    assert (shown.po_number, shown.terms) == ("PO-7", "Net 30.\n\nNo refunds.")
    assert [line.text for line in shown.terms_lines] == ["Net 30.", " ", "No refunds."]
    assert (shown.credits, shown.price) == (credits("150"), usd("1.20"))


def test_every_step_is_in_the_audit_log(books: Context) -> None:
    order = an_order(books, a_line(times=2))
    cancel_order(books, CancelOrderRequest(order=order, reason="moved"))
    found = [entry.action for entry in list_audit_entries(books) if entry.subject == order]
    assert sorted(found) == [
        "order.activated",
        "order.cancelled",
        "order.delivered",
        "order.drafted",
        "order.signed",
    ]


def test_signing_is_done_once_by_somebody_not_later_than_today(books: Context) -> None:
    order = a_draft(books)
    for request, words in (
        (SignRequest(order=order, signer="  "), "needs a name"),
        (SignRequest(order=order, signer="Ann", signed_on=date(2026, 11, 2)), "yet to come"),
    ):
        with pytest.raises(InvalidInput, match=words):
            sign(books, request)
    sign(books, SignRequest(order=order, signer=" Ann ", signed_on=date(2026, 10, 30)))
    shown = show_order(books, order)
    assert (shown.signer, shown.signed_on) == ("Ann", date(2026, 10, 30))
    with pytest.raises(Conflict, match="is signed, no draft"):
        signed(books, order)


def test_what_cannot_be_sold_is_refused(books: Context) -> None:
    with pytest.raises(NotFound, match="no order form 'order_x'"):
        signed(books, "order_x")
    with pytest.raises(InvalidInput, match="line 2: expires: is not after"):
        a_draft(books, a_line(), a_line(expires_on=date(2026, 11, 1)))
    with pytest.raises(InvalidInput, match="at least one line"):
        create_order(
            books, DraftRequest(organization="acme", terms=OrderTerms(currency="USD", lines=()))
        )
    with pytest.raises(InvalidInput, match="never 'lost'"):
        list_orders(books, status="lost")
    create_organization(books, "visitor", device_id="d1")
    with pytest.raises(GuestNotAllowed):
        a_draft(books, slug="visitor")


def test_more_than_can_be_counted_is_refused_before_an_instalment_fails(books: Context) -> None:
    cheap = {"unit_price": Decimal("0.000001")}
    most = a_line("4600000000000", **cheap)
    with pytest.raises(InvalidInput, match="lines together are more"):
        a_draft(books, most, most)
    an_order(books, a_line("10000000000", **cheap))
    order = a_signed_order(books, a_line("4602000000000", times=2, **cheap))
    with pytest.raises(InvalidInput, match="granted too many"):
        in_force(books, order)


def test_without_a_catalog_a_currency_has_to_be_said(context: Context) -> None:
    an_organization(context)
    with pytest.raises(CatalogMissing, match="no catalog says"):
        terms_of_line(context, a_line())
    order = an_order(context, a_line("10"))
    assert show_order(context, order).lines[0].list_price is None


@pytest.mark.parametrize(
    ("line", "when", "left"),
    [
        ({"times": 3}, "2026-11-15", "bdd"),
        ({"times": 3, "starts_on": date(2026, 12, 1)}, "2026-11-15", "ddd"),
        ({"times": 3}, "2026-12-15", "bbd"),
    ],
)
def test_cancelling_drops_what_was_not_delivered(
    books: Context, line: dict[str, object], when: str, left: str
) -> None:
    order = an_order(books, a_line(**line))  # type: ignore[arg-type]
    done = cancel_order(at(books, when), CancelOrderRequest(order=order, reason="moved"))
    assert (done.status, done.to_deliver, done.next_at) == ("cancelled", NO_CREDITS, None)
    check_limits(at(books, "2027-06-01"))
    assert states(books, order) == left


def test_what_was_billed_ahead_is_delivered_and_what_was_delivered_ahead_is_billed(
    books: Context,
) -> None:
    prepaid, financed = a_line(times=3, splits="credits"), a_line(times=3, splits="money")
    for line in (prepaid, financed):
        order = an_order(books, line)
        with pytest.raises(Conflict, match="all of order_"):
            cancel_order(books, CancelOrderRequest(order=order, reason="moved"))
        assert states(books, order) == "bpp"
    order = an_order(books, prepaid, a_line(times=3), financed)
    cancel_order(books, CancelOrderRequest(order=order, reason="moved"))
    assert states(books, order) == "bppbddbpp"
    check_limits(at(books, "2027-06-01"))
    assert states(books, order) == "bbbbddbbb"
    assert show_order(books, order).status == "cancelled"


@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_an_order_form_that_is_over_cannot_be_cancelled(books: Context, status: str) -> None:
    order = an_order(books, a_line(times=1 if status == "completed" else 2))
    request = CancelOrderRequest(order=order, reason="moved")
    if status == "cancelled":
        cancel_order(books, request)
    with pytest.raises(Conflict, match=f"is {status}"):
        cancel_order(books, request)


def test_closing_an_organization_ends_its_order_forms(books: Context) -> None:
    orders = [
        a_draft(books),
        a_signed_order(books),
        an_order(books, a_line(times=2), a_line(times=2, splits="money")),
        an_order(books, a_line(times=2, splits="credits")),
    ]
    close_organization(books, "acme", reason="gone")
    assert [states(books, order) for order in orders] == ["d", "d", "bdbp", "bd"]
    granted = len(grants(books))
    check_limits(at(books, "2027-01-01"))
    assert len(grants(books)) == granted
    # what was delivered is still owed
    assert states(books, orders[2]) == "bdbb"


def test_all_credits_of_an_order_form_count_against_the_ceiling(books: Context) -> None:
    order = a_signed_order(books, a_line("1200", times=12))
    ann = replace(books, actor="ann", settings=Settings(ceilings={"ann": 1000 * MICRO}))
    with pytest.raises(ApprovalNeeded):
        in_force(ann, order)
    assert grants(books) == []
    assert in_force(ann, order, Rails(dry_run=True)).needs_approval
    approve(replace(books, actor="bob"), list_approvals(books)[0].id)
    assert states(books, order) == "b" + "p" * 11


def test_a_dry_run_changes_nothing_and_a_key_does_it_once(books: Context) -> None:
    order = a_signed_order(books)
    told = in_force(books, order, Rails(dry_run=True))
    assert (told.granted, told.dry_run, grants(books)) == (credits("1200"), True, [])
    key = Rails(idempotency_key="deal-7")
    assert in_force(books, order, key) == in_force(books, order, key)
    assert len(grants(books)) == 1
    with pytest.raises(Conflict, match="is completed"):
        in_force(books, order)
    agreed = OrderTerms(currency="USD", lines=(a_line(times=2), a_line("5", product="rows")))
    request = DraftRequest(organization="acme", terms=agreed)
    assert create_order(books, request, key) == create_order(books, request, key)


def attempt(context: Context, order: str) -> str:
    try:
        in_force(context, order)
    except CreditctlError as refused:
        return refused.code
    return "done"


def test_activating_at_the_same_time_grants_once(books: Context) -> None:
    order = a_signed_order(books, a_line(times=2), a_line("5"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: attempt(books, order), range(4)))
    assert sorted(answers) == ["conflict", "conflict", "conflict", "done"]
    assert sorted(grant.amount for grant in grants(books)) == [credits("5"), credits("600")]


def test_delivering_at_the_same_time_grants_once(books: Context) -> None:
    an_order(books, a_line(times=12))
    later = at(books, "2027-04-15")

    def deliver(number: int) -> None:
        if number % 2:
            use(later, "acme", 1)
        else:
            a_draft(later)  # its rails book what is due

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    assert [grant.amount for grant in grants(later)] == [credits("100")] * 6
