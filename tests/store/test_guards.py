"""Plain SQL tries to break every constraint and every trigger, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Table, UniqueConstraint

from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.tables import metadata
from creditctl.store.tables.ledger import PROVEN_BY_STATEMENT
from store.guard_rows import (
    APPEND_ONLY,
    BROKEN,
    CHANGEABLE,
    FINAL,
    UNIQUE_AMONG,
    USAGE,
    VALID,
    WHILE_DRAFT,
)

TABLES: dict[str, Table] = dict(metadata.tables)
OF_THEIR_OWN = {
    "organization_id",
    "reverses_id",
    "rolled_from_id",
    "merged_into_id",
    "supersedes_id",
    "grant_id",
    "subscription_id",
}
"""Foreign keys that differ from row to row."""

ROWS = {"organization": 5, "credit_grant": 3, "subscription": 4}
"""How many valid rows there are, where the next row of another table has to name its own."""

USES = {
    "ledger_entry.settles_id": USAGE | {"kind": "repayment"},
    "credit_note.purchase_id": {"invoice_id": None},
    "receivable_entry.charged_back_id": {"payment_id": None},
}
"""What a row must be to have that foreign key at all."""


def row(table: Table, number: int, dialect: str) -> dict[str, Any]:
    """The `number`-th valid row; most foreign keys name the first row of the other table."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.foreign_keys and column.name not in OF_THEIR_OWN:
            values[column.name] = 1
        elif column.type.python_type is bytes:
            values[column.name] = bytes([number])
        elif column.type.python_type is bool:
            values[column.name] = True if dialect == "postgresql" else 1
        else:
            values[column.name] = column.type.python_type(number)
    return values | VALID.get(table.name, {})


def insert(unit: UnitOfWork, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    unit.run(f"INSERT INTO {table} ({names}) VALUES ({places})", **values)


@pytest.fixture
def books(database: str) -> Iterator[UnitOfWork]:
    """Two valid rows in every table, more where others need them."""
    with unit_of_work(database) as unit:
        for table in metadata.sorted_tables:
            for number in range(1, ROWS.get(table.name, 2) + 1):
                insert(unit, table.name, row(table, number, unit.dialect))
        yield unit


@contextmanager
def undone(unit: UnitOfWork) -> Iterator[None]:
    unit.run("SAVEPOINT attempt")
    try:
        yield
    finally:
        # Beside PostgreSQL's driver, which would have the server forget what was ever prepared.
        with unit.in_one_trip():
            unit.run("ROLLBACK TO SAVEPOINT attempt")
            # One of the same name around it would otherwise stay hidden behind it.
            unit.run("RELEASE SAVEPOINT attempt")


def refusal(unit: UnitOfWork, attempt: Callable[[], object]) -> str:
    """What the database said against the attempt; empty when it let it happen."""
    import sqlite3

    import psycopg

    with undone(unit):
        try:
            attempt()
        except (sqlite3.Error, psycopg.Error) as problem:
            return str(problem)
    return ""


def refusals(unit: UnitOfWork, table: str, changes: dict[str, Any]) -> str:
    values = row(TABLES[table], ROWS.get(table, 2) + 1, unit.dialect) | changes
    return refusal(unit, lambda: insert(unit, table, values))


def test_a_third_valid_row_is_accepted_everywhere(books: UnitOfWork) -> None:
    assert {name: said for name in TABLES if (said := refusals(books, name, {}))} == {}


def test_every_check_of_the_schema_is_tried() -> None:
    checks = {
        str(check.name)
        for table in TABLES.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert checks == set(BROKEN)


def test_every_check_refuses_what_it_forbids(books: UnitOfWork) -> None:
    for name, changes in BROKEN.items():
        table = max((table for table in TABLES if name.startswith(f"ck_{table}_")), key=len)
        assert name in refusals(books, table, changes), name


def test_every_foreign_key_refuses_what_does_not_exist(books: UnitOfWork) -> None:
    for name, table in TABLES.items():
        for column in table.columns:
            if column.foreign_keys:
                nowhere = USES.get(f"{name}.{column.name}", {}) | {column.name: 777}
                said = refusals(books, name, nowhere).lower()
                assert "foreign key" in said, (name, column.name)


@pytest.mark.parametrize("column", PROVEN_BY_STATEMENT)
def test_one_entry_of_many_that_names_nothing_is_refused_with_all(
    books: UnitOfWork, column: str
) -> None:
    same = row(TABLES["ledger_entry"], 1, books.dialect) | USAGE
    del same["id"], same[column]
    places = ", ".join(f":{name}" for name in same)

    def attempt(*named: int) -> None:
        rows = ", ".join(f"({100 + i}, {one}, {places})" for i, one in enumerate(named))
        books.run(
            f"INSERT INTO ledger_entry (id, {column}, {', '.join(same)}) VALUES {rows}", **same
        )

    assert refusal(books, lambda: attempt(1, 1)) == ""
    assert "foreign key" in refusal(books, lambda: attempt(1, 777, 1)).lower()


def test_every_unique_key_refuses_a_second_row(books: UnitOfWork) -> None:
    for name, table in TABLES.items():
        keys = [list(table.primary_key)]
        keys += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
        unique = [index for index in table.indexes if index.unique]
        keys += [list(index.columns) for index in unique if index.name not in UNIQUE_AMONG]
        for key in keys:
            first = row(table, 1, books.dialect)
            said = refusals(books, name, {column.name: first[column.name] for column in key})
            assert "unique" in said.lower(), (name, key)


def test_a_unique_key_among_some_rows_refuses_a_second_of_those(books: UnitOfWork) -> None:
    for name, changes in UNIQUE_AMONG.items():
        (table,) = [t for t in TABLES.values() if name in {index.name for index in t.indexes}]
        first, second = (row(table, number, books.dialect) | changes for number in (3, 4))
        with undone(books):
            insert(books, table.name, first)
            said = refusal(books, lambda: insert(books, table.name, second))  # noqa: B023 - at once
        assert "unique" in said.lower(), name


def test_every_required_column_refuses_null(books: UnitOfWork) -> None:
    for name, table in TABLES.items():
        for column in table.columns:
            # SQLite chooses a number itself for a key of one integer column.
            is_rowid = list(table.primary_key) == [column] and column.type.python_type is int
            if not column.nullable and not is_rowid:
                said = refusals(books, name, {column.name: None}).lower()
                assert "not null" in said or "not-null" in said, (name, column.name)


@pytest.mark.parametrize("wrong", ["many", b"\x01", "1.5"])
def test_every_integer_column_refuses_other_types(books: UnitOfWork, wrong: object) -> None:
    for name, table in TABLES.items():
        for column in table.columns:
            if column.type.python_type is int:
                assert refusals(books, name, {column.name: wrong}), (name, column.name)


def test_an_integer_beyond_64_bits_is_refused(books: UnitOfWork) -> None:
    if books.dialect == "sqlite":
        with pytest.raises(OverflowError):
            refusals(books, "credit_grant", {"amount_micro": 2**63})
    else:
        assert "out of range" in refusals(books, "credit_grant", {"amount_micro": 2**63})


def test_no_column_of_the_schema_is_a_real_or_a_numeric(books: UnitOfWork) -> None:
    if books.dialect == "sqlite":
        types = books.fetch_rows(
            "SELECT DISTINCT c.type FROM sqlite_master AS t, pragma_table_info(t.name) AS c "
            "WHERE t.type = 'table' AND t.name NOT LIKE 'alembic%'"
        )
        assert {name for (name,) in types} == {"INTEGER", "TEXT", "BLOB"}
    else:
        types = books.fetch_rows(
            "SELECT DISTINCT data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
        )
        assert {name for (name,) in types} == {"bigint", "text", "bytea", "boolean"}


SINGLE_GUARDS = {
    "guard_credit_grant_earlier",
    "guard_notification_delivered",
    "guard_order_form_signed",
    "guard_order_form_status",
    "guard_order_instalment_insert",
    "guard_order_instalment_once",
    "guard_order_line_insert",
    "guard_invoice_delete",
    "guard_invoice_final",
    "guard_invoice_flags",
    "guard_invoice_forward",
    "guard_invoice_grows",
    "guard_invoice_void",
    *(
        f"guard_{table}_{event}"
        for table in ("invoice_line", "invoice_tax")
        for event in ("insert", "update", "delete")
    ),
}
"""Triggers beside those of every table that keeps its rows."""


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_an_append_only_table_refuses_update_and_delete(books: UnitOfWork, table: str) -> None:
    for column in TABLES[table].columns:
        said = refusal(books, lambda n=column.name: books.run(f"UPDATE {table} SET {n} = {n}"))  # type: ignore[misc]
        assert "append-only" in said, column.name
    assert "append-only" in refusal(books, lambda: books.run(f"DELETE FROM {table}"))


@pytest.mark.parametrize("table", sorted(CHANGEABLE))
def test_history_keeps_its_rows_and_its_facts(books: UnitOfWork, table: str) -> None:
    for column in TABLES[table].columns:
        said = refusal(books, lambda n=column.name: books.run(f"UPDATE {table} SET {n} = {n}"))  # type: ignore[misc]
        if column.name in CHANGEABLE[table]:
            assert said == "", column.name
        else:
            assert "keeps its history" in said, column.name
    assert "keep their history" in refusal(books, lambda: books.run(f"DELETE FROM {table}"))


@pytest.mark.parametrize("later", [10, None])
def test_a_grant_may_end_earlier_but_never_later(books: UnitOfWork, later: int | None) -> None:
    def end(at: int | None) -> str:
        change = "UPDATE credit_grant SET expires_at = :at WHERE id = 1"
        return refusal(books, lambda: books.run(change, at=at))

    assert end(8) == ""
    assert "may only end earlier" in end(later)


def test_what_was_signed_never_changes(books: UnitOfWork) -> None:
    def attempt(change: str) -> str:
        return refusal(books, lambda: books.run(change))

    sign = "UPDATE order_form SET status = 'signed', signer = 'Ann', signed_on = 3 WHERE id = 1"
    assert attempt(sign) == ""
    books.run(sign)
    assert "written once" in attempt("UPDATE order_form SET signer = 'Bob' WHERE id = 1")
    assert "written once" in attempt("UPDATE order_form SET signed_on = 4 WHERE id = 1")
    assert "no draft again" in attempt("UPDATE order_form SET status = 'draft' WHERE id = 1")
    assert "no more lines" in refusals(books, "order_line", {})
    assert "no more instalments" in refusals(books, "order_instalment", {})


@pytest.mark.parametrize("change", ["grant_id = 3", "booked_at = 9", "state = 'dropped'"])
def test_an_instalment_is_booked_or_dropped_once(books: UnitOfWork, change: str) -> None:
    said = refusal(books, lambda: books.run(f"UPDATE order_instalment SET {change} WHERE id = 1"))
    assert "once" in said


def test_what_was_delivered_stays_delivered(books: UnitOfWork) -> None:
    again = "UPDATE notification SET status = 'pending', delivered_at = NULL"
    assert "stays delivered" in refusal(books, lambda: books.run(again))


def test_a_notification_goes_only_when_it_is_over_and_that_is_noted(books: UnitOfWork) -> None:
    def gone(table: str, column: str) -> str:
        return refusal(books, lambda: books.run(f"DELETE FROM {table} WHERE {column} = 1"))

    # The first was delivered at 1, and its time is up at 9; the two rows say "before 1".
    of_acme = {"organization_id": 1}
    insert(books, "notification", row(TABLES["notification"], 5, books.dialect) | of_acme)
    noted = row(TABLES["notification_pruning"], 3, books.dialect)
    assert "append-only" in gone("delivery_attempt", "notification_id")
    assert "keep their history" in gone("notification", "id")
    insert(books, "notification_pruning", noted | {"ended_before": 2})
    with undone(books):
        books.run("DELETE FROM delivery_attempt WHERE notification_id = 1")
        books.run("DELETE FROM notification WHERE id = 1")
        later = refusal(books, lambda: books.run("DELETE FROM notification WHERE id = 5"))
        assert "keep their history" in later
    waits = of_acme | {"status": "pending", "delivered_at": None}
    insert(books, "notification", row(TABLES["notification"], 6, books.dialect) | waits)
    insert(books, "notification_pruning", noted | {"id": 4, "ended_before": 99})
    waiting = refusal(books, lambda: books.run("DELETE FROM notification WHERE id = 6"))
    assert "keep their history" in waiting
    books.run("DELETE FROM notification WHERE id = 5")


def test_a_draft_changes_and_goes_and_a_final_invoice_does_neither(books: UnitOfWork) -> None:
    def attempt(change: str) -> str:
        return refusal(books, lambda: books.run(change))

    changes = {
        "invoice": "UPDATE invoice SET total_minor = 4, tax_minor = 2 WHERE id = 1",
        "period": "UPDATE invoice SET ends_at = 8 WHERE id = 1",
        "flag": "UPDATE invoice SET stale = NOT stale WHERE id = 1",
        "line": "UPDATE invoice_line SET amount_minor = 9 WHERE invoice_id = 1",
        "tax": "UPDATE invoice_tax SET ppm = 9 WHERE invoice_id = 1",
        "no tax": "DELETE FROM invoice_tax WHERE invoice_id = 1",
    }
    assert {name: said for name, change in changes.items() if (said := attempt(change))} == {}
    gone = "DELETE FROM invoice_line WHERE invoice_id = 1"
    assert attempt(gone) == ""
    finalize(books, 1)
    for change in (*changes.values(), gone):
        assert "a final invoice never changes" in attempt(change), change
    for table in ("invoice_line", "invoice_tax"):
        assert "a final invoice never changes" in refusals(books, table, {"invoice_id": 1})
        moved = f"UPDATE {table} SET invoice_id = 1, position = 9 WHERE invoice_id = 2"
        if table == "invoice_tax":
            insert(books, table, row(TABLES[table], 7, books.dialect) | {"invoice_id": 2})
            assert "a final invoice never changes" in attempt(moved)
    for name in ("number = 'INV-2'", "finalized_at = 4", "due_on = 4", "document = 'x'"):
        change = f"UPDATE invoice SET {name} WHERE id = 1"
        assert "a final invoice never changes" in attempt(change), name
    assert "only drafts are deleted" in attempt("DELETE FROM invoice WHERE id = 1")


def finalize(unit: UnitOfWork, invoice_id: int) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in FINAL)
    unit.run(f"UPDATE invoice SET {changes} WHERE id = :id", id=invoice_id, **FINAL)


def test_an_invoice_only_goes_forward(books: UnitOfWork) -> None:
    def attempt(change: str) -> str:
        return refusal(books, lambda: books.run(f"UPDATE invoice SET {change} WHERE id = 1"))

    void = "status = 'void', voided_at = 3, void_reason = 'x', paid_at = NULL"
    assert "an invoice only goes forward" in attempt(void)
    finalize(books, 1)
    back = "status = 'draft', number = NULL, finalized_at = NULL, due_on = NULL"
    assert "final" in attempt(back) or "forward" in attempt(back)
    books.run("UPDATE invoice SET status = 'sent', sent_at = 4 WHERE id = 1")
    assert "an invoice only goes forward" in attempt("status = 'finalized'")
    assert "only grows" in attempt("paid_minor = 0")
    assert attempt(void) == ""
    books.run("UPDATE invoice SET status = 'paid', paid_minor = 3, paid_at = 4 WHERE id = 1")
    assert "an invoice only goes forward" in attempt("status = 'sent', paid_at = NULL")
    books.run("UPDATE invoice SET paid_minor = 9 WHERE id = 1")
    assert "only grows, but for a surplus" in attempt("paid_minor = 0")
    assert attempt("paid_minor = 5") == ""
    books.run(f"UPDATE invoice SET {void} WHERE id = 1")
    assert "a void invoice never changes" in attempt("void_reason = 'y'")


@pytest.mark.parametrize("table", sorted(APPEND_ONLY | set(CHANGEABLE)))
def test_there_is_no_way_around_the_delete_trigger(books: UnitOfWork, table: str) -> None:
    if books.dialect == "postgresql":
        said = refusal(books, lambda: books.run(f"TRUNCATE {table} CASCADE"))
    else:
        said = refusal(books, lambda: books.run(f"REPLACE INTO {table} SELECT * FROM {table}"))
    assert "history" in said or "append-only" in said


def test_every_trigger_of_the_database_is_tried(books: UnitOfWork) -> None:
    if books.dialect == "sqlite":
        sql = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        sql = "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    found = books.fetch_rows(sql)
    assert {table for _, table in found} == APPEND_ONLY | set(CHANGEABLE) | WHILE_DRAFT
    events = {"update", "delete"} | ({"truncate"} if books.dialect == "postgresql" else set())
    is_postgresql = books.dialect == "postgresql"
    truncating = WHILE_DRAFT if is_postgresql else set()
    proving = {"guard_ledger_entry_references"} if is_postgresql else set()
    assert {name for name, _ in found} == SINGLE_GUARDS | proving | {
        f"guard_{table}_truncate" for table in truncating
    } | {f"guard_{table}_{event}" for table in APPEND_ONLY | set(CHANGEABLE) for event in events}
