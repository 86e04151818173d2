"""Payments that finance records by hand: bank transfers, cheques, whatever arrives elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from creditctl.adapters.payments.interface import (
    NoticeRejected,
    PaymentAnswer,
    PaymentProvider,
    PaymentRequest,
    PaymentStatus,
    ProviderNotice,
    ProviderRefused,
    StoredMethod,
)
from creditctl.adapters.settings import read_settings


@dataclass(frozen=True, slots=True)
class ManualSettings:
    """What payers are told."""

    instructions: str | None = None
    """How to pay, such as the bank account."""


@dataclass(frozen=True, slots=True)
class Manual:
    """A payment is pending until somebody records it; nothing is asked of anyone."""

    settings: ManualSettings

    name: ClassVar[str] = "manual"
    key_lifetime: ClassVar[timedelta | None] = None

    def collect(self, request: PaymentRequest) -> PaymentAnswer:
        """Pending, under our own id, with the instructions."""
        return PaymentAnswer(
            PaymentStatus.PENDING,
            provider_reference=request.payment_id,
            message=self.settings.instructions,
        )

    def look_up(self, request: PaymentRequest, reference: str | None = None) -> PaymentAnswer:
        """Pending: what arrived is known to finance alone."""
        if reference not in (None, request.payment_id):
            raise ProviderRefused(f"{reference} is not the payment {request.payment_id}")
        return self.collect(request)

    def cancel(self, reference: str) -> PaymentAnswer:
        """Cancelled: there is nobody to tell."""
        return PaymentAnswer(PaymentStatus.CANCELLED, provider_reference=reference)

    def attach_method(
        self, organization: str, method_reference: str, buyer_reference: str | None = None
    ) -> StoredMethod:
        """Refused: nothing can be charged."""
        raise ProviderRefused(
            "manual payments have no stored payment method",
            hint="choose a provider that can charge, such as stripe",
        )

    def notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderNotice:
        """Rejected: whoever sends one is not a provider."""
        raise NoticeRejected("no provider sends notices of manual payments")


def open_provider(settings: Mapping[str, str]) -> PaymentProvider:
    """The provider with these settings; raises InvalidInput."""
    return Manual(read_settings(ManualSettings, "manual", settings))
