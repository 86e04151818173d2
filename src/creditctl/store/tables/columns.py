"""Column kinds that mean the same on SQLite (STRICT tables) and PostgreSQL.

Amounts and times are 64-bit integers; there is deliberately no way to declare a REAL or NUMERIC.
"""

from typing import Any

from sqlalchemy import (
    INTEGER,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

INT64 = BigInteger().with_variant(INTEGER(), "sqlite")
FLAG = Boolean().with_variant(INTEGER(), "sqlite")

STRICT = {"sqlite_strict": True}
"""SQLite then refuses a value of the wrong type, as PostgreSQL always does."""

CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""Rows stored in primary-key order, without a rowid."""


def identity() -> Any:
    """The internal surrogate key."""
    return Field(default=None, primary_key=True, sa_type=INT64)


def integer(*, key: bool = False, refers_to: str = "", index: bool = False) -> Any:
    """A 64-bit integer: an amount, a count, an instant, a day or a reference."""
    references = [ForeignKey(refers_to)] if refers_to else []
    return Field(primary_key=key, index=index, sa_type=INT64, sa_column_args=references)


def maybe_integer(*, refers_to: str = "", index: bool = False) -> Any:
    """A 64-bit integer that may be absent."""
    references = [ForeignKey(refers_to)] if refers_to else []
    return Field(default=None, nullable=True, index=index, sa_type=INT64, sa_column_args=references)


def text(*, key: bool = False, unique: bool = False) -> Any:
    """Text."""
    return Field(primary_key=key, unique=unique, sa_type=Text)


def maybe_text() -> Any:
    """Text that may be absent."""
    return Field(default=None, nullable=True, sa_type=Text)


def flag() -> Any:
    """True or false."""
    return Field(sa_type=FLAG)


def maybe_flag() -> Any:
    """True, false, or unknown."""
    return Field(default=None, nullable=True, sa_type=FLAG)


def binary(*, key: bool = False) -> Any:
    """Bytes."""
    return Field(primary_key=key, sa_type=LargeBinary)


def maybe_binary() -> Any:
    """Bytes that may be absent."""
    return Field(default=None, nullable=True, sa_type=LargeBinary)


def index_of_some(name: str, column: str) -> Index:
    """An index of the few rows that have the column."""
    given = sql(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=given, postgresql_where=given)


def one_of(column: str, *words: str) -> CheckConstraint:
    """The closed set of values a text column may hold."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def is_any(column: str, *words: str) -> str:
    """The same as SQL for a table that is written a lot.

    In a CHECK, SQLite makes a table of what stands in IN (...) for every row that is inserted.
    """
    return " OR ".join(f"{column} = '{word}'" for word in words)
