"""The migrations make the schema that the models describe, forwards and backwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, inspect

from creditctl.errors import DatabaseMissing
from creditctl.store.engine import reading
from creditctl.store.migrate import (
    _configuration,
    _connection,
    create_file,
    current_revision,
    migrate,
)
from creditctl.store.schema_version import HEAD
from creditctl.store.tables import metadata
from creditctl.store.tables.ledger import PROVEN_BY_STATEMENT


@pytest.fixture(scope="module", autouse=True)
def migrations_loaded_once() -> Iterator[None]:
    """Every step that is made loads all of them: most of the time that this file would take."""
    from alembic.script import ScriptDirectory

    loaded = ScriptDirectory.from_config(_configuration(None))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptDirectory, "from_config", lambda _: loaded)
        yield


def differences(database: str) -> list[Any]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with _connection(database) as connection:
        options = {"compare_type": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        is_postgresql = connection.dialect.name == "postgresql"
    return [one for one in found if not (is_postgresql and is_proven_by_statement(one))]


def is_proven_by_statement(difference: Any) -> bool:
    """Whether a foreign key is missing for which there is a trigger; `test_guards` tries it."""
    kind, subject = difference[:2]
    if kind != "add_fk" or subject.table.name != "ledger_entry":
        return False
    return subject.column_keys in [[column] for column in PROVEN_BY_STATEMENT]


def downgrade(database: str, revision: str) -> None:
    from alembic import command

    with _connection(database) as connection:
        command.downgrade(_configuration(connection), revision)


def revisions(database: str) -> list[str]:
    """Every revision, the newest first."""
    from alembic.script import ScriptDirectory

    with _connection(database) as connection:
        scripts = ScriptDirectory.from_config(_configuration(connection))
        return [script.revision for script in scripts.walk_revisions()]


def tables(database: str) -> set[str]:
    with _connection(database) as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def triggers(database: str) -> int:
    sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger'"
    if database.startswith("postgresql"):
        sql = "SELECT COUNT(*) FROM pg_trigger WHERE NOT tgisinternal"
    with reading(database) as unit:
        return int(unit.fetch_value(sql))


def test_the_models_and_the_migrations_describe_the_same_schema(database: str) -> None:
    assert differences(database) == []


def test_the_models_and_the_migrations_have_the_same_checks(sqlite_database: str) -> None:
    """Alembic compares no CHECKs; SQLite keeps their text as it was written."""
    with _connection(sqlite_database) as connection:
        inspector = inspect(connection)
        migrated = {
            check["name"]: check["sqltext"]
            for table in metadata.tables
            for check in inspector.get_check_constraints(table)
        }
    modelled = {
        str(check.name): str(check.sqltext)
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert migrated == modelled


def test_every_step_can_be_undone_and_done_again_and_ends_with_the_same_schema(
    database: str,
) -> None:
    before = (tables(database), triggers(database))
    for revision in revisions(database):
        downgrade(database, "-1")
        migrate(database, revision)
        assert current_revision(database) == revision
        downgrade(database, "-1")
    assert current_revision(database) is None
    assert tables(database) == set()
    migrate(database)
    assert current_revision(database) == HEAD
    assert (tables(database), triggers(database)) == before
    assert differences(database) == []


def fill(database: str) -> dict[str, list[tuple[Any, ...]]]:
    """Write a row into tables of the first schema; returns what they hold."""
    flag = "false" if database.startswith("postgresql") else "0"
    statements = (
        (
            "INSERT INTO organization (id, public_id, slug, legal_name, billing_email, kind,"
            " status, created_at) VALUES (1, 'org_1', 'acme', 'Acme Ltd', 'ap@acme.example',"
            " 'registered', 'active', 5)"
        ),
        (
            "INSERT INTO credit_grant (id, public_id, organization_id, source, amount_micro,"
            " remaining_micro, expired_micro, priority, effective_at, created_at)"
            " VALUES (1, 'grant_1', 1, 'goodwill', 9, 9, 0, 50, 5, 5)"
        ),
        (
            "INSERT INTO ledger_entry (id, organization_id, grant_id, kind, amount_micro, event_at,"
            " recorded_at, posting_day, actor, reason)"
            " VALUES (1, 1, 1, 'grant', 9, 5, 5, 0, 'a', 'b')"
        ),
        "INSERT INTO plan (id, name) VALUES (1, 'pro')",
        (
            "INSERT INTO catalog_version (id, name, currency, list_price, effective_from,"
            " applied_at, actor, sha256, source) VALUES (1, 'c', 'USD', '1', 5, 5, 'a', 's', '')"
        ),
        (
            "INSERT INTO plan_version (id, plan_id, catalog_version_id, effective_from, title,"
            " fee_minor, interval, allowance_micro, rollover, postpaid_limit_micro, unlimited,"
            " tiers, limits, capabilities)"
            f" VALUES (1, 1, 1, 5, 'Pro', 1, 'month', 1, 'reset', 0, {flag}, '[]', '{{}}', '{{}}')"
        ),
        (
            "INSERT INTO audit_entry (id, recorded_at, actor, host, action, subject, reason)"
            " VALUES (1, 5, 'a', 'h', 'x.y', 's', '')"
        ),
    )
    with _connection(database) as connection, connection.begin():
        for statement in statements:
            connection.exec_driver_sql(statement)
    return kept(database)


def kept(database: str) -> dict[str, list[tuple[Any, ...]]]:
    columns = {
        "organization": "id, public_id, slug, legal_name, billing_email, kind, status, created_at",
        "credit_grant": "id, public_id, amount_micro, remaining_micro, effective_at, expires_at",
        "ledger_entry": "id, organization_id, grant_id, kind, amount_micro, actor, reason",
        "plan_version": "id, plan_id, title, fee_minor, rollover, tiers",
        "audit_entry": "id, recorded_at, actor, host, action",
    }
    with _connection(database) as connection:
        return {
            table: [
                tuple(row) for row in connection.exec_driver_sql(f"SELECT {names} FROM {table}")
            ]
            for table, names in columns.items()
        }


def test_rows_of_the_first_release_stay_what_they_are_up_and_down(database: str) -> None:
    downgrade(database, "0007")
    before = fill(database)
    migrate(database)
    assert kept(database) == before
    with reading(database) as unit:
        signals = unit.fetch_rows("SELECT kind, value FROM organization_signal ORDER BY kind")
    assert [tuple(row) for row in signals] == [
        ("domain", "acme.example"),
        ("email", "ap@acme.example"),
        ("legal_name", "acme"),
    ]
    downgrade(database, "0007")
    assert kept(database) == before


def test_promotions_count_what_they_gave_before_they_were_counted(database: str) -> None:
    """And whoever was refused has not claimed its own identity any more."""
    downgrade(database, "0013")
    flag = "false" if database.startswith("postgresql") else "0"
    organizations = ((1, "one"), (2, "two"), (3, "visitor"))
    grants = ((1, "promotion", "'welcome'"), (2, "promotion", "'welcome'"), (3, "guest", "NULL"))
    claims = (("welcome", "email", 1), ("other", "email", 1), ("guest", "device", 3))
    statements = [
        *(
            "INSERT INTO organization (id, public_id, slug, legal_name, kind, status, created_at,"
            f" aligned) VALUES ({number}, 'o{number}', '{slug}', 'x', 'registered', 'active', 5,"
            f" {flag})"
            for number, slug in organizations
        ),
        *(
            "INSERT INTO credit_grant (id, public_id, organization_id, source, amount_micro,"
            " remaining_micro, expired_micro, priority, effective_at, created_at, promotion)"
            f" VALUES ({owner}, 'g{owner}', {owner}, '{source}', 9, 9, 0, 50, 5, 5, {promotion})"
            for owner, source, promotion in grants
        ),
        *(
            "INSERT INTO promotion_claim (promotion, kind, value, organization_id)"
            f" VALUES ('{promotion}', '{kind}', 'x', {owner})"
            for promotion, kind, owner in claims
        ),
    ]
    with _connection(database) as connection, connection.begin():
        for statement in statements:
            connection.exec_driver_sql(statement)
    migrate(database)
    with reading(database) as unit:
        counted = unit.fetch_rows("SELECT name, given_micro, redemptions FROM promotion")
        kept_claims = unit.fetch_rows("SELECT promotion FROM promotion_claim ORDER BY promotion")
    assert [tuple(row) for row in counted] == [("welcome", 18, 2)]
    assert [name for (name,) in kept_claims] == ["guest", "welcome"]


def test_migrating_twice_changes_nothing(database: str) -> None:
    migrate(database)
    assert current_revision(database) == HEAD


def test_a_new_file_is_readable_by_its_owner_alone(tmp_path: Any) -> None:
    path = tmp_path / "deep" / "down" / "books.db"
    create_file(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_migrated_where_there_is_no_file(tmp_path: Any) -> None:
    with pytest.raises(DatabaseMissing, match="there is no database"):
        migrate(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
