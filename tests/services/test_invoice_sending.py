"""`invoice send`: what arrives at a mail server that runs, once, and what is left alone."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.channels.mail_server import MailServer, mail_server
from alerts import a_destination
from builders import an_organization, at
from creditctl.context import Context
from creditctl.errors import Busy, Conflict, InvalidInput, InvoiceNotFound, NotFound
from creditctl.rules.units import Money
from creditctl.services.audit import list_audit_entries
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_sending import (
    LEASE,
    SendRequest,
    SendRun,
    _record,
    send_invoices,
)
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoices import Invoice, show_invoice
from creditctl.services.leases import LIFETIME, holding_lease
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import update_organization_facts
from creditctl.store.engine import unit_of_work
from creditctl.store.queries.leases import take_lease
from invoices import OCTOBER, drafted, final, finalized, sold_in_germany, used

NUMBER = "INV-2026-000001"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def books(context: Context, server: MailServer) -> Context:
    """On 10 November: acme and beta owe for October; gamma has no billing e-mail."""
    october = at(context, "2026-10-01T00:00:00Z")
    sold_in_germany(october)
    for slug in ("acme", "beta", "gamma"):
        an_organization(october, slug)
        email = None if slug == "gamma" else f"billing@{slug}.example"
        update_organization_facts(october, slug, OrgFacts(country="DE", billing_email=email))
        used(context, ("2026-10-10T00:00:00Z", 1000), slug=slug)
    channel = {
        "host": "localhost",
        "port": str(server.port),
        "security": "none",
        "sender": "billing@seller.example",
        "seconds": "5",
    }
    november = at(context, "2026-11-10T00:00:00Z")
    return replace(november, settings=replace(november.settings, channels={"email": channel}))


def send(context: Context, *invoices: str, **request: object) -> SendRun:
    wanted = SendRequest(invoices=invoices, **request)  # type: ignore[arg-type]
    return send_invoices(context, wanted)


def sent(context: Context, **request: object) -> SendRun:
    return send(context, month=OCTOBER, **request)


def acmes(context: Context) -> Invoice:
    return show_invoice(context, NUMBER)


def test_an_invoice_goes_to_the_billing_address_with_its_pdf(
    books: Context, server: MailServer
) -> None:
    final(books)
    run = send(books, NUMBER)
    (one,) = run.sent
    assert (one.to, one.attachment, one.format) == (
        "billing@acme.example",
        "INV-2026-000001-acme.pdf",
        "pdf",
    )
    (mail,) = server.mails
    assert mail["Subject"] == "Invoice INV-2026-000001, Example GmbH"
    assert (mail["To"], mail["From"]) == ("billing@acme.example", "billing@seller.example")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Amount" in body.get_content()
    assert "11.90" in body.get_content()
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == (one.attachment, "application/pdf")
    assert NUMBER in _text_of(pdf.get_content())
    assert (acmes(books).status, acmes(books).sent_at) == ("sent", books.now)
    entry = list_audit_entries(books, limit=1)[0]
    assert (entry.action, entry.after["to"]) == ("invoice.sent", "billing@acme.example")


def _text_of(pdf: bytes) -> str:
    import pypdf

    return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def credited(context: Context) -> str:
    """The number of a credit note of 1.19 that acme's invoice has."""
    money = Money.parse("1.19", "USD")
    request = CreditNoteRequest(invoice=NUMBER, reason="an outage", amount=money)
    return issue_credit_note(context, request).number


def test_a_credit_note_goes_out_like_an_invoice_and_once(
    books: Context, server: MailServer
) -> None:
    final(books)
    number = credited(books)
    (one,) = send(books, number).sent
    assert (one.number, one.to, one.attachment) == (
        number,
        "billing@acme.example",
        f"{number}-acme.pdf",
    )
    (mail,) = server.mails
    assert mail["Subject"] == f"Credit note {number}, Example GmbH"
    (pdf,) = mail.iter_attachments()
    text = _text_of(pdf.get_content())
    assert {part: part in text for part in (number, NUMBER, "1.19")} == {
        number: True,
        NUMBER: True,
        "1.19": True,
    }
    entry = list_audit_entries(books, organization="acme", limit=1)[0]
    assert (entry.action, entry.subject, entry.after) == (
        "credit_note.sent",
        one.id,
        {"number": number, "to": "billing@acme.example"},
    )
    # The invoice itself was not sent by that.
    assert (acmes(books).status, acmes(books).sent_at) == ("finalized", None)
    again = send(books, one.id)
    assert (again.sent, again.unchanged, len(server.mails)) == ((), 1, 1)
    assert len(send(books, number, again=True).sent) == 1
    first, second = [mail["Message-ID"] for mail in server.mails]
    assert first != second


def test_a_month_sends_its_credit_notes_too(books: Context, server: MailServer) -> None:
    final(books)
    number = credited(books)
    dry = send_invoices(books, SendRequest(month=OCTOBER), dry_run=True)
    assert ([one.number for one in dry.sent], server.mails) == ([NUMBER, number], [])
    assert [one.number for one in sent(books, organization="acme").sent] == [NUMBER, number]
    again = sent(books)
    assert (again.sent, again.unchanged) == ((), 2)
    assert sent(books, organization="beta").sent == ()


def test_a_credit_note_that_a_crash_kept_from_being_recorded_is_the_same_letter(
    books: Context, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    final(books)
    number = credited(books)
    with monkeypatch.context() as patch:
        patch.setattr("creditctl.services.invoice_sending._record", _crash)
        with pytest.raises(KeyboardInterrupt):
            send(books, number)
    assert len(send(books, number).sent) == 1
    first, second = [mail["Message-ID"] for mail in server.mails]
    assert first == second
    with pytest.raises(NotFound, match="CN-2026-000009"):
        send(books, "CN-2026-000009")


def test_a_month_is_sent_once_and_what_cannot_be_is_listed(
    books: Context, server: MailServer
) -> None:
    drafted(books)
    finalized(books)
    first = sent(books)
    assert [one.organization for one in first.sent] == ["acme", "beta"]
    assert [(one.organization, one.problem) for one in first.unsent] == [
        ("gamma", "gamma has no billing e-mail")
    ]
    again = sent(books)
    assert (again.sent, again.unchanged, len(again.unsent)) == ((), 2, 1)
    assert len(server.mails) == 2
    last = sent(books, organization="gamma", to="me@seller.example")
    assert [one.to for one in last.sent] == ["me@seller.example"]


def test_a_crash_after_sending_sends_it_again_with_the_same_message_id(
    books: Context, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    final(books)
    with monkeypatch.context() as patch:
        patch.setattr("creditctl.services.invoice_sending._record", _crash)
        with pytest.raises(KeyboardInterrupt):
            send(books, NUMBER)
    assert acmes(books).sent_at is None
    assert len(send(books, NUMBER).sent) == 1
    later = at(books, "2026-11-11T00:00:00Z")
    on_purpose = send(replace(later, settings=books.settings), NUMBER, again=True)
    assert len(on_purpose.sent) == 1
    first, second, third = [mail["Message-ID"] for mail in server.mails]
    assert first == second != third


def _crash(*given: object) -> None:
    raise KeyboardInterrupt


def test_a_refused_mail_is_listed_and_the_invoice_is_not_sent(
    books: Context, server: MailServer
) -> None:
    final(books)
    server.rcpt = "550 no such mailbox"
    (one,) = send(books, NUMBER).unsent
    assert "550 no such mailbox" in one.problem
    assert (acmes(books).status, acmes(books).sent_at) == ("finalized", None)
    server.rcpt = None
    assert len(send(books, NUMBER).sent) == 1


def test_one_refused_recipient_holds_up_nobody_else(books: Context, server: MailServer) -> None:
    drafted(books)
    finalized(books)
    server.rcpt, server.only = "550 no such mailbox", "billing@acme.example"
    run = sent(books)
    assert [one.organization for one in run.unsent] == ["acme", "gamma"]
    assert ([one.organization for one in run.sent], run.untried) == (["beta"], 0)


def mailing_by(context: Context, **changes: str) -> Context:
    channel = {**context.settings.channels["email"], **changes}
    return replace(context, settings=replace(context.settings, channels={"email": channel}))


@pytest.mark.parametrize(
    "server_settings",
    [
        {"port": "1"},
        {"host": "mail.nowhere.invalid", "security": "starttls"},
        {"security": "starttls"},
    ],
    ids=["nobody listens", "nobody knows its name", "it does not encrypt"],
)
def test_a_run_stops_where_the_mail_server_lets_nobody_in(
    books: Context, server: MailServer, server_settings: dict[str, str]
) -> None:
    drafted(books)
    finalized(books)
    send(books, "INV-2026-000002")
    run = sent(mailing_by(books, **server_settings))
    assert [one.organization for one in run.unsent] == ["acme"]
    assert (run.sent, run.unchanged, run.untried) == ((), 1, 1)
    # The next one goes on where that one stopped.
    assert [one.organization for one in sent(books).sent] == ["acme"]
    assert len(server.mails) == 2


def test_a_paid_invoice_stays_paid(books: Context) -> None:
    final(books)
    pay_invoice(books, PayRequest(invoice=NUMBER, reference="b1", reason="bank"))
    send(books, NUMBER)
    assert (acmes(books).status, acmes(books).sent_at) == ("paid", books.now)


def test_a_sent_invoice_is_paid_later(books: Context) -> None:
    final(books)
    send(books, NUMBER)
    pay_invoice(books, PayRequest(invoice=NUMBER, reference="b1", reason="bank"))
    assert acmes(books).status == "paid"


def test_drafts_and_void_invoices_are_refused(books: Context, server: MailServer) -> None:
    draft = drafted(books)
    with pytest.raises(Conflict, match="is a draft"):
        send(books, draft.id)
    finalized(books, organization="acme")
    void_invoice(books, VoidRequest(invoice=NUMBER, reason="wrong"))
    with pytest.raises(Conflict, match="is void"):
        send(books, NUMBER)
    with pytest.raises(InvoiceNotFound):
        send(books, "INV-2026-000009")
    assert server.mails == []


def test_a_dry_run_sends_nothing(books: Context, server: MailServer) -> None:
    final(books)
    run = send_invoices(books, SendRequest(month=OCTOBER, organization="acme"), dry_run=True)
    assert ([one.to for one in run.sent], run.dry_run) == (["billing@acme.example"], True)
    assert (server.mails, acmes(books).sent_at) == ([], None)


def test_with_einvoice_the_pdf_carries_it_unless_the_standard_cannot_say_it(
    books: Context, server: MailServer
) -> None:
    documents = {"einvoice": "true"}
    wanting = replace(books, settings=replace(books.settings, documents=documents))
    final(wanting)
    (one,) = send(wanting, NUMBER).sent
    # Nobody told the seller's town: the PDF goes all the same.
    assert one.format == "pdf"
    assert one.note is not None
    assert "seller.address.city" in one.note
    assert len(server.mails) == 1
    broken = replace(books, settings=replace(books.settings, documents={"einvoice": "perhaps"}))
    with pytest.raises(InvalidInput, match="einvoice is true or false"):
        send(broken, NUMBER, again=True)


def test_two_runs_do_not_send_at_once(books: Context) -> None:
    final(books)
    with holding_lease(books, LEASE), pytest.raises(Busy):
        send(books, NUMBER)


def test_nobody_else_sends_while_a_run_takes_longer_than_a_lease_lasts(
    books: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("acme", "beta"):
        final(books, slug=slug)
    time = [datetime(2026, 11, 10, tzinfo=UTC)]
    monkeypatch.setattr("creditctl.clock.now", lambda: time[0])
    refused = []

    def slowly(*given: object) -> None:
        time[0] += LIFETIME * 0.6
        with pytest.raises(Busy) as problem:
            send(books, NUMBER)
        refused.append(problem)
        _record(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("creditctl.services.invoice_sending._record", slowly)
    assert len(send(books, "INV-2026-000001", "INV-2026-000002").sent) == 2
    assert len(refused) == 2


def test_a_run_whose_lease_was_taken_over_stops(
    books: Context, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("acme", "beta"):
        final(books, slug=slug)
    time = [datetime(2026, 11, 10, tzinfo=UTC)]
    monkeypatch.setattr("creditctl.clock.now", lambda: time[0])

    def asleep(*given: object) -> None:
        _record(*given)  # type: ignore[arg-type]
        time[0] += LIFETIME
        with unit_of_work(books.database) as unit:
            expires_at = time[0] + LIFETIME
            assert take_lease(unit, LEASE, holder="another", now=time[0], expires_at=expires_at)

    monkeypatch.setattr("creditctl.services.invoice_sending._record", asleep)
    with pytest.raises(Busy):
        send(books, "INV-2026-000001", "INV-2026-000002")
    assert len(server.mails) == 1


def test_an_invoice_that_is_named_twice_is_sent_once(books: Context, server: MailServer) -> None:
    invoice = final(books)
    assert len(send(books, NUMBER, invoice.id, again=True).sent) == 1
    assert len(server.mails) == 1


def test_a_dry_run_lists_an_address_that_is_none(books: Context) -> None:
    final(books)
    update_organization_facts(books, "acme", OrgFacts(billing_email="jürgen@acme.example"))
    planned = send_invoices(books, SendRequest(month=OCTOBER, organization="acme"), dry_run=True)
    tried = sent(books, organization="acme")
    assert [one.problem for one in planned.unsent] == [one.problem for one in tried.unsent]
    assert (planned.sent, len(tried.unsent)) == ((), 1)


def test_without_a_mail_server_or_a_choice_nothing_is_sent(books: Context) -> None:
    with pytest.raises(InvalidInput, match="which invoices"):
        send(books)
    with pytest.raises(InvalidInput, match="one mailbox"):
        sent(books, to="nobody")
    with pytest.raises(InvalidInput):
        sent(replace(books, settings=replace(books.settings, channels={})))


def test_who_wants_to_know_is_told_that_it_was_sent(books: Context) -> None:
    a_destination(books, told=("invoice.*",))
    final(books)
    send(books, NUMBER)
    assert len(send(books, NUMBER, again=True).sent) == 1
    with unit_of_work(books.database) as unit:
        events = unit.fetch_rows("SELECT event FROM notification ORDER BY id")
    assert [str(name) for (name,) in events] == ["invoice.finalized", "invoice.sent"]
