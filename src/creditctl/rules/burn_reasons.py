"""Burn-down in words: why a grant paid, why it did not, and why one came before another."""

from creditctl.rules.burn_down import Lot, burn_order
from creditctl.rules.instants import instant_of

_CRITERIA = (
    "credits come before a postpaid limit",
    "its priority number is lower",
    "it expires first",
    "it is for this product alone",
    "it cost nothing",
    "it is usable for longer",
    "it was granted first",
)
"""What each part of `burn_order` says, in its order."""


def why_before(first: Lot, second: Lot) -> str:
    """The first rule by which `first` is drawn before `second`."""
    for mine, other, words in zip(burn_order(first), burn_order(second), _CRITERIA, strict=True):
        if mine != other:
            return words
    return _CRITERIA[-1]


def why_ineligible(lot: Lot, product_id: int, at: int) -> str | None:
    """Why the grant may not pay for usage of the product at that time; None when it may."""
    if lot.product_id not in (None, product_id):
        return "it is for another product"
    if at < lot.effective_at:
        return f"it began on {instant_of(lot.effective_at):%Y-%m-%d %H:%M}"
    if at >= lot.expires_at:
        return f"it ended on {instant_of(lot.expires_at):%Y-%m-%d %H:%M}"
    return None
