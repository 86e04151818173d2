"""Every invariant is shown to find its breach: the books are broken by hand, guards removed."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from alerts import a_destination, happens
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

FILE = "the file and its references are whole"
BREACHES = {
    "a grant's remaining credits are the sum of its entries": (
        "UPDATE credit_grant SET remaining_micro = remaining_micro - 1 WHERE remaining_micro > 0"
    ),
    "a grant's expired credits are the sum of its expiries": (
        "UPDATE credit_grant SET expired_micro = expired_micro - 1 WHERE expired_micro > 0"
    ),
    "a grant holds between nothing and its amount": (
        "UPDATE credit_grant SET remaining_micro = amount_micro + 1"
    ),
    "a grant was granted once, in full": "DELETE FROM ledger_entry WHERE kind = 'grant'",
    "a grant pays only what it may": (
        "UPDATE ledger_entry SET first_event_at = 0 WHERE kind = 'usage'"
    ),
    "an entry is posted on its day, or the first that was open": (
        "UPDATE ledger_entry SET posting_day = posting_day + 1"
    ),
    "overage is settled at most once": (
        "UPDATE ledger_entry SET amount_micro = amount_micro * 2 WHERE kind = 'repayment'"
    ),
    "allowances are those of the subscription's periods, none left out": (
        "DELETE FROM credit_grant WHERE source = 'subscription' AND remaining_micro = 0"
    ),
    "an allowance is for its own period": (
        "UPDATE credit_grant SET expires_at = expires_at + 1 WHERE source = 'subscription'"
    ),
    "events name rows that exist": "UPDATE usage_event SET batch_id = 999",
    "entries name rows that exist": "UPDATE ledger_entry SET product_id = 999 WHERE kind = 'grant'",
    "a batch's counts are those of its events": "UPDATE usage_batch SET failed = failed + 1",
    "hourly rollups are the sums of events": "UPDATE usage_hour SET requests = requests + 1",
    "daily rollups are the sums of hourly ones": "UPDATE usage_day SET requests = requests + 1",
    "usage is the same whatever it is summed by": (
        "UPDATE usage_status_day SET requests = requests + 1"
    ),
    "debits are the sums of ledger entries": "DELETE FROM debit_day",
    "rated usage was paid, is overage, or is unlimited": (
        "UPDATE debit_day SET credits_micro = credits_micro - 1"
    ),
    "an invoice's lines sum to what it comes to": (
        "UPDATE invoice SET subtotal_minor = subtotal_minor + 1"
    ),
    "taxes of invoices and credit notes sum to their tax": (
        "UPDATE credit_note SET tax_minor = tax_minor + 1"
    ),
    "an invoice bills the instalments of order forms that it lists": (
        "UPDATE order_instalment SET invoice_id = (SELECT MIN(id) FROM invoice)"
        " WHERE state = 'planned'"
    ),
    "invoices and credit notes are numbered without gaps": (
        "UPDATE number_series SET last = last + 1 WHERE series = 'credit_note'"
    ),
    "an invoice is settled by its payments and credit notes": (
        "UPDATE invoice_payment SET amount_minor = amount_minor + 1"
    ),
    "what invoices move is posted once, on its day or the first open": (
        "UPDATE receivable_entry SET posting_day = posting_day + 1"
    ),
    "credit notes never exceed their invoice": (
        "UPDATE credit_note SET net_minor = 1000, total_minor = 1000"
    ),
    "a final invoice settled the overage that it bills": (
        "UPDATE ledger_entry SET amount_micro = amount_micro + 1 WHERE kind = 'invoiced'"
    ),
    "remembered answers can be read": "UPDATE idempotency SET result = 'gone'",
    "a reversed grant holds nothing": "UPDATE credit_grant SET reversed_at = 1",
    "what was rolled over is what the next grants got": (
        "UPDATE credit_grant SET rolled_from_id = 1 WHERE id = 2"
    ),
    "what went back to a rolled grant came from the next ones": (
        "INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,"
        " recorded_at, posting_day, actor, reason)"
        " VALUES (1, 1, 'rollover_reversal', 5, 1, 1, 1, 'm', '')"
    ),
    "an entry is taken back once, as it was booked": (
        "INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,"
        " recorded_at, posting_day, actor, reason, reverses_id)"
        " SELECT organization_id, grant_id, 'unwind', 5, 1, 1, 1, 'm', '', id"
        " FROM ledger_entry WHERE kind = 'usage' ORDER BY id LIMIT 1"
    ),
    "an event has a price that was in force": (
        "UPDATE endpoint_price SET effective_to = effective_from + 1"
    ),
    "a day's volume is what its events add up to": (
        "INSERT INTO volume_day (day, organization_id, product_id, units) VALUES (1, 1, 1, 5)"
    ),
    "open overage is repaid by paid grants of its organization": (
        "UPDATE credit_grant SET source = 'goodwill' WHERE source = 'purchase'"
    ),
    "an endpoint has one price at a time": (
        "UPDATE endpoint_price SET endpoint_id = 1, effective_from = effective_from + id"
    ),
    "a plan has one version at a time": (
        # Another plan's version, from 2082 on: nothing that was booked had its terms.
        "UPDATE plan_version SET effective_from = effective_from * 2,"
        " plan_id = (SELECT id FROM plan WHERE name = 'starter')"
        " WHERE plan_id = (SELECT id FROM plan WHERE name = 'pro')"
    ),
    "a plan's own price is that of a plan": (
        "UPDATE endpoint_price SET plan_id = 99 WHERE id ="
        " (SELECT MAX(id) FROM endpoint_price WHERE id NOT IN (SELECT price_id FROM usage_event))"
    ),
    "a promotion gives no more than its budget": (
        "INSERT INTO promotion (name, budget_micro, given_micro, redemptions) VALUES ('p', 0, 1, 1)"
    ),
    "a promotion counts what was granted in its name": (
        "INSERT INTO promotion (name, given_micro, redemptions) VALUES ('welcome', 5, 1)"
    ),
    "what credits are sold by is stated once at a time": (
        "INSERT INTO list_price (catalog_version_id, effective_from, currency, price)"
        " VALUES (1, 5, 'EUR', '0.01'), (1, 6, 'EUR', '0.02')"
    ),
    "a package has a price": (
        "INSERT INTO package (catalog_version_id, effective_from, name, title, credits_micro)"
        " VALUES (1, 5, 'big', 'Big', 1)"
    ),
    "a promotion is claimed by who got it": (
        "INSERT INTO promotion_claim (promotion, kind, value, organization_id)"
        " VALUES ('welcome', 'email', 'ann@acme.example', 999)"
    ),
    "a closed organization has neither keys nor a subscription": (
        "UPDATE organization SET status = 'closed'"
    ),
    "a decided approval names two people": (
        "INSERT INTO approval (id, public_id, verb, organization_id, amount_micro, request, reason,"
        " status, requested_by, requested_at, decided_by, decided_at)"
        " VALUES (1, 'a', 'v', 1, 1, '', '', 'approved', 'ann', 1, 'ann', 1)"
    ),
    "late usage is paid at most once": "UPDATE late_usage_day SET credits_micro = 0",
    "usage is late only before a final invoice": "UPDATE invoice SET status = 'draft'",
    "late usage is on a later invoice": (
        "UPDATE late_usage SET invoice_id = (SELECT MIN(id) FROM invoice)"
    ),
    "of late events exactly the released ones are booked": (
        "UPDATE late_event SET state = 'released'"
    ),
    "a batch counts its events in quarantine": (
        "UPDATE usage_batch SET quarantined = quarantined + 1"
    ),
    "the ids of pruned events are kept": "UPDATE usage_batch SET pruned = pruned + 1",
    "what a grant says is held is what open holds reserve": (
        "UPDATE credit_grant SET held_micro = held_micro + 1"
    ),
    "a hold reserves its estimate, of credits its call may draw": (
        "UPDATE hold SET estimate_micro = estimate_micro + 1"
    ),
    "a captured call has its event, at what was charged": (
        "UPDATE hold SET captured_micro = captured_micro + 1 WHERE state = 'captured'"
    ),
    "a call whose event is booked holds nothing": (
        "UPDATE hold SET state = 'open' WHERE state = 'captured'"
    ),
    "a purchase is paid when its money arrived": "DELETE FROM payment_arrival",
    "a paid purchase is granted as it was bought": (
        "UPDATE purchase SET credits_micro = credits_micro + 1"
    ),
    "a purchase's taxes sum to its tax": (
        "UPDATE purchase SET tax_minor = 1, net_minor = net_minor - 1"
    ),
    "receipts are numbered without gaps": "UPDATE number_series SET last = last + 1",
    "an open auto-recharge is the one its organization waits for": (
        "UPDATE purchase SET source = 'auto_recharge', status = 'pending'"
    ),
    "each crossing of a recharge's threshold bought once": (
        "INSERT INTO recharge (public_id, organization_id, below_micro, up_to_micro, cap_minor,"
        " currency, method_id, cool_down_seconds, state, state_reason, state_at, state_by,"
        " declines, crossings)"
        " VALUES ('rec_1', 1, 1, 2, 1, 'USD', 1, 0, 'active', '', 1, 'm', 0, 1)"
    ),
    "an order form's instalments sum to its lines": (
        "UPDATE order_instalment SET credits_micro = credits_micro + 1 WHERE state = 'planned'"
    ),
    "a delivered instalment has its grant, of exactly its credits": (
        "UPDATE order_instalment SET due_at = due_at + 1 WHERE state = 'booked'"
    ),
    "an order form's status is that of its instalments": (
        "UPDATE order_form SET status = 'completed'"
    ),
    "a superseded order form has a version that took over": (
        "UPDATE order_form SET status = 'superseded'"
    ),
    "a delivered notification has an attempt that succeeded": (
        "UPDATE delivery_attempt SET outcome = 'failed'"
    ),
    "what was accepted is not sent again": "UPDATE notification SET status = 'pending'",
    "a notification counts its attempts": "UPDATE notification SET attempts = attempts + 1",
    "a destination is told of its own organization": (
        "UPDATE notification SET organization_id = organization_id - 1"
    ),
    AUDIT_LOG: "UPDATE audit_entry SET actor = 'mallory' WHERE id = 2",
}


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
        driver.begin(connection, read_only=False)
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
