"""What `creditctl` sets up for itself as a process."""

import gc
import os
from collections.abc import Iterator

import pytest

from creditctl import __main__
from creditctl.__main__ import ALLOCATIONS, main
from creditctl.cli import app


@pytest.fixture
def garbage_as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("garbage_as_before")
@pytest.mark.parametrize("problem", [None, SystemExit(3)])
def test_a_command_runs_with_few_searches_for_garbage_and_none_at_its_end(
    monkeypatch: pytest.MonkeyPatch, problem: SystemExit | None
) -> None:
    seen: list[tuple[int, str | None, int]] = []

    def run() -> None:
        found = os.environ.get("OPENBLAS_NUM_THREADS")
        seen.append((gc.get_threshold()[0], found, gc.get_freeze_count()))
        if problem is not None:
            raise problem

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")  # so that it is put back afterwards
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    monkeypatch.setattr("sys.argv", ["creditctl", "orgs", "list"])
    gc.unfreeze()
    if problem is None:
        main()
    else:
        with pytest.raises(SystemExit):
            main()
    assert seen == [(ALLOCATIONS, "1", 0)]
    assert gc.get_freeze_count() > 0


def test_the_version_is_told_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["creditctl", "--version"])
    monkeypatch.setattr(__main__.gc, "set_threshold", None)
    main()
    assert capsys.readouterr().out.startswith("creditctl ")
