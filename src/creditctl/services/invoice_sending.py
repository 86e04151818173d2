"""`invoice send`: final invoices by e-mail, with the PDF.

An invoice is recorded as sent after the mail server accepted it, and one that was sent is not sent
again. A crash between the two sends it a second time, with the same Message-ID, by which receivers
know a repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from creditctl.adapters.channels.email import Email
from creditctl.adapters.channels.interface import DeliveryFailed
from creditctl.adapters.channels.letters import Attachment, Letter, send_letter
from creditctl.context import Context
from creditctl.documents.document import Document
from creditctl.documents.sheet import laid_out
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import month_text, parse_month
from creditctl.services.audit import record_change
from creditctl.services.delivery_steps import opened
from creditctl.services.documents import rendered, style_of, wants_einvoice
from creditctl.services.invoice_document import document_of
from creditctl.services.invoice_events import tell
from creditctl.services.invoices import Invoice, find_invoice, invoice_card
from creditctl.services.leases import holding_lease
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.queries.invoice_papers import mark_sent
from creditctl.store.queries.invoice_steps import invoices_of_month
from creditctl.store.queries.invoices import invoice_by_id, invoices_by_id
from creditctl.store.queries.orgs import find_organization, lock_organizations, organization_by_id

LEASE = "invoice send"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """Which invoices are sent: some by id or number, or those of a month."""

    invoices: tuple[str, ...] = ()
    month: str | None = None
    organization: str | None = None
    """Only this one's of the month."""

    to: str | None = None
    """Instead of the organization's billing e-mail."""

    again: bool = False
    """Although it was sent."""


@dataclass(frozen=True, slots=True)
class SentInvoice:
    """An invoice that was sent, or would be."""

    id: str
    number: str
    organization: str
    to: str
    attachment: str
    format: str
    """`facturx` carries the electronic invoice, `pdf` does not."""

    note: str | None
    """Why it carries none although it should."""


@dataclass(frozen=True, slots=True)
class UnsentInvoice:
    """An invoice that was not sent, and why."""

    id: str
    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class SendRun:
    """What a run sent; `unchanged` invoices were sent before."""

    sent: tuple[SentInvoice, ...]
    unchanged: int
    unsent: tuple[UnsentInvoice, ...]
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """An invoice as it stands, with where it goes."""

    internal_id: int
    invoice: Invoice
    billing_email: str | None


def send_invoices(context: Context, request: SendRequest, *, dry_run: bool = False) -> SendRun:
    """Send invoices to their organizations' billing e-mail; those that cannot be are listed.

    Sends none twice, also when it was cut off and is repeated. Raises InvoiceNotFound,
    OrganizationNotFound, InvalidInput without a mail server or for neither or both ways to choose,
    Conflict where the only invoice that was named cannot be sent, and Busy while another run sends.
    """
    if bool(request.invoices) == bool(request.month):
        raise InvalidInput("say which invoices are sent", hint="numbers, or --month 2026-10")
    channel = cast(Email, opened(context, "email"))
    if request.to is not None:
        channel.check(request.to)
    with reading(context.database) as unit:
        chosen = _chosen(unit, request)
    if dry_run:
        return _run(context, request, chosen, None)
    with holding_lease(context, LEASE):
        return _run(context, request, chosen, channel)


def _chosen(unit: UnitOfWork, request: SendRequest) -> list[str]:
    if request.month is None:
        return [find_invoice(unit, name).public_id for name in request.invoices]
    only = find_organization(unit, request.organization).id if request.organization else None
    found = invoices_of_month(unit, month_text(parse_month(request.month)), only)
    rows = invoices_by_id(unit, [one.id for one in found])
    return [rows[one.id].public_id for one in found]


def _run(
    context: Context, request: SendRequest, chosen: Sequence[str], channel: Email | None
) -> SendRun:
    sent: list[SentInvoice] = []
    unsent: list[UnsentInvoice] = []
    for name in chosen:
        # Read just before: what another run has sent meanwhile is not sent again.
        with reading(context.database) as unit:
            row = find_invoice(unit, name)
            email = organization_by_id(unit, row.organization_id).billing_email
            outgoing = _Outgoing(row.id, invoice_card(unit, row), email)
        invoice = outgoing.invoice
        if invoice.sent_at is not None and not request.again:
            continue
        try:
            sent.append(_sent(context, request, outgoing, channel))
        except (Conflict, InvalidInput) as problem:
            if len(request.invoices) == 1:
                raise
            unsent.append(UnsentInvoice(invoice.id, invoice.organization, problem.detail))
        except DeliveryFailed as failure:
            unsent.append(UnsentInvoice(invoice.id, invoice.organization, failure.reason))
    unchanged = len(chosen) - len(sent) - len(unsent)
    return SendRun(tuple(sent), unchanged, tuple(unsent), dry_run=channel is None)


def _sent(
    context: Context, request: SendRequest, outgoing: _Outgoing, channel: Email | None
) -> SentInvoice:
    """Make the letter, and with a channel send and record it."""
    invoice = outgoing.invoice
    to = request.to or outgoing.billing_email
    if invoice.number is None:
        raise Conflict(f"{invoice.id} is a draft", hint=f"creditctl invoice finalize {invoice.id}")
    if invoice.status == "void":
        raise Conflict(f"{invoice.number} is void", hint="send the one instead of it")
    if to is None:
        raise Conflict(
            f"{invoice.organization} has no billing e-mail",
            hint=f"creditctl orgs update {invoice.organization} --email MAIL, or --to MAIL",
        )
    document = document_of(invoice)
    attachment, format_name, note = _attachment(context, document, invoice)
    if channel is not None:
        letter = Letter(
            id=_letter_id(invoice.id, invoice.sent_at),
            subject=_subject(context, document),
            text=rendered(context, document, "text").decode(),
            attachments=(attachment,),
        )
        send_letter(channel, letter, to=to, at=context.now)
        _record(context, outgoing, to)
    return SentInvoice(
        invoice.id, invoice.number, invoice.organization, to, attachment.name, format_name, note
    )


def _attachment(
    context: Context, document: Document, invoice: Invoice
) -> tuple[Attachment, str, str | None]:
    """The PDF, its format, and why it carries no electronic invoice though it should."""
    name = f"{invoice.number}-{invoice.organization}.pdf"
    note = None
    if wants_einvoice(context.settings.documents):
        try:
            content = rendered(context, document, "facturx")
            return Attachment(name, "application/pdf", content), "facturx", None
        except InvalidInput as problem:
            # The PDF is the invoice; a buyer waits for it whatever the standard cannot say.
            note = problem.detail
    return Attachment(name, "application/pdf", rendered(context, document, "pdf")), "pdf", note


def _subject(context: Context, document: Document) -> str:
    headline = laid_out(document, style_of(context.settings.documents)).headline
    return f"{headline}, {document.seller.name}" if document.seller.name else headline


def _letter_id(invoice: str, sent_at: datetime | None) -> str:
    """The same until it is recorded as sent; sending it again on purpose is another letter."""
    return invoice if sent_at is None else f"{invoice}-{sent_at:%Y%m%d%H%M%S%f}"


def _record(context: Context, outgoing: _Outgoing, to: str) -> None:
    with unit_of_work(context.database) as unit:
        before = invoice_by_id(unit, outgoing.internal_id)
        lock_organizations(unit, [before.organization_id])
        mark_sent(unit, before.id, context.now)
        row = invoice_by_id(unit, before.id)
        tell(unit, context, row, "invoice.sent")
        record_change(
            unit,
            context,
            "invoice.sent",
            row.public_id,
            organization_id=row.organization_id,
            before={"status": before.status},
            after={"status": row.status, "number": row.number, "to": to},
        )
