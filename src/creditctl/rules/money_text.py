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
