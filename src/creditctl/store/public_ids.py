"""Fresh public ids; the one place that draws randomness for them."""

import secrets
from datetime import datetime

from creditctl.rules.public_ids import ENTROPY_BYTES, public_id


def new_public_id(prefix: str, at: datetime) -> str:
    """A new id such as `org_01jb…`; unique, and sorted by the time it was made."""
    return public_id(prefix, at, secrets.token_bytes(ENTROPY_BYTES))
