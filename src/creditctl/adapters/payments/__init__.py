"""Payment providers: one module per counterpart, named in `PROVIDERS`, loaded when it is used."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from creditctl.adapters.payments.interface import PaymentProvider
from creditctl.errors import InvalidInput

PROVIDERS = {
    "manual": "creditctl.adapters.payments.manual",
    "stripe": "creditctl.adapters.payments.stripe",
    "btcpay": "creditctl.adapters.payments.btcpay",
}
"""Provider name -> module, which offers `open_provider(settings)`."""


def provider_named(name: str, settings: Mapping[str, str]) -> PaymentProvider:
    """The provider, with its own settings by name; raises InvalidInput for what is unknown."""
    if name not in PROVIDERS:
        raise InvalidInput(
            f"unknown payment provider {name!r}", hint=f"providers: {', '.join(PROVIDERS)}"
        )
    return cast(PaymentProvider, import_module(PROVIDERS[name]).open_provider(settings))
