"""Stripe's amounts: integers whose decimal places differ from ISO 4217 for some currencies.

Source: docs.stripe.com/currencies, "Zero-decimal currencies", "Special cases" and "Three-decimal
currencies".
"""

from decimal import Decimal

from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import rounded_half_up

_PLACES = {
    "ISK": 2,  # has none, but is still given as hundredths that are zero
    "MGA": 0,  # ISO 4217 says two, though nobody pays hundredths of it
    "UGX": 2,  # like ISK
}
_THREE_PLACES = 3


def to_stripe(minor: int, currency: str) -> int:
    """ISO minor units as Stripe counts them; raises InvalidInput for what it cannot charge."""
    exponent = currency_exponent(currency)
    shift = _PLACES.get(currency, exponent) - exponent
    scale: int = 10 ** abs(shift)
    amount, remainder = (minor * scale, 0) if shift >= 0 else divmod(minor, scale)
    if remainder or (exponent == _THREE_PLACES and amount % 10):
        raise InvalidInput(
            f"Stripe cannot charge {minor} minor units of {currency}",
            hint="its last digits must be zero: whole units of MGA, hundredths of KWD",
        )
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount in ISO minor units; a fee of fractions is rounded half-up."""
    shift = currency_exponent(currency) - _PLACES.get(currency, currency_exponent(currency))
    return rounded_half_up(Decimal(amount).scaleb(shift))
