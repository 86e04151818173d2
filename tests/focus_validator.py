"""The published FOCUS validator, asked for what it finds in an export.

Its newest release on the package index, 1.0.0, knows no version after 1.0, so that what 1.2 demands
is in `focus_rules`. It needs an environment of its own, from `focus-requirements.txt`: that in
`.venv-focus`, or one whose Python `CREDITCTL_FOCUS_PYTHON` names. Nothing is downloaded as it runs.
"""

import csv
import os
import re
import subprocess
from pathlib import Path

VERSION = "1.0"
INTERPRETER = "CREDITCTL_FOCUS_PYTHON"
_BESIDE = Path(__file__).parents[1] / ".venv-focus/bin/python"
_DECIMALS = (
    "BilledCost",
    "ConsumedQuantity",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "ListCost",
    "ListUnitPrice",
    "PricingQuantity",
)
_OLDER_NAMES = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
}
"""Columns that it asks for by their names of version 0.5."""

_NOT_FOR_US = (
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "PricingCategory",
    "RegionId",
    "RegionName",
    "ResourceID",
    "ResourceName",
    "ResourceType",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)
"""Columns that it demands of everybody, and the specification of who has what they tell."""

MISTAKEN = frozenset(
    # The last reads ChargeType, which version 1.0 has no more.
    {*(f"{name}_Required" for name in _NOT_FOR_US), "SkuPriceId_Nullable"}
)
"""Checks that it fails for any seller without discounts, regions, resources and tags."""


def interpreter() -> Path | None:
    """The Python that the validator is installed for, if there is one."""
    named = os.environ.get(INTERPRETER)
    if named:
        return Path(named).absolute()
    return _BESIDE if _BESIDE.exists() else None


def findings(python: Path, export: Path, folder: Path) -> set[str]:
    """The checks that the export fails, by name, without those that are mistaken.

    Raises AssertionError where the validator did not come to an end, or where a mistaken check
    passes: then this file knows another version of it.
    """
    said = subprocess.run(
        [
            # Isolated, for our paths are none of its own.
            *(python, "-I", "-m", "focus_validator.main"),
            *("--validate-version", VERSION, "--data-file", _as_it_reads(export, folder)),
        ],
        # It looks for its list of currencies from here.
        cwd=_packages_of(python),
        capture_output=True,
        text=True,
        check=False,
    )
    # Its exit status is 0 whatever it finds.
    assert said.returncode == 0, said.stderr
    assert "Validation failed!" in said.stdout, said.stdout
    failed = set(re.findall(r"^(\w+) failed:$", said.stdout, re.MULTILINE))
    assert failed >= MISTAKEN, f"{sorted(MISTAKEN - failed)} passed"
    return failed - MISTAKEN


def _packages_of(python: Path) -> str:
    found = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run(
        [python, "-I", "-c", found], capture_output=True, text=True, check=True
    ).stdout.strip()


def _as_it_reads(export: Path, folder: Path) -> Path:
    """A copy by the names that it knows, and with a point in decimals: 1 is none for it."""
    copy = folder / f"{export.stem}-as-read.csv"
    with export.open(encoding="utf-8", newline="") as file, copy.open("w", newline="") as target:
        rows = csv.DictReader(file)
        names = list(rows.fieldnames or ())
        writer = csv.writer(target)
        writer.writerow(_OLDER_NAMES.get(name, name) for name in names)
        for row in rows:
            writer.writerow(_pointed(name, row[name]) for name in names)
    return copy.resolve()


def _pointed(name: str, value: str) -> str:
    return f"{value}.0" if name in _DECIMALS and value.lstrip("-").isdigit() else value
