"""Mails with a document attached, by the same server and under the same rules as notifications."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.adapters.channels.attempt import attempt
from creditctl.adapters.channels.email import Email, mailbox


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter; `media_type` is such as application/pdf."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with its attachments; the same id has the same Message-ID on every attempt."""

    id: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...]


def send_letter(channel: Email, letter: Letter, *, to: str, at: datetime) -> str:
    """Hand the letter to the mail server, within 10 seconds; returns who accepted it.

    Raises DeliveryFailed, and nothing else.
    """
    with attempt(channel.settings.seconds) as deadline:
        mail = channel.begun(letter.id, letter.subject, mailbox("the address", to), at)
        mail.set_content(letter.text)
        for attachment in letter.attachments:
            main, _, sub = attachment.media_type.partition("/")
            mail.add_attachment(
                attachment.content, maintype=main, subtype=sub, filename=attachment.name
            )
        return channel.hand_over(mail, deadline)
