"""What a payment provider is asked and what it answers; amounts are whole minor units.

An outcome that is not known is said to be unknown and is looked up, never guessed or charged again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from creditctl.errors import CreditctlError, ExitStatus, InvalidInput
from creditctl.rules.currencies import currency_exponent


class ProviderUnreachable(CreditctlError):
    """The payment provider cannot be reached, and nothing was charged."""

    code = "provider_unreachable"
    retryable = True
    hint = "try again later: the same idempotency key is used, so nothing is charged twice"


class ProviderRefused(CreditctlError):
    """The payment provider refuses the request, and nothing was charged."""

    code = "provider_refused"
    exit_status = ExitStatus.CONFLICT
    hint = "check the provider's settings, and what was asked of it"


class NoticeRejected(CreditctlError):
    """The notice does not come from the payment provider, or is too old."""

    code = "notice_rejected"
    exit_status = ExitStatus.PERMISSION
    hint = "check the webhook secret and this machine's clock"


class PaymentStatus(StrEnum):
    """Where a payment stands with its provider; what arrived is said by `received_minor`."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    """The payer has to do something, at `checkout_url` if the provider named one."""

    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Not paid in full in time; a part, or late money, may have arrived."""

    CHARGED_BACK = "charged_back"
    """A dispute was lost: the money was taken back."""

    UNKNOWN = "unknown"
    """The request went out and no answer came: look the payment up."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One payment, as it was stored before its provider is called."""

    payment_id: str
    """Ours; it stands in the provider's record, by which a lost payment is found."""

    idempotency_key: str
    amount_minor: int
    """Above zero, in minor units of `currency` (ISO 4217)."""

    currency: str
    description: str
    requested_at: datetime
    """When it was stored, UTC: a lost payment is looked for from then on."""

    method_reference: str | None = None
    """The provider's id of a stored payment method."""

    buyer_reference: str | None = None
    """The provider's id of the organization, from `StoredMethod`."""

    return_url: str | None = None
    """Where the payer comes back to; without it nobody is there to confirm anything."""

    expires_at: datetime | None = None
    """Where the provider has invoices, until when this one can be paid, UTC."""

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError(f"minor units are int, not {type(self.amount_minor).__name__}")
        if self.amount_minor <= 0:
            raise InvalidInput(f"a payment is above zero, not {self.amount_minor}")
        currency_exponent(self.currency)


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What is known of a payment now."""

    status: PaymentStatus
    provider_reference: str | None = None
    received_minor: int = 0
    """What arrived, in minor units of the payment's currency: less or more than asked for where
    payers choose the amount, and provisional while the status is pending."""

    fee_minor: int | None = None
    """The provider's fee; None where it is not known yet or is in another currency."""

    decline_code: str | None = None
    message: str | None = None
    checkout_url: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """A payment method that the provider keeps; no card number ever comes here."""

    reference: str
    buyer_reference: str
    brand: str
    last4: str | None
    expires: tuple[int, int] | None
    """Year and month of a card's expiry."""

    fingerprint: str | None
    """The same for the same card, whoever stores it: finds duplicate organizations."""


@dataclass(frozen=True, slots=True)
class ProviderNotice:
    """A verified message of the provider: it says that something happened, `look_up` says what."""

    event_id: str
    """The same however often it is delivered."""

    kind: str
    """The provider's own name of the event."""

    provider_reference: str | None
    payment_id: str | None
    status: PaymentStatus | None
    """As of the event, and notices overtake each other; None: it says nothing of a payment."""

    received_minor: int | None
    """None: not said."""

    currency: str | None
    occurred_at: datetime


class PaymentProvider(Protocol):
    """One way to be paid.

    Every call may raise ProviderUnreachable (safe to repeat) and ProviderRefused.
    """

    name: ClassVar[str]
    key_lifetime: ClassVar[timedelta | None]
    """How long a repeated idempotency key answers with the first result; None: for ever. A request
    that is older is never sent again: if `look_up` finds nothing, it was not charged."""

    def collect(self, request: PaymentRequest) -> PaymentAnswer:
        """Ask for the money; the same key twice is one payment.

        Raises IdempotencyKeyReused for a known key with other parameters. An answer that is lost
        after the request went out is a status of UNKNOWN, not an error.
        """

    def look_up(
        self, request: PaymentRequest, reference: str | None = None
    ) -> PaymentAnswer | None:
        """How the payment stands; without a reference it is found by our id.

        None: the provider has none of it. A request still on its way may arrive later, so only
        after `key_lifetime` is that final; before, the same request may be sent again. Raises
        ProviderRefused if the provider does not know its own reference: it is another account.
        """

    def cancel(self, reference: str) -> PaymentAnswer:
        """Give up a payment for which nothing arrived; else the answer says what is."""

    def attach_method(
        self, organization: str, method_reference: str, buyer_reference: str | None = None
    ) -> StoredMethod:
        """Keep a payment method for later charges; safe to repeat.

        `organization` is our public id; without a buyer reference the provider makes one.
        """

    def notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderNotice:
        """Verify and read a webhook delivery, byte for byte; raises NoticeRejected."""
