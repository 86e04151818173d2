"""Money as people type it: an amount and its currency in one word."""

import re

from creditctl.errors import InvalidInput
from creditctl.rules.units import Money

_MONEY = re.compile(r"(?P<amount>[0-9]+(\.[0-9]+)?) ?(?P<currency>[A-Za-z]{3})", re.ASCII)


def parse_money(text: str) -> Money:
    """Read `50EUR` or `49.90 usd`; raises InvalidInput, also for places the currency lacks."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"{text!r} is not a sum with its currency", hint="write it like 50EUR or 49.90USD"
        )
    return Money.parse(found["amount"], found["currency"].upper())


def parse_amounts(text: str) -> dict[str, int]:
    """Read `5 USD, 4.50 EUR` as minor units by currency; raises InvalidInput for one twice."""
    amounts = [parse_money(part) for part in text.split(",") if part.strip()]
    found = {amount.currency: amount.minor for amount in amounts}
    if len(found) < len(amounts):
        raise InvalidInput(
            f"{text!r} names a currency twice", hint='write it like "5 USD, 4.50 EUR"'
        )
    return found
