"""Alembic migrations: the only way the schema changes, on both databases."""
