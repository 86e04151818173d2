"""The migrations make the schema that the models describe, forwards and backwards."""

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


def differences(database: str) -> list[Any]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with _connection(database) as connection:
        options = {"compare_type": True}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        )


def downgrade(database: str, revision: str) -> None:
    from alembic import command

    with _connection(database) as connection:
        command.downgrade(_configuration(connection), revision)


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


def test_up_down_and_up_again_ends_with_the_same_schema(database: str) -> None:
    before = (tables(database), triggers(database))
    downgrade(database, "base")
    assert current_revision(database) is None
    assert tables(database) == set()
    migrate(database)
    assert current_revision(database) == HEAD
    assert (tables(database), triggers(database)) == before
    assert differences(database) == []


def test_every_single_step_can_be_undone_and_done_again(database: str) -> None:
    for number in range(int(HEAD), 0, -1):
        downgrade(database, "-1")
        migrate(database, f"{number:04d}")
        assert current_revision(database) == f"{number:04d}"
        downgrade(database, "-1")
    assert current_revision(database) is None


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
