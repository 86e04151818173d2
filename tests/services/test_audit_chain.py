"""The audit log is a chain: whatever is changed by hand is found, at its place."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace

import pytest

from builders import an_organization, give, open_books
from creditctl.context import Context, Settings
from creditctl.errors import AuditKeyMissing, InvalidInput
from creditctl.rules.audit_chain import GENESIS, key_id_of, seal_of
from creditctl.services.audit import list_audit_entries
from creditctl.services.audit_chain import AuditProof, read_audit_head, verify_audit_log
from creditctl.services.checks import AUDIT_LOG, run_checks
from creditctl.services.orgs import create_organization
from creditctl.store import driver_postgres, driver_sqlite
from creditctl.store.engine import reading
from creditctl.store.queries.audit import sealed_after

KEYED = Settings(audit_key=b"a secret that is not in the database", profile="production")


@pytest.fixture
def books(context: Context) -> Context:
    """Six entries: the catalog, an organization, four grants; sealed with a key."""
    keyed = replace(context, settings=KEYED)
    open_books(keyed)
    an_organization(keyed)
    for amount in ("1", "2", "3", "4"):
        give(keyed, "acme", amount)
    return keyed


def tamper(context: Context, *statements: str) -> AuditProof:
    """Change the log as no command can, and verify it."""
    driver = driver_sqlite if context.database.startswith("sqlite") else driver_postgres
    with closing(driver.connect(context.database, read_only=False)) as connection:
        if driver is driver_sqlite:
            for name in ("update", "delete"):
                connection.execute(f"DROP TRIGGER guard_audit_entry_{name}")
        else:
            connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return verify_audit_log(context)


def test_a_log_that_nobody_touched_is_verified_to_its_head(books: Context) -> None:
    proof = verify_audit_log(books)
    assert (proof.verified, proof.entries, proof.before_chain) == (True, 6, 0)
    head = read_audit_head(books)
    assert (head.head, head.entries) == (proof.head, 6)
    assert head.key_id == key_id_of(KEYED.audit_key)


def test_an_entry_says_which_profile_and_which_machine(books: Context) -> None:
    entry = list_audit_entries(books, limit=1)[0]
    assert entry.profile == "production"
    assert "@" in entry.host


@pytest.mark.broken_books
@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit_entry SET actor = 'mallory' WHERE id = 3", 3),
        ("UPDATE audit_entry SET after = '{}' WHERE id = 1", 1),
        ("UPDATE audit_entry SET recorded_at = recorded_at + 1 WHERE id = 6", 6),
        ("UPDATE audit_entry SET reason = 'nothing' WHERE id = 4", 4),
        ("DELETE FROM audit_entry WHERE id = 3", 4),
        ("DELETE FROM audit_entry WHERE id = 1", 2),
        ("UPDATE audit_entry SET id = 7 WHERE id = 3", 4),
        ("UPDATE audit_entry SET seal = NULL WHERE id = 5", 5),
        (
            (
                "INSERT INTO audit_entry (id, recorded_at, actor, host, action, subject, reason)"
                " VALUES (7, 1, 'm', 'h', 'x.y', 's', '')"
            ),
            7,
        ),
    ],
)
def test_the_first_entry_that_is_not_as_it_was_written_is_named(
    books: Context, statement: str, first_bad: int
) -> None:
    proof = tamper(books, statement)
    assert (proof.verified, proof.first_bad) == (False, first_bad)
    assert [finding.invariant for finding in run_checks(books)] == [AUDIT_LOG]


@pytest.mark.broken_books
def test_a_new_seal_needs_the_key(books: Context) -> None:
    # who owns the database seals a changed entry without the key: the chain shows it
    with reading(books.database) as unit:
        previous = unit.fetch_value("SELECT seal FROM audit_entry WHERE id = 5")
    forged = seal_of(str(previous), {"actor": "mallory"}, None)
    proof = tamper(books, f"UPDATE audit_entry SET seal = '{forged}' WHERE id = 6")
    assert proof.first_bad == 6


@pytest.mark.broken_books
def test_an_end_that_was_cut_off_is_found_by_the_head_that_was_kept(books: Context) -> None:
    head = read_audit_head(books).head
    assert verify_audit_log(books, head=head).verified
    assert tamper(books, "DELETE FROM audit_entry WHERE id > 4").verified
    proof = verify_audit_log(books, head=head)
    assert (proof.verified, proof.first_bad) == (False, None)
    assert proof.problem is not None
    assert "cut off" in proof.problem


def test_a_head_stays_good_while_the_log_grows(books: Context) -> None:
    head = read_audit_head(books).head
    give(books, "acme", "5")
    assert verify_audit_log(books, head=head).verified
    with pytest.raises(InvalidInput, match="is no head"):
        verify_audit_log(books, head="abc")


@pytest.mark.broken_books
def test_without_its_key_a_log_cannot_be_verified(books: Context) -> None:
    for settings in (Settings(), Settings(audit_key=b"another")):
        with pytest.raises(AuditKeyMissing, match="was sealed with key"):
            verify_audit_log(replace(books, settings=settings))


def test_a_new_key_seals_and_the_older_one_still_verifies(books: Context) -> None:
    both = replace(books, settings=Settings(audit_key=b"a new secret\n" + (KEYED.audit_key or b"")))
    give(both, "acme", "5")
    proof = verify_audit_log(both)
    assert (proof.verified, proof.entries, proof.unkeyed) == (True, 7, 0)
    assert read_audit_head(both).key_id == key_id_of(b"a new secret")
    with pytest.raises(AuditKeyMissing, match="entry 7 was sealed with key"):
        verify_audit_log(books)


def test_once_there_is_a_key_nothing_is_changed_without_one(books: Context) -> None:
    keyless = replace(books, settings=Settings())
    with pytest.raises(AuditKeyMissing, match="and none is set"):
        give(keyless, "acme", "5")
    proof = verify_audit_log(books)
    assert (proof.verified, proof.entries) == (True, 6)


@pytest.mark.broken_books
def test_a_forger_cannot_leave_the_key_out(books: Context) -> None:
    # a whole entry of their own, soundly sealed, but as it was before the log had a key
    with reading(books.database) as unit:
        before, last = sealed_after(unit, 4, 2)
    facts = asdict(last) | {"actor": "mallory"}
    facts = {name: facts[name] for name in facts if name not in ("id", "seal", "key_id")}
    forged = seal_of(str(before.seal), facts, None)
    proof = tamper(
        books,
        f"UPDATE audit_entry SET actor = 'mallory', key_id = NULL, seal = '{forged}' WHERE id = 6",
    )
    assert (proof.verified, proof.first_bad) == (False, 6)
    assert proof.problem == "it is sealed without a key, and those before it with one"


def test_entries_from_before_the_key_are_counted(context: Context) -> None:
    create_organization(context, "acme")
    keyed = replace(context, settings=KEYED)
    early = verify_audit_log(keyed)
    assert (early.verified, early.first_bad, early.unkeyed) == (False, None, 1)
    assert early.problem is not None
    assert "no entry is sealed with the key yet" in early.problem
    create_organization(keyed, "beta")
    later = verify_audit_log(keyed)
    assert (later.verified, later.entries, later.unkeyed) == (True, 2, 1)


def test_without_any_key_it_is_a_chain_of_plain_digests(context: Context) -> None:
    create_organization(context, "acme")
    proof = verify_audit_log(context)
    assert (proof.verified, proof.entries) == (True, 1)
    assert read_audit_head(context).key_id is None


@pytest.mark.broken_books
def test_entries_from_before_the_chain_are_counted_and_prove_nothing(books: Context) -> None:
    proof = tamper(
        books,
        "INSERT INTO audit_entry (id, recorded_at, actor, host, action, subject, reason)"
        " VALUES (0, 1, 'm', 'h', 'x.y', 's', '')",
    )
    assert (proof.verified, proof.before_chain, proof.entries) == (True, 1, 7)


def test_writers_at_the_same_moment_make_one_chain(books: Context) -> None:
    def write(number: int) -> None:
        create_organization(books, f"org-{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    proof = verify_audit_log(books)
    assert (proof.verified, proof.entries) == (True, 18)


def test_an_empty_log_has_no_head(context: Context) -> None:
    with pytest.raises(InvalidInput, match="is empty"):
        read_audit_head(context)
    assert verify_audit_log(context).head is None


def test_a_seal_depends_on_everything_before_it_and_on_the_key() -> None:
    entry = {"actor": "ann", "action": "x.y"}
    seals = {
        seal_of(GENESIS, entry, None),
        seal_of(GENESIS, entry, b"k"),
        seal_of("1" * 64, entry, b"k"),
        seal_of(GENESIS, entry | {"actor": "eve"}, b"k"),
    }
    assert len(seals) == 4
    assert seal_of(GENESIS, dict(reversed(entry.items())), b"k") in seals
