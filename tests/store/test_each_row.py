"""Statements that write many rows: the same text and the same rows on both databases."""

from creditctl.store.each_row import each_row
from creditctl.store.engine import unit_of_work

COLUMNS = ("event_hour", "event_id", "id_text")
ROWS = [(7, b"\0\xffone" * 4, 'wörds "and" \\'), (7, bytes(16), "1")]
READ = "SELECT event_hour, event_id, id_text FROM usage_event_text ORDER BY id_text"


def test_every_kind_of_value_comes_back_as_it_was(database: str) -> None:
    with unit_of_work(database) as unit:
        row = each_row(unit.dialect, *COLUMNS, words=("id_text",), binary=("event_id",))
        unit.run_each(f"INSERT INTO usage_event_text ({', '.join(COLUMNS)}) {row.values()}", ROWS)
    with unit_of_work(database) as unit:
        assert [(hour, bytes(name), text) for hour, name, text in unit.fetch_rows(READ)] == [
            ROWS[1],
            ROWS[0],
        ]


def test_rows_that_are_there_are_added_to_and_changed_ones_counted(database: str) -> None:
    with unit_of_work(database) as unit:
        row = each_row(unit.dialect, "name", "at", words=("name",))
        added = row.selected(row["name"], "'me'", row["at"])
        put = f"""
            INSERT INTO lease (name, holder, expires_at) {added}
            ON CONFLICT (name) DO UPDATE SET expires_at = lease.expires_at + excluded.expires_at
            """
        unit.run_each(put, [("a", 2**53), ("b", 2)])
        unit.run_each(put, [("b", 5), ("c", 1)])
        row = each_row(unit.dialect, "less", "name", words=("name",))
        changed = unit.run_each(
            f"UPDATE lease SET expires_at = expires_at - {row['less']} {row.source}"
            f" WHERE lease.name = {row['name']}",
            [(1, "a"), (1, "c"), (1, "none")],
        )
        assert changed == 2
        found = unit.fetch_rows("SELECT name, expires_at FROM lease ORDER BY name")
        assert found == [("a", 2**53 - 1), ("b", 7), ("c", 0)]
