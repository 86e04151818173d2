"""Triggers that make the database itself refuse what the rules forbid, on both dialects."""

from alembic import op

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION creditctl_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def append_only(table: str) -> None:
    """Refuse every UPDATE and DELETE of the table's rows."""
    _refuse(table, "UPDATE", f"{table} is append-only")
    keep_rows(table, f"{table} is append-only")


def keep_rows(table: str, message: str) -> None:
    """Refuse every DELETE, and on PostgreSQL TRUNCATE, of the table's rows."""
    _refuse(table, "DELETE", message)
    if op.get_bind().dialect.name == "postgresql":
        _refuse(table, "TRUNCATE", message)


def keep_columns(table: str, columns: list[str]) -> None:
    """Refuse changing these columns once a row is written."""
    _refuse(table, f"UPDATE OF {', '.join(columns)}", f"{table} keeps its history")


def _refuse(table: str, event: str, message: str) -> None:
    name = f"guard_{table}_{event.split(maxsplit=1)[0].lower()}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    op.execute(_POSTGRES_FUNCTION)
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION creditctl_refuse('{message}')"
    )
