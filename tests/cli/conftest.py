"""A company after its month, with a call in flight, for whatever shows or changes it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import at
from calls import call
from conftest import Cli, file_like
from creditctl.context import Context
from creditctl.services.demo import run_main_job
from recording_channel import recording_channel
from sample_lines import END


@pytest.fixture(scope="session")
def sample_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a company after its month; copied, never written to."""
    path = tmp_path_factory.mktemp("sample") / "company.db"
    shutil.copyfile(sqlite_template, path)
    run_main_job(Context(f"sqlite:///{path}", None, "demo"), "finfeedapi")
    present = at(Context(f"sqlite:///{path}", None, "gate"), END)
    call(present, "in-flight", None, organization="northwind", path="/v1/sec/search")
    return path


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same as elsewhere; the company's for a test that takes `sample_books`."""
    is_sample = "sample_books" in request.fixturenames
    template = request.getfixturevalue("sample_file" if is_sample else "sqlite_template")
    yield from file_like(request, template)


@pytest.fixture
def sample_books(sqlite_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    recording_channel(monkeypatch)  # what is sent goes nowhere
    return sqlite_cli
