"""Laws of closing, for any history with invoices: closed months stay, receivables roll on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.instants import instant_text
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services.checks import run_checks
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.credits import list_grants
from creditctl.services.deferred_revenue import read_lots
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_replay import replay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoices import list_invoices
from creditctl.services.invoicing import generate_invoices
from creditctl.services.journal import read_journal
from creditctl.services.journal_sources import CREDIT_NOTES
from creditctl.services.liability_report import report_liability
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.purchase_cards import purchases, read_purchase
from creditctl.services.receivables_report import MOVEMENTS, report_receivables
from creditctl.services.revenue_report import report_revenue
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscriptions import create_subscription
from creditctl.services.tax_report import report_tax
from creditctl.store.engine import reading, reusing_connections
from creditctl.store.queries.credit_notes import credited_of_lot
from finance import TAXED, bought, closed
from orders import a_line, an_order
from sqlite_files import SqliteFiles

START = datetime(2026, 7, 1, tzinfo=UTC)
MONTHS = [f"2026-{month:02}" for month in range(7, 13)] + ["2027-01"]
SLUG = "acme"
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy")),
        st.tuples(st.just("order"), st.integers(1, 3)),
        st.tuples(st.just("reverse"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("use"), st.integers(1, 300), st.integers(0, 50)),
        st.tuples(st.just("subscribe")),
        st.tuples(st.just("invoice")),
        st.tuples(st.just("pay"), st.integers(0, 3), st.integers(1, 9000), st.integers(0, 40)),
        st.tuples(st.just("credit"), st.integers(0, 3), st.integers(1, 300)),
        st.tuples(st.just("void"), st.integers(0, 3)),
        st.tuples(st.just("close")),
        st.tuples(st.just("wait"), st.integers(10, 40)),
    ),
    min_size=5,
    max_size=18,
)


@contextmanager
def new_books(files: SqliteFiles, template: Path) -> Iterator[Context]:
    """A company of its own: a month is closed for everybody."""
    with files.lent(template) as lent, reusing_connections(lent.kept):
        opened = Context(lent.url, START, "tester")
        open_books(at(opened, "2026-05-01T00:00:00Z"), TAXED)
        create_organization(opened, SLUG, facts=OrgFacts(country="DE"))
        yield opened


def reported(context: Context, month: str) -> list[Any]:
    """Every report about postings, and the journal."""
    period = parse_month(month)
    every = (report_liability, report_revenue, report_tax, report_receivables)
    with reading(context.database) as unit:
        journal = read_journal(unit, context, period)
    return [*(report(context, period) for report in every), journal]


def take(context: Context, step: tuple[Any, ...], number: int) -> None:
    """One step of a history; what is refused changes nothing."""
    match step:
        case ("buy" | "order" | "reverse", *facts):
            sell(context, step[0], facts)
        case ("use", rows, days_ago):
            then = max(context.now - timedelta(days=days_ago), START)
            use(at(context, instant_text(then)), SLUG, rows)
        case ("subscribe",):
            create_subscription(context, SLUG, "monthly")
        case ("invoice",):
            month = parse_month(before(context))
            generate_invoices(context, month)
            finalize_invoices(context, FinalizeRequest(month=before(context), at_once=True))
        case ("close",):
            closed(context, before(context))
        case ("wait", *_):
            pass
        case (_, place, *rest):
            final = [one.id for one in list_invoices(context) if one.number]
            if final:
                settle(context, final[place % len(final)], step[0], rest, str(number))


def sell(context: Context, what: str, facts: list[int]) -> None:
    """Buy a package, agree on an order form of some months, or reverse what was paid for."""
    if what == "buy":
        bought(context, SLUG, package="hundred")
    elif what == "order":
        line = a_line("100", times=facts[0], starts_on=context.now.date())
        an_order(context, line, slug=SLUG)
    else:
        paid = [one.id for one in list_grants(context, SLUG, everything=True) if one.unit_cost]
        if paid:
            wanted, unwind = paid[facts[0] % len(paid)], bool(facts[1])
            reverse_grant(context, ReverseRequest(grant=wanted, reason="test", unwind=unwind))


def settle(context: Context, invoice: str, what: str, facts: list[int], reference: str) -> None:
    """Pay, credit or void an invoice."""
    if what == "void":
        void_invoice(context, VoidRequest(invoice=invoice, reason="test"))
    elif what == "credit":
        money = Money(facts[0], "USD")
        issue_credit_note(context, CreditNoteRequest(invoice=invoice, reason="test", amount=money))
    else:
        arrived_on = (context.now - timedelta(days=facts[1])).date()
        pay_invoice(
            context,
            PayRequest(
                invoice=invoice,
                reference=reference,
                reason="test",
                amount=Money(facts[0], "USD"),
                arrived_on=arrived_on,
            ),
        )


def before(context: Context) -> str:
    """The month before this one."""
    return f"{context.now.replace(day=1) - timedelta(days=1):%Y-%m}"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_a_closed_month_never_moves_and_receivables_roll_forward(
    sqlite_files: SqliteFiles, sqlite_template: Path, steps: list[tuple[Any, ...]]
) -> None:
    """opening + invoiced - paid - credited - voided = closing = what invoices say is due."""
    with new_books(sqlite_files, sqlite_template) as books:
        now, kept = START, dict[str, list[Any]]()
        for number, step in enumerate(steps):
            now += timedelta(days=step[1] if step[0] == "wait" else 2)
            context = at(books, instant_text(now))
            try:
                take(context, step, number)
            except Conflict:
                continue
            if step[0] == "close":
                shut = [month for month in MONTHS if month < f"{now:%Y-%m}"]
                kept |= {one: reported(context, one) for one in shut if one not in kept}
        end = at(books, instant_text(now + timedelta(days=1)))
        assert {month: reported(end, month) for month in kept} == kept
        assert run_checks(end) == []
        rolls_forward(end)
        owes_back_what_is_not_credited(end)
        for one in list_invoices(end):
            if one.number:
                replay = replay_invoice(end, one.id)
                assert replay.equal or {cause.kind for cause in replay.causes} & {
                    "late usage",
                    "void",
                    "bookings",
                }


def rolls_forward(end: Context) -> None:
    """Each month opens where the one before it closed, and the last at what is due."""
    closing = 0
    for month in ["2026-05", "2026-06", *MONTHS, *(f"2027-{one:02}" for one in range(2, 13))]:
        lines = report_receivables(end, parse_month(month)).roll_forward
        row = {line.line: line.amount.minor for line in lines} or dict.fromkeys(MOVEMENTS, 0)
        assert row["opening"] == closing
        closing += row["invoiced"] - row["paid"] - row["credited"] - row["voided"]
        assert row["closing"] == closing
    due = sum(one.due.minor - one.surplus.minor for one in list_invoices(end))
    bought = purchases(end, organization=SLUG, status="paid", limit=99)
    assert closing == due - sum(read_purchase(end, one.id).owed_back.minor for one in bought)


def owes_back_what_is_not_credited(end: Context) -> None:
    """What was reversed is owed until a credit note settles it, which waits for the invoice."""
    last = parse_month("2028-01")
    with reading(end.database) as unit:
        posted = [
            posting.amount
            for transaction in read_journal(unit, end, last)
            for posting in transaction.postings
            if posting.account == CREDIT_NOTES
        ]
        lots = read_lots(unit, last.starts_at.date(), last.ends_at.date())
        owed = sum(
            lot.value(last.ends_at.date()).reversed - credited_of_lot(unit, lot.row.id)
            for lot in lots
        )
    assert sum(posted) == -owed
