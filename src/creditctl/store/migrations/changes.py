"""Changes to tables that hold rows already, said once for both databases.

SQLite can add a column but not change a constraint: there the table is made anew from its own DDL.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

_TYPES = {
    "sqlite": {"text": "TEXT", "integer": "INTEGER", "flag": "INTEGER"},
    "postgresql": {"text": "TEXT", "integer": "BIGINT", "flag": "BOOLEAN"},
}
_NOTHING = {
    "sqlite": {"text": "''", "integer": "0", "flag": "0"},
    "postgresql": {"text": "''", "integer": "0", "flag": "false"},
}


def add_column(
    table: str, name: str, kind: str, *, required: bool = False, refers_to: str = ""
) -> None:
    """Add a text, integer or flag; a required one is empty, zero or false in the rows there are."""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {_definition(table, name, kind, required, refers_to)}"
    )


def drop_column(
    table: str, name: str, kind: str, *, required: bool = False, refers_to: str = ""
) -> None:
    """Take back what `add_column` did with the same arguments."""
    if _dialect() == "sqlite":
        _rebuild(table, f", {_definition(table, name, kind, required, refers_to)}", "")
    else:
        op.drop_column(table, name)


def allow_null(table: str, column: str) -> None:
    """Let an integer column be NULL."""
    if _dialect() == "postgresql":
        op.alter_column(table, column, nullable=True)
    else:
        _rebuild(table, f"\t{column} INTEGER NOT NULL, ", f"\t{column} INTEGER, ")


def forbid_null(table: str, column: str) -> None:
    """Take back what `allow_null` did; there is no row without."""
    if _dialect() == "postgresql":
        op.alter_column(table, column, nullable=False)
    else:
        _rebuild(table, f"\t{column} INTEGER, ", f"\t{column} INTEGER NOT NULL, ")


def replace_check(table: str, name: str, old: str, new: str) -> None:
    """Let the CHECK say `new` instead of `old`; an empty text is no CHECK at all."""
    full_name = f"ck_{table}_{name}"
    if _dialect() == "postgresql":
        if old:
            op.drop_constraint(op.f(full_name), table)
        if new:
            op.create_check_constraint(op.f(full_name), table, new)
        return
    before, after = (
        f"CONSTRAINT {full_name} CHECK ({text})" if text else "" for text in (old, new)
    )
    if before and after:
        _rebuild(table, before, after)
    elif after:
        # Every table has a primary key constraint to put it before.
        _rebuild(table, f"CONSTRAINT pk_{table} ", f"{after}, \n\tCONSTRAINT pk_{table} ")
    else:
        _rebuild(table, f"{before}, \n\t", "")


def reword_checks(table: str, checks: Mapping[str, tuple[str, str]]) -> None:
    """Let every named CHECK say its second text instead of its first, in one go."""
    if _dialect() == "postgresql":
        for name, (old, new) in checks.items():
            replace_check(table, name, old, new)
        return
    named = {name: f"CONSTRAINT ck_{table}_{name} CHECK " for name in checks}
    _rebuild_with(
        table,
        [(f"{named[name]}({old})", f"{named[name]}({new})") for name, (old, new) in checks.items()],
    )


def replace_unique(table: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Let the columns `new` be unique together instead of `old`."""
    names = [f"uq_{table}_{'_'.join(columns)}" for columns in (old, new)]
    if _dialect() == "postgresql":
        op.drop_constraint(op.f(names[0]), table)
        op.create_unique_constraint(op.f(names[1]), table, list(new))
        return
    before, after = (
        f"CONSTRAINT {name} UNIQUE ({', '.join(columns)})"
        for name, columns in zip(names, (old, new), strict=True)
    )
    _rebuild(table, before, after)


def drop_unique(table: str, columns: Sequence[str]) -> None:
    """Let the columns be unique together no more; it must not be the table's last constraint."""
    name = f"uq_{table}_{'_'.join(columns)}"
    if _dialect() == "postgresql":
        op.drop_constraint(op.f(name), table)
    else:
        _rebuild(table, f"CONSTRAINT {name} UNIQUE ({', '.join(columns)}), \n\t", "")


def add_unique(table: str, columns: Sequence[str]) -> None:
    """Take back what `drop_unique` did with the same arguments."""
    name = f"uq_{table}_{'_'.join(columns)}"
    if _dialect() == "postgresql":
        op.create_unique_constraint(op.f(name), table, list(columns))
        return
    unique = f"CONSTRAINT {name} UNIQUE ({', '.join(columns)})"
    _rebuild(table, f"CONSTRAINT uq_{table}_", f"{unique}, \n\tCONSTRAINT uq_{table}_")


def _definition(table: str, name: str, kind: str, required: bool, refers_to: str) -> str:
    dialect = _dialect()
    words = [name, _TYPES[dialect][kind]]
    if required:
        words.append(f"DEFAULT {_NOTHING[dialect][kind]} NOT NULL")
    if refers_to:
        words.append(f"CONSTRAINT fk_{table}_{name} REFERENCES {refers_to} (id)")
    return " ".join(words)


def _rebuild(table: str, old: str, new: str) -> None:
    _rebuild_with(table, [(old, new)])


def _rebuild_with(table: str, changes: Sequence[tuple[str, str]]) -> None:
    """SQLite's own recipe (lang_altertable, section 7), inside the migration's transaction."""
    run: Callable[..., sa.CursorResult[Any]] = op.get_bind().exec_driver_sql
    found: list[Any] = list(
        run("SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,))
    )
    (made,) = [sql for kind, sql in found if kind == "table"]
    for old, new in changes:
        if made.count(old) != 1:
            raise LookupError(f"{table} does not say {old!r} once: {made}")
        made = made.replace(old, new)
    fresh = f"{table}__new"
    head = made.index(table)
    run(made[:head] + fresh + made[head + len(table) :])
    names = run("SELECT name FROM pragma_table_info(?)", (fresh,)).scalars()
    columns = ", ".join(names)
    run(f"INSERT INTO {fresh} ({columns}) SELECT {columns} FROM {table}")  # noqa: S608 - our names
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE {fresh} RENAME TO {table}")
    for kind, sql in found:
        if kind != "table":
            run(sql)


def _dialect() -> str:
    return str(op.get_bind().dialect.name)
