"""Every invariant is shown to find its breach: the books are broken by hand, guards removed."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from alerts import a_destination, happens
from breaches import BREACHES, FILE
from builders import an_organization, at, give, open_books, use
from calls import call, charge
from conftest import NOW
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.checks import AUDIT_LOG, CHECKS, Finding, findings_in, run_checks
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.deliveries import deliver_due
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.money_verbs import Rails
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.settling import SettleRequest, settle
from creditctl.services.subscriptions import create_subscription
from creditctl.store import driver_postgres, driver_sqlite
from creditctl.store.engine import UnitOfWork, dialect_of
from invariants import breaches
from invoices import finalized
from orders import a_line, an_order
from recording_channel import recording_channel


def break_by_hand(database: str, statement: str) -> None:
    """Run it with triggers, foreign keys and CHECKs off, as no command could."""
    with _unguarded(database, statement) as unit:
        unit.run(statement)
        unit.connection.commit()


def found_after(books: Context, statement: str) -> list[Finding]:
    """What the checks find where it was run by hand; nothing of it stays."""
    with _unguarded(books.database, statement) as unit:
        unit.run(statement)
        found = findings_in(unit, books)
        # After every test they are asked another way, which must find the same.
        assert breaches(unit, books) == found
        return found


@contextmanager
def _unguarded(database: str, statement: str) -> Iterator[UnitOfWork]:
    """A transaction in which nothing guards the tables that the statement names."""
    dialect = dialect_of(database)
    driver = driver_sqlite if dialect == "sqlite" else driver_postgres
    with closing(driver.connect(database, read_only=False)) as connection:
        if dialect == "sqlite":
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("BEGIN")
        for unguarded in _without_guards(connection, statement, is_sqlite=dialect == "sqlite"):
            connection.execute(unguarded)
        yield UnitOfWork(dialect, connection)


def _without_guards(connection: Any, statement: str, *, is_sqlite: bool) -> list[str]:
    if is_sqlite:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        return [f"DROP TRIGGER {name}" for (name,) in names.fetchall()]
    checks = connection.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    ).fetchall()
    words = set(re.findall(r"\w+", statement))
    off = [
        f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in checks if table in words
    ]
    return ["SET session_replication_role = replica", *off]


@pytest.fixture(scope="module")
def books(shared_database: str) -> Iterator[Context]:
    """Made once, for everything that is done to them is undone."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield every_kind_of_books(Context(shared_database, NOW, "tester"), monkeypatch)


def every_kind_of_books(context: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A month with an allowance, a gift that expired, overage, its repayment and an invoice.

    Another organization has late usage, and some that is too late; a third one an order form, and
    a destination that was told something; of a fourth one a call was captured and another is in
    flight.
    """
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(at(context, "2026-06-01T00:00:00Z"), "late")
    use(at(context, "2026-09-10T00:00:00Z"), "late", 5)
    generate_invoices(october, parse_month("2026-09"))
    (invoice,) = finalized(october, "2026-09").finalized
    one_cent = Money.parse("0.01", "USD")
    pay_invoice(
        october, PayRequest(invoice=invoice.id, reference="a", reason="test", amount=one_cent)
    )
    issue_credit_note(
        october, CreditNoteRequest(invoice=invoice.id, reason="test", amount=one_cent)
    )
    for time in ("2026-09-11T00:00:00Z", "2026-06-11T00:00:00Z"):
        use(at(context, time), "late", 5)
    an_organization(october, plan="starter")
    gift = GrantRequest(
        organization="acme",
        amount=Credits.parse("20"),
        reason="test",
        expires_at=at(context, "2026-10-05T00:00:00Z").now,
    )
    grant_credits(october, gift, Rails(idempotency_key="ticket-7"))
    use(at(context, "2026-10-10T00:00:00Z"), "acme", 130)
    give(at(context, "2026-10-11T00:00:00Z"), "acme", "50", source="purchase")
    total = Money.parse("5", "USD")
    bought = buy(context, BuyRequest(organization="acme", total=total, reason="test"))
    settle(context, SettleRequest(purchase=bought.id, reference="bank 1", reason="test"))
    check_limits(context)
    generate_invoices(context, parse_month("2026-10"))
    an_organization(context, "caller", credits="10")
    charge(context, "call-1", 2, organization="caller")
    call(context, "call-2", 2, organization="caller")
    an_organization(context, "buyer")
    an_order(context, a_line(times=2), slug="buyer")
    recording_channel(monkeypatch)
    a_destination(context, "buyer")
    happens(context, "buyer")
    deliver_due(context)
    return context


def test_sound_books_have_no_findings(books: Context) -> None:
    assert run_checks(books) == []


def test_there_is_a_breach_here_for_every_invariant() -> None:
    assert {FILE, *BREACHES} == {*CHECKS, AUDIT_LOG}


@pytest.mark.parametrize("invariant", BREACHES)
def test_every_invariant_finds_its_breach(books: Context, invariant: str) -> None:
    found = {finding.invariant for finding in found_after(books, BREACHES[invariant])}
    assert invariant in found


@pytest.mark.parametrize("cost", ["0.007", "0.009"])
def test_without_taxes_in_prices_an_instalment_costs_what_was_agreed(
    books: Context, cost: str
) -> None:
    statement = f"UPDATE credit_grant SET unit_cost = '{cost}' WHERE source = 'order_form'"
    (finding,) = found_after(books, statement)
    assert finding.invariant == "a delivered instalment has its grant, of exactly its credits"


@pytest.mark.broken_books
def test_a_reference_to_nothing_is_found_where_the_database_let_it_in(sqlite_database: str) -> None:
    broken = Context(sqlite_database, NOW, "tester")
    an_organization(broken)
    give(broken, "acme", "10")
    break_by_hand(sqlite_database, "UPDATE credit_grant SET product_id = 999")
    (finding,) = run_checks(broken)
    assert (finding.invariant, finding.subject) == (FILE, "credit_grant")
    assert finding.detail == "row 1 names a missing product"


def test_a_finding_names_who_and_how_much(books: Context) -> None:
    found = found_after(books, "UPDATE debit_day SET credits_micro = credits_micro - 1")
    details = {finding.subject: finding.detail for finding in found}
    # 130 rated; 100 by the allowance and 30 as overage, each a micro-credit short
    assert details["acme"] == "2026-10-10: 130000000 rated, 129999998 paid, 0 unlimited"


@pytest.mark.broken_books
def test_on_the_day_an_unlimited_plan_begins_only_what_came_before_it_must_be_paid(
    context: Context,
) -> None:
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"))
    give(at(context, "2026-10-01T00:00:00Z"), "acme", "50")
    use(at(context, "2026-10-10T10:00:00Z"), "acme", 30)
    create_subscription(at(context, "2026-10-10T12:00:00Z"), "acme", "enterprise")
    use(at(context, "2026-10-10T14:00:00Z"), "acme", 400)
    assert run_checks(context) == []
    break_by_hand(context.database, "UPDATE debit_day SET credits_micro = credits_micro - 1")
    (_, unpaid) = run_checks(context)
    assert unpaid.detail == "2026-10-10: 430000000 rated, 29999999 paid, 400000000 unlimited"


def test_a_back_dated_unlimited_plan_leaves_what_was_paid_before_it(context: Context) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october)
    give(october, "acme", "50")
    use(at(context, "2026-10-10T10:00:00Z"), "acme", 30)
    create_subscription(context, "acme", "enterprise", starts_at=october.now)
    use(at(context, "2026-10-10T11:00:00Z"), "acme", 30)
    assert run_checks(context) == []
