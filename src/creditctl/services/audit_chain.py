"""Proof that the audit log is as it was written: `audit verify`, and its head to keep elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AuditKeyMissing, InvalidInput
from creditctl.rules.audit_chain import GENESIS, key_id_of, seal_of
from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.audit import SealedRow, newest_seal, sealed_after

_PAGE = 10_000
_SEAL_LENGTH = 64
_FACTS = (
    "recorded_at",
    "actor",
    "host",
    "profile",
    "action",
    "subject",
    "organization_id",
    "reason",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The seal of the newest entry: signed or mailed, it proves everything before it."""

    entries: int
    entry: int
    recorded_at: datetime
    head: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class AuditProof:
    """What `audit verify` found; `first_bad` is the first entry that is not as it was written."""

    verified: bool
    entries: int
    before_chain: int
    """Entries from before the log was chained, which prove nothing."""

    head: str | None
    first_bad: int | None
    problem: str | None


def read_audit_head(context: Context) -> AuditHead:
    """The head of the chain; raises InvalidInput while nothing is written."""
    with reading(context.database) as unit:
        newest = newest_seal(unit)
        if newest is None or newest.seal is None:
            raise InvalidInput("the audit log is empty", hint="it begins with the first change")
        count = int(unit.fetch_value("SELECT COUNT(*) FROM audit_entry"))
    return AuditHead(count, newest.id, instant_of(newest.recorded_at), newest.seal, newest.key_id)


def verify_audit_log(context: Context, *, head: str | None = None) -> AuditProof:
    """Check every seal; with `head`, also that the entry it was read from is still there.

    Raises AuditKeyMissing where entries were sealed with a key that is not configured, and
    InvalidInput for a head that is none.
    """
    if head is not None and (len(head) != _SEAL_LENGTH or not head.isalnum()):
        raise InvalidInput(f"{head!r} is no head", hint="'creditctl audit head' prints it")
    with reading(context.database) as unit:
        return prove(unit, context.settings.audit_key, head)


def prove(unit: UnitOfWork, key: bytes | None, head: str | None = None) -> AuditProof:
    """The same in an open transaction."""
    previous, entries, before_chain = GENESIS, 0, 0
    seen_head = head is None
    for row in _rows(unit):
        entries += 1
        if row.seal is None and previous == GENESIS:
            before_chain += 1
            continue
        if problem := _problem(row, previous, key):
            return AuditProof(False, entries, before_chain, previous, row.id, problem)
        previous = row.seal or ""
        seen_head = seen_head or previous == head
    shown = None if previous == GENESIS else previous
    if not seen_head:
        problem = "the entry of that head is gone: the end of the log was cut off"
        return AuditProof(False, entries, before_chain, shown, None, problem)
    return AuditProof(True, entries, before_chain, shown, None, None)


def _rows(unit: UnitOfWork) -> Iterator[SealedRow]:
    last = -(2**63)
    while page := sealed_after(unit, last, _PAGE):
        yield from page
        last = page[-1].id


def _problem(row: SealedRow, previous: str, key: bytes | None) -> str | None:
    if row.seal is None:
        return "it has no seal"
    if row.key_id not in (None, key_id_of(key)):
        raise AuditKeyMissing(f"entry {row.id} was sealed with key {row.key_id}")
    facts = {name: getattr(row, name) for name in _FACTS}
    used = None if row.key_id is None else key
    if seal_of(previous, facts, used) != row.seal:
        return "it, or an entry just before it, is not as it was written"
    return None
