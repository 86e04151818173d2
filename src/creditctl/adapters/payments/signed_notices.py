"""What all signed webhook deliveries have in common."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from creditctl.adapters.payments.interface import NoticeRejected


def header_of(headers: Mapping[str, str], name: str) -> str:
    """The header in whatever case it came; raises NoticeRejected without it."""
    for key, value in headers.items():
        if key.lower() == name.lower():
            return value
    raise NoticeRejected(f"the notice has no {name} header")


def document_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a verified body; raises NoticeRejected for anything else."""
    try:
        document = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise NoticeRejected("the notice is not JSON") from None
    if not isinstance(document, dict):
        raise NoticeRejected("the notice is not a JSON object")
    return document


def text_of(document: Mapping[str, Any], name: str) -> str:
    """A member that has to be there; raises NoticeRejected."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise NoticeRejected(f"the notice does not say its {name}")
    return value


def instant_of(document: Mapping[str, Any], name: str) -> datetime:
    """Seconds since 1970 as an instant, UTC; raises NoticeRejected."""
    value = document.get(name)
    if type(value) is not int or not 0 <= value < 1 << 36:
        raise NoticeRejected(f"the notice does not say its {name}")
    return datetime.fromtimestamp(value, UTC)
