"""The sample files are what their generator says, byte for byte."""

import importlib.util
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "sample-data"
_spec = importlib.util.spec_from_file_location("generate", SAMPLES / "generate.py")
assert _spec is not None
assert _spec.loader is not None
generate = importlib.util.module_from_spec(_spec)


@pytest.fixture(scope="module", autouse=True)
def generator() -> None:
    import sys

    sys.modules["generate"] = generate
    _spec.loader.exec_module(generate)


@pytest.mark.parametrize("system", ["finfeedapi", "fincept", "finlight", "capsolver"])
def test_the_usage_files_are_what_the_generator_writes(system: str) -> None:
    first, second = generate.files_of(system)
    assert (SAMPLES / system / "usage-1.csv").read_text(encoding="utf-8") == first
    assert (SAMPLES / system / "usage-2.ndjson").read_text(encoding="utf-8") == second
