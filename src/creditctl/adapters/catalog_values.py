"""Values as the canonical catalog file states them; what is a default is left out."""

from collections.abc import Mapping
from typing import Any

from creditctl.rules.units import Credits, decimal_text


def credits_value(credits: Credits) -> int | str:
    """Whole credits as a number, others as a text."""
    return micro_value(credits.micro)


def micro_value(micro: int) -> int | str:
    """Micro-credits as credits: a number or, for TOML's fractions would be floats, a text."""
    text = decimal_text(micro, 6)
    return text if "." in text else int(text)


def without(defaults: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that say something."""
    return {
        name: value
        for name, value in facts.items()
        if value is not None and value not in ([], {}) and defaults.get(name) != value
    }
