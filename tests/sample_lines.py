"""Command lines that read the finfeedapi sample, and one of each that changes something.

`{key}` and the like stand for ids that only the database knows: `filled` looks them up.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).parents[1] / "sample-data/finfeedapi/catalog.toml"
READS = [
    "orgs list",
    "orgs list fund --status active",
    "orgs show harbor-funds",
    "orgs duplicates",
    "keys list",
    "keys show {key}",
    "catalog validate {catalog}",
    "catalog diff {catalog}",
    "plans list",
    "plans show scale",
    "prices list",
    "prices packages",
    "prices explain GET /v1/sec/search",
    "prices simulate --catalog {catalog} --month 2026-10",
    "subscriptions list",
    "subscriptions show zenith-traders",
    "credits balance harbor-funds",
    "credits grants atlas-research --all",
    "credits history copper-data --limit 5",
    "credits explain harbor-funds",
    "credits explain harbor-funds --event {event}",
    "promotions list",
    "promotions show welcome",
    "promotions claims --promotion welcome",
    "approvals list --all",
    "orders list",
    "budgets list",
    "budgets show bluefin-labs",
    "usage show --month 2026-10 --by endpoint",
    "usage events harbor-funds --month 2026-10 --limit 5",
    "usage forecast harbor-funds",
    "usage batches",
    "usage late list",
    "usage mappings list",
    "purchases list",
    "payments methods",
    "payments reconcile",
    "recharge show",
    "recharge run",
    "reports tax --month 2026-10",
    "reports usage --month 2026-10",
    "reports liability --month 2026-10",
    "reports revenue --month 2026-10",
    "reports breakage --month 2026-10",
    "reports promotions --month 2026-10",
    "reports mrr --month 2026-10",
    "reports receivables --month 2026-10",
    "limits status",
    "limits status zenith-traders",
    "destinations list",
    "notifications list",
    "notifications deliver",
    "gate check --key {key} --path /v1/sec/search --dry-run",
    "period status --month 2026-10",
    "period list",
    "invoice list",
    "invoice aging",
    "invoice show meridian-capital --month 2026-10",
    "audit log --limit 5",
    "audit verify",
    "audit head",
    "db status",
    "check",
]
CLOSE = (
    "period close --month 2026-10 --reason test --yes --accept not-invoiced --accept open-overage"
    " --accept purchases --accept expiries --accept drafts"
)
CHANGES = [
    "db migrate",
    "orgs create acme --email billing@acme.example",
    "orgs update acme --country DE --payment-fingerprint card_1",
    "orgs update acme --tax-exempt charity --tax-exempt-until 2027-01-01",
    "orgs suspend acme --reason test",
    "orgs resume acme --reason test",
    "orgs create twin --email billing+2@acme.example",
    "orgs promote twin --override --reason test",
    "keys create acme --name web",
    "keys rotate {acme_key}",
    "subscriptions create acme growth",
    "subscriptions change acme scale --reason test",
    "credits grant acme 5 --reason test",
    "promotions redeem acme PARTNER-26",
    "approvals approve {approval} --actor another",
    "orders create acme --credits 600 --discount 20 --instalments 12",
    "orders show {order}",
    "orders sign {order} --signer Ann",
    "orders activate {order} --reason test",
    "orders amend {order} --credits 900 --unit-price 0.0007 --reason test",
    "orders cancel {amendment} --reason test",
    "credits reverse {grant} --reason test",
    "credits reallocate harbor-funds --month 2026-10 --reason test",
    "credits waive {debtor} --reason test",
    "orgs merge twin acme --reason test --yes",
    "usage import {catalog.parent}/usage-1.csv",
    "usage undo {batch} --reason test --yes",
    "usage late reject --all --reason test --yes",
    "usage mappings save edge --format csv --map key=client",
    "usage prune --before 2026-01-01 --reason test --yes",
    "limits check",
    "destinations add acme --channel webhook --to https://acme.example/hook --for hard",
    "destinations show {destination}",
    "destinations test {destination}",
    "destinations rotate {destination} --reason test",
    "destinations disable {destination} --reason test",
    "destinations enable {destination} --reason test",
    "notifications show {notification}",
    "notifications show {notification} --payload",
    "notifications retry --dead",
    "destinations remove {destination} --reason test --yes",
    "limits export {folder}/blocks.conf --format nginx",
    "limits export - --format json",
    "invoice generate --month 2026-10",
    "invoice finalize --month 2026-10 --now",
    "invoice pay {invoice} --amount 1USD --reference one --reason test",
    "invoice credit-note {invoice} --amount 2USD --reason test",
    "invoice aging",
    "invoice void {last_invoice} --reason test --yes",
    "purchases create acme --amount 4USD --reason test --dry-run",
    "purchases create acme --amount 4USD --reason test",
    "purchases settle {purchase} --reference one --reason test",
    "purchases receipt {purchase}",
    "purchases receipt {purchase} --html {folder}/receipt.html --yes",
    "purchases create acme --credits 100 --reason test",
    "purchases void {purchase} --reason test --yes",
    "usage export {folder}/usage.parquet --month 2026-10",
    "export journal {folder}/october.journal --month 2026-10",
    "export focus {folder}/october.csv --month 2026-10",
    "invoice replay {invoice}",
    "invoice diff {invoice} --now",
    CLOSE,
    "demo fincept --directory {folder}",
]

EVENT = "1afdf2d9-cd57-fbbb-be5c-15a0a0d30865"
"""A request of harbor-funds on 1 October."""

_LOOKUPS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "key": ("keys list northwind", lambda rows: rows[0]["id"]),
    "acme_key": ("keys list acme", lambda rows: rows[0]["id"]),
    "event": ("usage batches", lambda _: EVENT),
    "batch": ("usage batches", lambda rows: rows[0]["id"]),
    "approval": ("approvals list", lambda rows: rows[0]["id"]),
    "order": ("orders list", lambda rows: rows[0]["id"]),
    "amendment": ("orders list", lambda rows: rows[-1]["id"]),
    "grant": (
        "credits grants acme",
        lambda rows: next(row["id"] for row in rows if row["source"] == "goodwill"),
    ),
    "purchase": ("purchases list", lambda rows: rows[0]["id"]),
    "destination": ("destinations list acme", lambda rows: rows[0]["id"]),
    "notification": ("notifications list", lambda rows: rows[0]["id"]),
    "invoice": (
        "invoice list",
        lambda rows: next(row["id"] for row in rows if row["due"] not in ("0.00", "0")),
    ),
    "last_invoice": (
        "invoice list",
        lambda rows: [row["id"] for row in rows if row["due"] == row["total"] != "0.00"][-1],
    ),
    "debtor": (
        "limits status",
        lambda rows: next(row["organization"] for row in rows if row["reason"] == "overage"),
    ),
}


def filled(line: str, read: Callable[[str], Any], **known: object) -> str:
    """The line with its ids; `read` runs a command line and returns its data."""
    for name, (question, answer) in _LOOKUPS.items():
        if f"{{{name}}}" in line:
            known[name] = answer(read(question))
    return line.format(catalog=CATALOG, **known)
