"""What every service receives: which database, what time it is, who acts, and the settings."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """Values a company sets once; `creditctl.config` reads them, services are handed them."""

    usage_grace: timedelta = timedelta(hours=72)
    """How long after its expiry a grant may still pay usage dated before it (DESIGN 3.3)."""

    dedup_window: timedelta = timedelta(hours=1)
    """An id seen again within this time is the same event (DESIGN 3.5); at most 24 h."""

    import_chunk: int = 100_000
    """Events booked in one transaction, so that other writers get in between."""


@dataclass(frozen=True, slots=True)
class Context:
    """Frozen, opens nothing, imports nothing; made once per command by the cli."""

    database: str
    """`sqlite:///PATH` or `postgresql://…`."""

    now: datetime
    """The command's time, UTC; `--as-of` sets it."""

    actor: str
    """Who acts: written into the ledger and the audit log."""

    settings: Settings = field(default_factory=Settings)
