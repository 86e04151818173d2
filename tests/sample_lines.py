"""Command lines that read the finfeedapi sample, and one of each that changes something."""

from pathlib import Path

CATALOG = Path(__file__).parents[1] / "sample-data/finfeedapi/catalog.toml"
READS = [
    "orgs list",
    "orgs show harbor-funds",
    "keys list",
    "catalog validate {catalog}",
    "catalog diff {catalog}",
    "plans list",
    "plans show scale",
    "prices list",
    "prices explain GET /v1/sec/search",
    "subscriptions list",
    "subscriptions show zenith-traders",
    "credits balance harbor-funds",
    "credits grants atlas-research --all",
    "credits history copper-data --limit 5",
    "budgets list",
    "budgets show bluefin-labs",
    "usage show --month 2026-10 --by endpoint",
    "usage batches",
    "limits status",
    "limits status zenith-traders",
    "invoice list",
    "invoice show meridian-capital --month 2026-10",
    "audit log --limit 5",
    "db status",
    "check",
]
CHANGES = [
    "db migrate",
    "orgs create acme",
    "keys create acme --name web",
    "subscriptions create acme growth",
    "credits grant acme 5 --reason test",
    "usage import {catalog.parent}/usage-1.csv",
    "limits check",
    "invoice generate --month 2026-10",
    "demo fincept --directory {folder}",
]
