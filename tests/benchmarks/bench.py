"""What measures are made of: files, databases and imports that are remembered and verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import ours, shell
from .company import sqlite_company
from .dataset import Sample, write_file
from .workspace import Timing, Workspace, settle, warm

EARLIER_PARTS = 10
"""Files that were imported before, where growth is measured."""


@dataclass(frozen=True)
class Bench:
    """A run of the benchmarks: `count` events in a file, `rounds` pairs for each measure."""

    workspace: Workspace
    count: int
    rounds: int
    verify: bool
    _checked: set[tuple[str, ...]] = field(default_factory=set)

    def sample(self, ids: str = "ulid", *, first: int = 0, parts: int = 1) -> Sample:
        return Sample(self.count, ids, first, parts)

    def file(self, sample: Sample, kind: str = "csv") -> Path:
        """The sample's file, made once, in the page cache."""

        def make(path: Path) -> None:
            write_file(path, sample, kind)

        return warm(self.workspace.cached(f"{sample.name}.{kind}", make))

    def company(self) -> Path:
        return sqlite_company(self.workspace)

    def shell_import(self, sample: Sample) -> Timing:
        """The shell's import of the CSV into a copy of the company's database."""
        database = self.workspace.fresh_copy(self.company())
        return shell.import_csv(self.workspace, database, self.file(sample), sample)

    def first_import(
        self, sample: Sample, kind: str = "csv", *, onto: Path | None = None
    ) -> Timing:
        """Our import into a copy of the company's database, or of another one."""
        database = self.workspace.fresh_copy(onto or self.company())
        return self.import_into(database, sample, kind)

    def import_into(
        self, database: Path, sample: Sample, kind: str = "csv", *, expect: str = "new"
    ) -> Timing:
        """Our import into a database as it is; the first of its sort is checked when asked for."""
        url = f"sqlite:///{database}"
        file = self.file(sample, kind)
        timing = ours.import_file(self.workspace, url, file, sample, expect=expect)
        self.check_once(url, sample, kind, expect)
        return timing

    def check_once(self, url: str, sample: Sample, *about: str) -> None:
        """Prove the books after the first of several equal imports, outside of all timing."""
        what = (sample.name, url.partition(":")[0], *about)
        if self.verify and what not in self._checked:
            ours.check(self.workspace, url, sample)
            self._checked.add(what)

    def grown_company(self, ids: str) -> Path:
        """The company after ten files of events; building it takes minutes, once."""

        def make(path: Path) -> None:
            database = self.workspace.fresh_copy(self.company(), "growing.db")
            for part in range(EARLIER_PARTS):
                with self._passing_file(self.sample(ids, first=part)) as (file, sample):
                    ours.import_file(self.workspace, f"sqlite:///{database}", file, sample)
            settle(database)
            database.replace(path)

        return self.workspace.cached(f"grown-{ids}-{self.count}.db", make)

    @contextmanager
    def _passing_file(self, sample: Sample) -> Iterator[tuple[Path, Sample]]:
        path = self.workspace.scratch / "passing.parquet"
        write_file(path, sample, "parquet")
        yield path, sample
        path.unlink()
