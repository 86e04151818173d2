"""Proof that the audit log is as it was written: `audit verify`, and its head to keep elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import AuditKeyMissing, InvalidInput
from creditctl.rules.audit_chain import GENESIS, key_id_of, keys_in, seal_of
from creditctl.rules.instants import instant_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.audit import (
    SealedRow,
    count_audit_entries,
    newest_seal,
    sealed_after,
)

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

    unkeyed: int
    """Entries from before the log had a key: whoever owns the database could have written them."""

    head: str | None
    first_bad: int | None
    problem: str | None


def read_audit_head(context: Context) -> AuditHead:
    """The head of the chain; raises InvalidInput while nothing is written."""
    with reading(context.database) as unit:
        newest = newest_seal(unit)
        if newest is None or newest.seal is None:
            raise InvalidInput("the audit log is empty", hint="it begins with the first change")
        count = count_audit_entries(unit)
    return AuditHead(count, newest.id, instant_of(newest.recorded_at), newest.seal, newest.key_id)


def verify_audit_log(context: Context, *, head: str | None = None) -> AuditProof:
    """Check every seal; with `head`, also that the entry it was read from is still there.

    Raises AuditKeyMissing where entries were sealed with a key that is not configured, and
    InvalidInput for a head that is none.
    """
    if head is not None and (len(head) != _SEAL_LENGTH or not head.isalnum()):
        raise InvalidInput(f"{head!r} is no head", hint="'creditctl audit head' prints it")
    secret = context.settings.audit_key
    with reading(context.database) as unit:
        proof = prove(unit, secret, head)
    has_no_keyed = proof.entries == proof.before_chain + proof.unkeyed
    if secret is not None and proof.verified and proof.entries and has_no_keyed:
        problem = (
            "no entry is sealed with the key yet: whoever owns the database may have written it"
        )
        return replace(proof, verified=False, problem=problem)
    return proof


def prove(unit: UnitOfWork, secret: bytes | None, head: str | None = None) -> AuditProof:
    """Check every seal, and `head`, in an open transaction; raises AuditKeyMissing."""
    keys = {key_id_of(key): key for key in keys_in(secret)}
    entries = before_chain = unkeyed = 0
    last, seen_head = None, head is None

    def proof(first_bad: int | None = None, problem: str | None = None) -> AuditProof:
        return AuditProof(problem is None, entries, before_chain, unkeyed, last, first_bad, problem)

    for row in _rows(unit):
        has_keyed_before = entries > before_chain + unkeyed
        entries += 1
        if row.seal is None and last is None:
            before_chain += 1
            continue
        if problem := _problem(row, last or GENESIS, keys, has_keyed_before=has_keyed_before):
            return proof(row.id, problem)
        last = row.seal
        unkeyed += row.key_id is None
        seen_head = seen_head or last == head
    if not seen_head:
        return proof(problem="the entry of that head is gone: the end of the log was cut off")
    return proof()


def _rows(unit: UnitOfWork) -> Iterator[SealedRow]:
    last = -(2**63)
    while page := sealed_after(unit, last, _PAGE):
        yield from page
        last = page[-1].id


def _problem(
    row: SealedRow, before: str, keys: Mapping[str | None, bytes], *, has_keyed_before: bool
) -> str | None:
    """What is wrong with an entry, given the seal before it."""
    if row.seal is None:
        return "it has no seal"
    if row.key_id is None and has_keyed_before:
        return "it is sealed without a key, and those before it with one"
    if row.key_id is not None and row.key_id not in keys:
        raise AuditKeyMissing(f"entry {row.id} was sealed with key {row.key_id}")
    facts = {name: getattr(row, name) for name in _FACTS}
    if seal_of(before, facts, keys.get(row.key_id)) != row.seal:
        return "it, or an entry just before it, is not as it was written"
    return None
