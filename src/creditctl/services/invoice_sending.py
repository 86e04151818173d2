"""`invoice send`: final invoices and their credit notes by e-mail, with the PDF.

One is recorded as sent after the mail server accepted it, and one that was sent is not sent
again. A crash between the two sends it a second time, with the same Message-ID, by which receivers
know a repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from creditctl.adapters.channels.email import Email
from creditctl.adapters.channels.interface import DeliveryFailed, Unreachable
from creditctl.adapters.channels.letters import Attachment, Letter, send_letter
from creditctl.context import Context
from creditctl.documents.document import Document
from creditctl.documents.sheet import laid_out
from creditctl.errors import Conflict, InvalidInput
from creditctl.services.delivery_steps import opened
from creditctl.services.documents import rendered, style_of, wants_einvoice
from creditctl.services.leases import Lease, holding_lease
from creditctl.services.outgoing_papers import Paper, papers_of, read_paper, record_sent
from creditctl.store.engine import UnitOfWork, reading, unit_of_work

LEASE = "invoice send"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """What is sent: invoices and credit notes by id or number, or those of a month."""

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
    """An invoice or credit note that was sent, or would be."""

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
    """An invoice or credit note that was not sent, and why."""

    id: str
    organization: str
    problem: str


@dataclass(frozen=True, slots=True)
class SendRun:
    """What a run sent; `unchanged` ones were sent before.

    `untried` are those that were left when the mail server could not be reached.
    """

    sent: tuple[SentInvoice, ...]
    unchanged: int
    unsent: tuple[UnsentInvoice, ...]
    dry_run: bool = False
    untried: int = 0


def send_invoices(context: Context, request: SendRequest, *, dry_run: bool = False) -> SendRun:
    """Send what is chosen to the organizations' billing e-mail; what cannot be sent is listed.

    A run stops trying where the mail server cannot be reached, or lets nobody in. Sends none twice,
    also when it was cut off and is repeated. Raises InvoiceNotFound, NotFound for a credit note,
    OrganizationNotFound, InvalidInput without a mail server or for neither or both ways to choose,
    Conflict where the only one that was named cannot be sent, and Busy while another run sends.
    """
    if bool(request.invoices) == bool(request.month):
        raise InvalidInput("say which invoices are sent", hint="numbers, or --month 2026-10")
    channel = cast(Email, opened(context, "email"))
    if request.to is not None:
        channel.check(request.to)
    with reading(context.database) as unit:
        chosen = _chosen(unit, request)
    if dry_run:
        return _run(context, request, chosen, channel, None)
    with holding_lease(context, LEASE) as lease:
        return _run(context, request, chosen, channel, lease)


def _chosen(unit: UnitOfWork, request: SendRequest) -> list[str]:
    if request.month is None:
        # An id and a number may name the same one: --again means once more, not twice.
        return list(dict.fromkeys(read_paper(unit, name).id for name in request.invoices))
    return papers_of(unit, request.month, request.organization)


def _run(
    context: Context,
    request: SendRequest,
    chosen: Sequence[str],
    channel: Email,
    lease: Lease | None,
) -> SendRun:
    """Send one after the other, or without a lease only say what would be sent."""
    sent: list[SentInvoice] = []
    unsent: list[UnsentInvoice] = []
    unchanged = untried = 0
    is_reachable = True
    for name in chosen:
        if lease is not None:
            # A month's mails may take longer than a lease lasts.
            lease.renew()
        # Read just before: what another run has sent meanwhile is not sent again.
        with reading(context.database) as unit:
            paper = read_paper(unit, name)
        if paper.sent_at is not None and not request.again:
            unchanged += 1
            continue
        if not is_reachable:
            untried += 1
            continue
        try:
            sent.append(_sent(context, request, paper, channel, dry_run=lease is None))
        except (Conflict, InvalidInput) as problem:
            if len(request.invoices) == 1:
                raise
            unsent.append(UnsentInvoice(paper.id, paper.organization, problem.detail))
        except DeliveryFailed as failure:
            unsent.append(UnsentInvoice(paper.id, paper.organization, failure.reason))
            # To wait for it with every other letter would take hours.
            is_reachable = not isinstance(failure, Unreachable)
    return SendRun(tuple(sent), unchanged, tuple(unsent), dry_run=lease is None, untried=untried)


def _sent(
    context: Context, request: SendRequest, paper: Paper, channel: Email, *, dry_run: bool
) -> SentInvoice:
    """Make the letter, and unless it is a dry run send and record it."""
    to = request.to or paper.billing_email
    if paper.number is None:
        raise Conflict(f"{paper.id} is a draft", hint=f"creditctl invoice finalize {paper.id}")
    if paper.status == "void":
        raise Conflict(f"{paper.number} is void", hint="send the one instead of it")
    if to is None:
        raise Conflict(
            f"{paper.organization} has no billing e-mail",
            hint=f"creditctl orgs update {paper.organization} --email MAIL, or --to MAIL",
        )
    channel.check(to)
    document = paper.document
    attachment, format_name, note = _attachment(context, paper)
    if not dry_run:
        letter = Letter(
            id=_letter_id(paper.id, paper.sent_at),
            subject=_subject(context, document),
            text=rendered(context, document, "text").decode(),
            attachments=(attachment,),
        )
        send_letter(channel, letter, to=to, at=context.now)
        _record(context, paper, to)
    return SentInvoice(
        paper.id, paper.number, paper.organization, to, attachment.name, format_name, note
    )


def _attachment(context: Context, paper: Paper) -> tuple[Attachment, str, str | None]:
    """The PDF, its format, and why it carries no electronic invoice though it should."""
    document = paper.document
    name = f"{paper.number}-{paper.organization}.pdf"
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


def _letter_id(paper: str, sent_at: datetime | None) -> str:
    """The same until it is recorded as sent; sending it again on purpose is another letter."""
    return paper if sent_at is None else f"{paper}-{sent_at:%Y%m%d%H%M%S%f}"


def _record(context: Context, paper: Paper, to: str) -> None:
    with unit_of_work(context.database) as unit:
        record_sent(unit, context, paper, to)
