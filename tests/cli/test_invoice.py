"""`creditctl invoice` as people and programs meet it."""

from pathlib import Path

import pytest

from adapters.channels.mail_server import mail_server
from builders import CATALOG, an_organization, at, open_books, use
from conftest import NOW, Cli
from creditctl.context import Context
from creditctl.services.limits_check import check_limits
from creditctl.store.engine import unit_of_work
from orders import a_draft, a_line, in_force, signed


def a_month(context: Context) -> None:
    """60,123 credits on a plan with 50,000: 49.00 + 49.00 + 10,123 x 0.0012 = 110.15."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october, plan="pro")
    use(at(context, "2026-10-20T10:00:00Z"), "acme", 60_123)


@pytest.fixture
def sqlite(sqlite_database: str) -> Context:
    context = Context(database=sqlite_database, now=NOW, actor="tester")
    a_month(context)
    return context


def test_a_month_is_drafted_listed_and_shown(cli: Cli, context: Context) -> None:
    a_month(context)
    run = cli("invoice generate --month 2026-10 -o json").data
    assert (run["created"], run["total"], run["currency"]) == (1, "110.15", "USD")
    (listed,) = cli("invoice list --month 2026-10 --org acme -o json").data
    assert listed == run["invoices"][0]
    assert (listed["overage_credits"], listed["overage_due"]) == ("10123", "12.15")
    shown = cli(f"invoice show {listed['id']} -o json").data
    assert shown == cli("invoice show acme --month 2026-10 -o json").data
    assert shown["lines"][2] == {
        "kind": "usage",
        "description": "Rows API",
        "requests": 1,
        "credits": "60123",
        "unit_price": "0.0012",
        "amount": "72.15",
        "currency": "USD",
    }


def test_tables_fit_80_columns(sqlite_cli: Cli, sqlite: Context) -> None:
    for line in (
        "invoice generate --month 2026-10",
        "invoice list",
        "invoice show acme --month 2026-10",
    ):
        shown = sqlite_cli(line).stdout
        assert "110.15" in shown
        assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.broken_books
def test_parked_organizations_are_listed_and_exit_7(sqlite_cli: Cli, sqlite: Context) -> None:
    with unit_of_work(sqlite.database) as unit:
        unit.run("UPDATE debit_day SET credits_micro = credits_micro + 1000000")
    parked = sqlite_cli("invoice generate --month 2026-10", expect=7)
    assert "usage and what paid for it differ by" in parked.stdout
    assert "warning: some organizations are parked" in parked.stderr


def test_no_invoices_yet(sqlite_cli: Cli, sqlite: Context) -> None:
    assert sqlite_cli("invoice list -o json").data == []


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("invoice generate --month 2026-11", 2, "2026-11 has not ended yet"),
        ("invoice generate --month 2026-13", 2, "--month: '2026-13' is not a month"),
        ("invoice generate --month October", 2, "--month: 'October' is not a month"),
        ("invoice generate", 2, "--month"),
        ("invoice generate --month 2026-10 --org nobody", 3, "no organization 'nobody'"),
        ("invoice show inv_0", 3, "there is no invoice 'inv_0'"),
        ("invoice show acme --month 2026-09", 3, "there is no invoice acme for 2026-09"),
        ("invoice show acme", 2, "acme has an invoice for each month"),
        ("invoice list --org nobody", 3, "no organization 'nobody'"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(
    sqlite_cli: Cli, sqlite: Context, line: str, code: int, message: str
) -> None:
    refused = sqlite_cli(line, expect=code)
    assert refused.stderr.startswith("error: ")
    assert message in refused.stderr.splitlines()[0]
    assert refused.stdout == ""


def test_a_draft_is_finalized_paid_credited_and_aged(cli: Cli, context: Context) -> None:
    a_month(context)
    cli("invoice generate --month 2026-10")
    early = cli("invoice finalize --month 2026-10", as_of="2026-11-02", expect=7)
    assert "may still come until 2026-11-04" in early.stdout
    assert "warning: some drafts are not final" in early.stderr
    run = cli("invoice finalize --month 2026-10 -o json", as_of="2026-11-04").data
    (made,) = run["finalized"]
    assert (made["number"], made["due_on"], made["due"]) == (
        "INV-2026-000001",
        "2026-11-18",
        "110.15",
    )
    pay = "invoice pay INV-2026-000001 --reason statement --reference"
    paid = cli(f"{pay} one --amount 10USD -o json", as_of="2026-11-05").data
    assert (paid["status"], paid["paid"], paid["due"]) == ("finalized", "10.00", "100.15")
    note = cli(
        "invoice credit-note INV-2026-000001 --line 1 --reason outage -o json", as_of="2026-11-06"
    ).data
    assert (note["number"], note["total"], note["due"]) == ("CN-2026-000001", "49.00", "51.15")
    (aged,) = cli("invoice aging -o json", as_of="2027-01-05").data
    assert (aged["days_31_60"], aged["total"], aged["currency"]) == ("51.15", "51.15", "USD")
    assert cli(f"{pay} two -o json", as_of="2027-01-06").data["status"] == "paid"
    assert cli("invoice aging -o json", as_of="2027-01-07").data == []
    shown = cli("invoice show INV-2026-000001 -o json").data
    assert [row["reference"] for row in shown["payments"]] == ["one", "two"]
    assert [row["number"] for row in shown["credit_notes"]] == ["CN-2026-000001"]


def test_an_invoice_is_voided_after_a_yes(sqlite_cli: Cli, sqlite: Context) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    sqlite_cli("invoice finalize --month 2026-10 --now")
    sqlite_cli("invoice void INV-2026-000001 --reason wrong", expect=4)
    shown = sqlite_cli("invoice void INV-2026-000001 --reason wrong --yes -o json").data
    assert (shown["status"], shown["number"]) == ("void", "INV-2026-000001")
    assert sqlite_cli("invoice generate --month 2026-10 -o json").data["created"] == 1


def test_the_tables_of_later_steps_fit_80_columns(sqlite_cli: Cli, sqlite: Context) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    for line in (
        "invoice finalize --month 2026-10 --now",
        "invoice pay INV-2026-000001 --amount 100USD --reference one --reason test",
        "invoice credit-note INV-2026-000001 --amount 10USD --reason test",
        "invoice list",
        "invoice show INV-2026-000001",
        "invoice aging",
    ):
        shown = sqlite_cli(line).stdout
        assert max(map(len, shown.splitlines())) <= 80, line


def test_an_invoice_and_its_credit_note_are_written_and_shown(
    sqlite_cli: Cli, sqlite: Context, tmp_path: Path
) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    sqlite_cli("invoice finalize --month 2026-10 --now")
    sqlite_cli("invoice credit-note INV-2026-000001 --amount 10USD --reason outage")
    target = tmp_path / "invoice.html"
    written = sqlite_cli(f"invoice show INV-2026-000001 --html {target} -o json").data
    assert (written["kind"], written["number"]) == ("invoice", "INV-2026-000001")
    assert "INV-2026-000001" in target.read_text(encoding="utf-8")
    note = sqlite_cli("invoice show CN-2026-000001 -o json").data
    assert (note["invoice"], note["total"]) == ("INV-2026-000001", "10.00")
    page = sqlite_cli("invoice show CN-2026-000001 --html - --locale de").stdout
    assert "Rechnungskorrektur" in page
    assert "outage" in page
    refused = sqlite_cli("invoice show INV-2026-000001 --cii a.xml --ubl b.xml", expect=2)
    assert "--cii and --ubl are two documents" in refused.stderr
    lacking = sqlite_cli("invoice show INV-2026-000001 --ubl -", expect=2)
    assert "an electronic invoice needs" in lacking.stderr


def test_the_view_of_an_invoice_says_only_what_there_is_to_say(
    sqlite_cli: Cli, sqlite: Context
) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    draft = sqlite_cli("invoice show acme --month 2026-10").stdout
    labels = [line.split("  ")[0] for line in draft.partition("\n\n")[0].splitlines()]
    assert labels == [
        "Invoice",
        "Organization",
        "Month",
        "From",
        "Until",
        "Status",
        "Uncovered",
        "Fees",
        "Overage",
        "Subtotal",
        "Total",
        "Notice",
        "Due",
    ]


def test_a_month_is_exported_as_files(sqlite_cli: Cli, sqlite: Context, tmp_path: Path) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    sqlite_cli("invoice finalize --month 2026-10 --now")
    line = f"invoice export --month 2026-10 --dir {tmp_path / 'october'} --format html,json"
    assert sqlite_cli(f"{line} -o json").data["written"] == 2
    assert sqlite_cli(f"{line} -o json").data["kept"] == 2
    sqlite_cli("invoice pay INV-2026-000001 --reference one --reason test")
    changed = sqlite_cli(line, expect=7)
    assert "add --replace" in changed.stdout
    assert "some files were not written" in changed.stderr
    assert sqlite_cli(f"{line} --replace -o json").data["replaced"] == 2


def test_sending_needs_a_mail_server_and_a_choice(sqlite_cli: Cli, sqlite: Context) -> None:
    assert "which invoices are sent" in sqlite_cli("invoice send", expect=2).stderr
    assert "email" in sqlite_cli("invoice send --month 2026-10", expect=2).stderr


def test_an_invoice_is_sent_from_the_command_line(
    sqlite_cli: Cli, sqlite: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sqlite_cli("invoice generate --month 2026-10")
    sqlite_cli("invoice finalize --month 2026-10 --now")
    with mail_server() as server:
        lines = ["[channels.email]", 'host = "localhost"', f'port = "{server.port}"']
        lines += ['security = "none"', 'sender = "billing@seller.example"']
        Path("creditctl.toml").write_text("\n".join(lines), encoding="utf-8")
        table = sqlite_cli("invoice send --month 2026-10", expect=7)
        assert "acme has no billing e-mail" in table.stdout
        sqlite_cli("invoice send INV-2026-000001 --to ap@acme.example")
        sent = sqlite_cli("invoice send --month 2026-10 -o json").data
        assert (sent["unchanged"], sent["sent"]) == (1, [])
        assert [mail["To"] for mail in server.mails] == ["ap@acme.example"]


def test_a_mail_server_that_is_away_is_asked_once(
    sqlite_cli: Cli, sqlite: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    an_organization(at(sqlite, "2026-10-01T00:00:00Z"), "beta", plan="pro")
    sqlite_cli("invoice generate --month 2026-10")
    sqlite_cli("invoice finalize --month 2026-10 --now")
    lines = ["[channels.email]", 'host = "localhost"', 'port = "1"', 'security = "none"']
    lines.append('sender = "billing@seller.example"')
    Path("creditctl.toml").write_text("\n".join(lines), encoding="utf-8")
    run = sqlite_cli("invoice send --month 2026-10 --to ap@acme.example -o json", expect=7)
    assert (len(run.data["unsent"]), run.data["untried"]) == (1, 1)
    assert "the mail server could not be used, and 1 more was not tried" in run.stderr


@pytest.fixture
def ordered(sqlite: Context) -> Context:
    """November bills an instalment of an order form with a purchase order's number."""
    october = at(sqlite, "2026-10-20T00:00:00Z")
    order = a_draft(october, a_line("120000000", times=12), po_number="PO-2026-0004711")
    in_force(october, signed(october, order))
    return at(sqlite, "2026-12-10T00:00:00Z")


def test_the_line_of_an_order_form_wraps_and_no_id_is_broken(
    sqlite_cli: Cli, ordered: Context
) -> None:
    as_of = "2026-12-10T00:00:00Z"
    check_limits(ordered)
    sqlite_cli("invoice generate --month 2026-11", as_of=as_of)
    shown = sqlite_cli("invoice show acme --month 2026-11", as_of=as_of).stdout
    assert max(map(len, shown.splitlines())) <= 80
    told = sqlite_cli("invoice show acme --month 2026-11 -o json", as_of=as_of).data
    (line,) = [line for line in told["lines"] if line["kind"] == "order"]
    words = line["description"].split()
    assert "PO-2026-0004711," in words
    assert all(word in shown.split() for word in words)
    # written where nothing has to fit, it is one line
    wide = sqlite_cli("invoice show acme --month 2026-11 -o markdown", as_of=as_of).stdout
    assert line["description"] in wide.replace("\\_", "_")


def test_zero_drafts_those_with_nothing_to_pay_too(cli: Cli, context: Context) -> None:
    a_month(context)
    an_organization(at(context, "2026-10-05T00:00:00Z"), "quiet")
    assert cli("invoice generate --month 2026-10 -o json").data["created"] == 1
    told = cli("invoice generate --month 2026-10 --zero -o json").data
    assert (told["created"], told["unchanged"]) == (1, 1)
    shown = cli("invoice show quiet --month 2026-10 -o json").data
    assert (shown["total"], shown["lines"]) == ("0.00", [])
    again = cli("invoice generate --month 2026-10 --zero -o json").data
    assert (again["created"], again["refreshed"], again["unchanged"]) == (0, 0, 2)


def test_an_explanation_that_does_not_close_says_where_the_difference_is(
    sqlite: Context, sqlite_cli: Cli
) -> None:
    sqlite_cli("invoice generate --month 2026-10")
    line = "invoice show acme --month 2026-10 --explain"
    assert "changed since" not in sqlite_cli(line).stderr
    dearer = CATALOG.replace('overage_price = "0.0012"', 'overage_price = "0.0024"')
    open_books(sqlite, dearer.replace("2026-01-01T", "2026-09-02T"))
    assert "see 'creditctl invoice generate'" in sqlite_cli(line).stderr
    sqlite_cli("invoice generate --month 2026-10")
    assert "changed since" not in sqlite_cli(line).stderr
    sqlite_cli("invoice finalize --month 2026-10 --now")
    open_books(sqlite, CATALOG.replace("2026-01-01T", "2026-09-03T"))
    assert "see 'creditctl invoice replay INV-2026-000001'" in sqlite_cli(line).stderr
