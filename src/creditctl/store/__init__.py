"""The database, and the only home of SQL."""
