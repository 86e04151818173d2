"""The product's side: the real command, as a process, on a database of its own."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .dataset import Sample
from .workspace import BenchmarkFailed, Timing, Workspace, settle

_SQLITE = "sqlite:///"
_PARTS = ("billed", "free", "failed", "duplicate", "rejected")
_AFTER = timedelta(hours=1)


def creditctl(
    workspace: Workspace, database: str, *words: str | Path, as_of: datetime | None = None
) -> Timing:
    """Run a command line on the database; what stays in SQLite's log is its time too."""
    command = [sys.executable, "-m", "creditctl", "--db", database]
    if as_of is not None:
        command += ["--as-of", as_of.isoformat()]
    timing = workspace.timed([*command, *words])
    if not database.startswith(_SQLITE):
        return timing
    settled = settle(Path(database.removeprefix(_SQLITE)))
    return Timing(timing.seconds + settled, timing.peak_mib, timing.stdout)


def import_file(
    workspace: Workspace, database: str, file: Path, sample: Sample, *, expect: str = "new"
) -> Timing:
    """Import the sample's file an hour after its last event, and see that every event was counted.

    `expect`: `new` for a first import, `duplicates` when each event is known, `unchanged` when
    the file is.
    """
    timing = creditctl(
        workspace, database, "usage", "import", file, "--output", "json", as_of=imported_at(sample)
    )
    _verify(json.loads(timing.stdout)["data"], sample, expect)
    return timing


def imported_at(sample: Sample) -> datetime:
    """When a sample is imported."""
    return datetime.fromtimestamp(sample.ends_at_ms / 1000, UTC) + _AFTER


def check(workspace: Workspace, database: str, sample: Sample) -> None:
    """Prove the books; raises BenchmarkFailed."""
    creditctl(workspace, database, "check", as_of=imported_at(sample))


def _verify(summary: dict[str, Any], sample: Sample, expect: str) -> None:
    duplicates = sample.events if expect == "duplicates" else sample.duplicates
    status = "unchanged" if expect == "unchanged" else "imported"
    found = {
        "status": summary["files"][0]["status"],
        "read": summary["read"],
        "sum of parts": sum(summary[part] for part in _PARTS),
        "duplicate": summary["duplicate"],
        "rejected": summary["rejected"],
    }
    wanted = {
        "status": status,
        "read": sample.events,
        "sum of parts": sample.events,
        "duplicate": duplicates,
        "rejected": 0,
    }
    if found != wanted:
        raise BenchmarkFailed(f"{sample.name}: the import says {found}, not {wanted}")
