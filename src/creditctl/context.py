"""What every service receives: which database, what time it is, who acts, and the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

ANYBODY = "*"
"""The name under which `Settings.ceilings` keeps what holds for everybody else."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Values a company sets once; `creditctl.config` reads them, services are handed them."""

    usage_grace: timedelta = timedelta(hours=72)
    """How long after its expiry a grant may still pay usage dated before it (DESIGN 3.3)."""

    dedup_window: timedelta = timedelta(hours=1)
    """An id seen again within this time is the same event (DESIGN 3.5); at most 24 h."""

    hold_timeout: timedelta = timedelta(minutes=5)
    """How long a call may hold credits before they are free again (DESIGN 3.7)."""

    late_window: int = 2
    """Invoiced periods whose late usage goes on the next invoice; older is put in quarantine."""

    invoice_grace: timedelta = timedelta(hours=72)
    """How long after its period's end an invoice stays a draft: usage may still come."""

    payment_days: int = 14
    """Days from an invoice's date to the day it is due on."""

    invoice_minimum: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """By currency, in minor units: what an invoice has to come to; less waits for the next one."""

    import_chunk: int | None = None
    """Events booked in one transaction, so that other writers get in between; None: as many as
    suit the database."""

    ceilings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """By actor: micro-credits above which a second person has to approve."""

    key_pepper: bytes | None = field(default=None, repr=False)
    """Mixed into the hashes of API keys, so that a stolen database cannot be searched for one."""

    audit_key: bytes | None = field(default=None, repr=False)
    """Seals audit entries; it lives outside the database, whose owner could forge plain hashes."""

    gate_counters: str | None = field(default=None, repr=False)
    """URL of the Redis or Valkey where the gate counts; None: in the database."""

    gate_secret: bytes | None = field(default=None, repr=False)
    """What callers of `gate serve` have to know; None: nothing, so it listens to this machine."""

    payments: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    """Settings of payment providers by their names; secrets are references (`env:`, `file:`)."""

    channels: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    """Settings of notification channels by their names; secrets are references too."""

    console_url: str | None = None
    """Where people look at an organization; `{org}` in it stands for the slug."""

    documents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """How documents look: logo, paper, language, footer, bank; lines of a list end with \\n."""

    ping_url: str | None = field(default=None, repr=False)
    """Where `limits check` says that it ran; whoever knows it can say so too."""

    metrics_file: Path | None = None
    """Where `limits check` writes metrics for Prometheus."""

    profile: str | None = None
    """The section of the configuration that was chosen, for the audit log."""


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
