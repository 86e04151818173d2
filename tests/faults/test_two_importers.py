"""Two processes import the same file, or files that share events: each event is booked once."""

from pathlib import Path

from creditctl.context import Context
from faults.import_workshop import left_behind, set_up, start_import, write_usage


def test_two_imports_of_one_file_book_each_event_once(context: Context, tmp_path: Path) -> None:
    set_up(context)
    write_usage(tmp_path / "usage.csv")

    importers = [start_import(context.database, tmp_path / "usage.csv") for _ in range(2)]
    exits = sorted(importer.wait(timeout=120) for importer in importers)

    # One does the work; the other finds it done, or is told that it is being done.
    assert exits in ([0, 0], [0, 8])
    found = left_behind(context.database)
    ((status, cursor, *counts),) = found["batch"]
    assert (status, cursor) == ("done", 2_100)
    assert sum(counts[:5]) == cursor
    assert len(found["events"]) == sum(counts[:3])


def test_two_files_with_the_same_events_book_each_event_once(
    context: Context, tmp_path: Path
) -> None:
    set_up(context)
    write_usage(tmp_path / "one.csv")
    text = (tmp_path / "one.csv").read_text()
    (tmp_path / "two.csv").write_text(text + "\n")

    importers = [
        start_import(context.database, tmp_path / name, chunk=100)
        for name in ("one.csv", "two.csv")
    ]
    exits = [importer.wait(timeout=120) for importer in importers]
    for name, ended in zip(("one.csv", "two.csv"), exits, strict=True):
        if ended == 8:  # it lost a race for an event and stopped at a clean chunk
            assert start_import(context.database, tmp_path / name, chunk=100).wait() == 0

    found = left_behind(context.database)
    identities = [event[:2] for event in found["events"]]
    assert len(identities) == len(set(identities)) == 1_960
