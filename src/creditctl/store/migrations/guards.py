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


def only_earlier(table: str, column: str, message: str) -> None:
    """Refuse moving the instant in `column` to a later one, or taking it away."""
    later = f"NEW.{column} IS NULL OR NEW.{column} > OLD.{column}"
    # OLD without an instant means never: any one is earlier.
    condition = f"WHEN (OLD.{column} IS NOT NULL AND ({later}))"
    _refuse(table, f"UPDATE OF {column}", message, name="earlier", condition=condition)


def refuse_change(
    table: str, name: str, columns: dict[str, str], condition: str, message: str
) -> None:
    """Refuse another value in these columns (each with what stands for NULL) where it holds."""
    changed = " OR ".join(
        f"COALESCE(NEW.{column}, {nothing}) <> COALESCE(OLD.{column}, {nothing})"
        for column, nothing in columns.items()
    )
    event = f"UPDATE OF {', '.join(columns)}"
    _refuse(table, event, message, name=name, condition=f"WHEN ({condition} AND ({changed}))")


def insert_only_while(table: str, query: str, word: str, message: str) -> None:
    """Refuse an INSERT unless the query, which may name NEW, finds that word or nothing."""
    condition = f"({query}) <> '{word}'"
    if op.get_bind().dialect.name == "sqlite":
        _refuse(table, "INSERT", message, condition=f"WHEN {condition}")
        return
    # There a trigger's WHEN may hold no query: a function of its own asks.
    op.execute(
        f"CREATE FUNCTION creditctl_insert_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table}_insert BEFORE INSERT ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION creditctl_insert_{table}()"
    )


def refuse_when(table: str, name: str, event: str, condition: str, message: str) -> None:
    """Refuse an event, such as `UPDATE OF status`, where the condition on OLD and NEW holds."""
    _refuse(table, event, message, name=name, condition=f"WHEN ({condition})")


def rows_only_while(table: str, query: str, word: str, message: str) -> None:
    """Refuse to insert, change and delete rows unless the query finds that word.

    The query names the row as `{row}`, which stands for NEW, OLD, or both one after the other.
    """
    rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for event, names in rows.items():
        conditions = (f"({query.format(row=name)}) <> '{word}'" for name in names)
        condition = " OR ".join(conditions)
        trigger = f"{table}_{event.lower()}"
        if is_sqlite:
            _refuse(table, event, message, condition=f"WHEN {condition}")
            continue
        kept = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION creditctl_{trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {kept}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER guard_{trigger} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION creditctl_{trigger}()"
        )
    if not is_sqlite:
        _refuse(table, "TRUNCATE", message)


def prove_references(table: str, columns: dict[str, str]) -> None:
    """Refuse rows whose columns (each with the table it refers to) name a row that does not exist.

    On PostgreSQL, once for all rows of a statement: a foreign key asks for each row and column by
    itself. Only for tables that are never changed and refer to rows that are never deleted.
    """
    missing = " OR ".join(
        f"(a.{column} IS NOT NULL AND {_row_of(other, column)} IS NULL)"
        for column, other in columns.items()
    )
    message = f"a foreign key of {table} names a row that does not exist"
    op.execute(
        f"CREATE FUNCTION creditctl_{table}_references() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF EXISTS (SELECT FROM added AS a WHERE {missing}) THEN RAISE EXCEPTION "
        f"'{message}' USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table}_references AFTER INSERT ON {table} "
        f"REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION creditctl_{table}_references()"
    )


def _row_of(other: str, column: str) -> str:
    # An answer for each row, by its key: a join might be planned that reads whole tables.
    return f"(SELECT r.id FROM {other} AS r WHERE r.id = a.{column})"  # noqa: S608 - our names


def drop_reference_guard(table: str) -> None:
    """Drop what `prove_references` made."""
    drop_guard(table, "references")
    op.execute(f"DROP FUNCTION creditctl_{table}_references()")


def delete_only_while(table: str, query: str, word: str, message: str) -> None:
    """Refuse a DELETE unless the query, which may name OLD, finds that word or nothing."""
    condition = f"({query}) <> '{word}'"
    if op.get_bind().dialect.name == "sqlite":
        _refuse(table, "DELETE", message, condition=f"WHEN {condition}")
        return
    op.execute(
        f"CREATE FUNCTION creditctl_delete_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN RAISE EXCEPTION '{message}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION creditctl_delete_{table}()"
    )


def drop_delete_guard(table: str) -> None:
    """Drop what `delete_only_while` made."""
    drop_guard(table, "delete")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION creditctl_delete_{table}()")


def drop_row_guards(table: str) -> None:
    """Drop what `rows_only_while` made."""
    for event in ("insert", "update", "delete"):
        drop_guard(table, event)
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION creditctl_{table}_{event}()")
    if op.get_bind().dialect.name == "postgresql":
        drop_guard(table, "truncate")


def drop_insert_guard(table: str) -> None:
    """Drop what `insert_only_while` made."""
    drop_guard(table, "insert")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION creditctl_insert_{table}()")


def drop_guard(table: str, name: str) -> None:
    """Drop one of the triggers of these functions: `update`, `delete`, `earlier`."""
    on_table = f" ON {table}" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER guard_{table}_{name}{on_table}")


def _refuse(table: str, event: str, message: str, *, name: str = "", condition: str = "") -> None:
    name = f"guard_{table}_{name or event.split(maxsplit=1)[0].lower()}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    op.execute(_POSTGRES_FUNCTION)
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
        f"FOR EACH {each} {condition} EXECUTE FUNCTION creditctl_refuse('{message}')"
    )
