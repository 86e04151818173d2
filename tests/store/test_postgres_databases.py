"""What one test leaves in a database that is lent again, the next one does not find."""

from datetime import UTC, datetime

import pytest

from creditctl.context import Context
from creditctl.services.orgs import create_organization
from creditctl.store.engine import reading
from creditctl.store.queries.orgs import find_organization
from postgres_databases import EmptyDatabases, on_server

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def organization(url: str) -> int:
    """The id of a new organization."""
    create_organization(Context(url, NOW, "tester"), "acme")
    with reading(url) as unit:
        return find_organization(unit, "acme").id


def rows(url: str) -> int:
    with reading(url) as unit:
        return int(unit.fetch_value("SELECT COUNT(*) FROM organization"))


def test_a_database_is_lent_again_empty_and_counts_from_one(
    postgres_databases: EmptyDatabases,
) -> None:
    with postgres_databases.lent() as first:
        assert organization(first.url) == 1
    with postgres_databases.lent() as second:
        assert second.name == first.name
        assert rows(second.url) == 0
        assert organization(second.url) == 1


def test_two_at_a_time_are_two(postgres_databases: EmptyDatabases) -> None:
    with postgres_databases.lent() as one, postgres_databases.lent() as other:
        organization(one.url)
        assert (rows(one.url), rows(other.url)) == (1, 0)


def test_what_was_not_committed_does_not_hold_up_the_next(
    postgres_databases: EmptyDatabases,
) -> None:
    import psycopg

    with postgres_databases.lent() as lent:
        left_open = psycopg.connect(lent.url)
        left_open.execute("LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
    with postgres_databases.lent() as again:
        assert again.name == lent.name
        assert rows(again.url) == 0
    left_open.close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE organization ADD COLUMN shoe_size INTEGER",
        "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
        "ALTER TABLE organization ALTER COLUMN slug SET DEFAULT 'none'",
        "CREATE TABLE shelf (id INTEGER)",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM alembic_version",
        "DROP INDEX {index}",
        "ALTER TABLE organization DROP CONSTRAINT {constraint}",
    ],
)
def test_a_database_with_another_schema_is_not_lent_again(
    postgres_databases: EmptyDatabases, change: str
) -> None:
    import psycopg

    with postgres_databases.lent() as lent:
        with psycopg.connect(lent.url) as connection:
            (index,) = connection.execute(
                "SELECT MIN(indexrelid::regclass::text) FROM pg_index AS i JOIN pg_class AS r"
                " ON r.oid = i.indrelid WHERE NOT indisunique AND relname NOT LIKE 'pg_%'"
            ).fetchone() or ("",)
            (constraint,) = connection.execute(
                "SELECT MIN(conname) FROM pg_constraint"
                " WHERE conrelid = 'organization'::regclass AND contype = 'c'"
            ).fetchone() or ("",)
        on_server(lent.url, change.format(index=index, constraint=constraint))
    with postgres_databases.lent() as another:
        assert another.name != lent.name
        assert organization(another.url) == 1
