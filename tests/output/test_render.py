"""Every format, for a list, a single result with sections, and nothing."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from creditctl.errors import InvalidInput
from creditctl.output.formats import FORMATS, writer_for
from creditctl.output.render import Display, render
from creditctl.output.values import ABSENT
from creditctl.output.view import Column, Section, View
from creditctl.rules.units import Credits, Money


class Status(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Plan:
    code: str
    fee: Money


@dataclass(frozen=True)
class Grant:
    id: str
    amount: Credits


@dataclass(frozen=True)
class Org:
    slug: str
    name: str
    status: Status
    balance: Credits
    due: Money
    created_at: datetime
    plan: Plan | None = None
    grants: tuple[Grant, ...] = ()


AT = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
ACME = Org(
    "acme",
    "Acme Corp",
    Status.ACTIVE,
    Credits(50_000_000_000),
    Money(1200, "USD"),
    AT,
    Plan("pro", Money(4900, "USD")),
    (Grant("grant_1", Credits(100_000_000)),),
)
BETA = Org("beta", "Beta | Co", Status.SUSPENDED, Credits(500_000), Money(0, "EUR"), AT)
COLUMNS = tuple(map(Column, ("slug", "name", "status", "balance", "due", "created_at")))
LIST = View("creditctl.orgs/v1", COLUMNS, empty="No organizations.")
SINGLE = View(
    "creditctl.org/v1",
    (*COLUMNS, Column("plan.code", "Plan")),
    (Section("grants", "Grants", (Column("id"), Column("amount"))),),
)


def shown(result, view, format_name="table", **options):
    notes, stream = [], io.StringIO()
    names = options.pop("names", None)
    row_type = options.pop("row_type", None)
    display = Display(stream, notes.append, **options)
    render(result, view, format_name, display, names=names, row_type=row_type)
    return stream.getvalue(), notes


def test_piped_table_is_plain_aligned_and_complete():
    text, _ = shown([ACME, BETA], LIST, width=10)
    assert text == (
        "Slug    Name       Status       Balance        Due  Created\n"
        "------  ---------  ---------  ---------  ---------  ----------------\n"
        "acme    Acme Corp  active        50,000  USD 12.00  2026-10-31 23:59\n"
        "beta    Beta | Co  suspended        0.5   EUR 0.00  2026-10-31 23:59\n"
    )


def test_single_result_is_a_card_with_its_sections_below():
    text, _ = shown(ACME, SINGLE)
    assert text == (
        "Slug     acme\n"
        "Name     Acme Corp\n"
        "Status   active\n"
        "Balance  50,000\n"
        "Due      USD 12.00\n"
        "Created  2026-10-31 23:59\n"
        "Plan     pro\n"
        "\n"
        "Grants\n"
        "Id         Amount\n"
        "-------  --------\n"
        "grant_1       100\n"
    )


def test_card_says_so_when_a_section_or_a_nested_result_is_absent():
    text, _ = shown(BETA, SINGLE)
    assert f"Plan     {ABSENT}" in text
    assert text.endswith("\nGrants\nnone\n")


def test_terminal_table_has_colour_and_fits_the_width():
    wordy = Org("acme", "A name that goes on and on " * 4, *vars_after_name(ACME))
    text, _ = shown([wordy], LIST, is_tty=True, colour=True, width=80)
    assert "\x1b[32mactive" in text
    plain, _ = shown([wordy], LIST, is_tty=True, colour=False, width=80)
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert "50,000" in plain
    assert "USD 12.00" in plain


@dataclass(frozen=True)
class Counted:
    file: str
    status: str
    read: int
    billed: int
    free: int
    failed: int
    dup: int
    rej: int
    credits: Credits


COUNTED = View("test.counted/v1", tuple(Column(name) for name in Counted.__annotations__))


def test_a_table_of_many_figures_stands_closer_where_the_terminal_is_narrow():
    credits = Credits.parse("2400000")
    figures = (1_000_000, 923_991, 5_000, 60_000, 10_000, 1_009)
    row = Counted("logs/gateway-2026-10-01.csv", "imported", *figures, credits)
    wide, narrow = (shown([row], COUNTED, is_tty=True, width=width)[0] for width in (120, 80))
    assert row.file in wide
    assert max(map(len, narrow.splitlines())) <= 80
    for text in (*(f"{figure:,}" for figure in figures), "2,400,000", "imported"):
        assert text in narrow


def test_amounts_are_never_cut_however_narrow_the_terminal():
    text, _ = shown([ACME], LIST, is_tty=True, width=20)
    assert "50,000" in text
    assert "USD 12.00" in text
    assert "…" not in text


def test_markup_and_escapes_in_names_stay_text():
    nasty = Org("x", "[red]a[/red] \x1b[2J", *vars_after_name(ACME))
    text, _ = shown(nasty, SINGLE, is_tty=True, colour=True, width=100)
    assert r"[red]a[/red] \x1b[2J" in text
    assert "\x1b[2J" not in text


def test_json_is_an_envelope_around_a_list_or_one_thing():
    text, _ = shown([BETA], LIST, "json")
    assert json.loads(text) == {
        "schema": "creditctl.orgs/v1",
        "data": [
            {
                "slug": "beta",
                "name": "Beta | Co",
                "status": "suspended",
                "balance": "0.5",
                "due": "0.00",
                "currency": "EUR",
                "created_at": "2026-10-31T23:59:00Z",
                "plan": None,
                "grants": [],
            }
        ],
    }
    text, _ = shown(ACME, SINGLE, "json")
    data = json.loads(text)["data"]
    assert data["plan"] == {"code": "pro", "fee": "49.00", "currency": "USD"}
    assert data["grants"] == [{"id": "grant_1", "amount": "100"}]


def test_ndjson_is_one_bare_object_a_line():
    text, _ = shown([ACME, BETA], LIST, "ndjson")
    assert [json.loads(line)["slug"] for line in text.splitlines()] == ["acme", "beta"]


def test_csv_has_the_scalar_fields_with_nested_ones_dotted():
    text, _ = shown([ACME, BETA], LIST, "csv")
    assert text == (
        "slug,name,status,balance,due,currency,created_at,plan.code,plan.fee,plan.currency\n"
        "acme,Acme Corp,active,50000,12.00,USD,2026-10-31T23:59:00Z,pro,49.00,USD\n"
        "beta,Beta | Co,suspended,0.5,0.00,EUR,2026-10-31T23:59:00Z,,,\n"
    )
    single, _ = shown(ACME, SINGLE, "csv")
    assert single.splitlines() == text.splitlines()[:2]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_text_cannot_become_a_formula(name):
    text, _ = shown([Org("a", name, *vars_after_name(ACME))], LIST, "csv")
    row = next(csv.DictReader(io.StringIO(text)))
    assert row["name"].startswith("'")


def test_csv_leaves_negative_amounts_numbers():
    text, _ = shown([Grant("g", Credits(-1_500_000))], LIST, "csv")
    assert text == "id,amount\ng,-1.5\n"


def test_tsv_separates_with_tabs_and_keeps_them_out_of_text():
    text, _ = shown([Grant("a\tb", Credits(1_000_000))], LIST, "tsv")
    assert text == "id\tamount\na\\tb\t1\n"


def test_markdown_aligns_numbers_and_escapes_pipes():
    text, _ = shown([BETA], LIST, "markdown", names=("name", "balance"))
    header, rule, row = text.splitlines()
    assert header.split("|")[1].strip() == "Name"
    assert rule.endswith(":|")
    assert row == r"| Beta \| Co |       0.5 |"


def test_markdown_single_has_a_heading_for_each_section():
    text, _ = shown(ACME, SINGLE, "markdown")
    assert "\n## Grants\n\n" in text


def test_none_writes_nothing():
    assert shown([ACME], LIST, "none") == ("", [])


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_shows_a_list_a_single_result_and_nothing(format_name):
    for result, view in (([ACME], LIST), (ACME, SINGLE), ([], LIST)):
        text, _ = shown(result, view, format_name, row_type=Org)
        assert text == "" or text.endswith("\n")


def test_empty_list_is_a_note_for_people_and_an_empty_document_for_programs():
    assert shown([], LIST) == ("", ["No organizations."])
    assert json.loads(shown([], LIST, "json")[0])["data"] == []
    assert shown([], LIST, "ndjson") == ("", [])
    assert shown([], LIST, "csv", row_type=Grant) == ("id,amount\n", [])
    assert shown([], LIST, "csv")[0].startswith("slug,name,status")


@pytest.mark.parametrize("format_name", FORMATS)
def test_fields_restrict_every_format_and_unknown_ones_are_refused(format_name):
    with pytest.raises(InvalidInput) as refused:
        shown([ACME], LIST, format_name, names=("slug", "nme"))
    assert refused.value.advice.startswith("fields: slug, name, status")


def test_fields_choose_and_order_columns_fields_and_sections():
    assert shown([ACME], LIST, "csv", names=("due", "slug"))[0] == (
        "due,currency,slug\n12.00,USD,acme\n"
    )
    assert shown([ACME], LIST, names=("balance", "slug"))[0].startswith("  Balance  Slug\n")
    assert shown(ACME, SINGLE, names=("slug",))[0] == "Slug  acme\n"
    assert "grant_1" in shown(ACME, SINGLE, names=("slug", "grants"))[0]


def test_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput) as refused:
        writer_for("xml")
    assert "ndjson" in refused.value.advice


def test_column_headings_come_from_names():
    assert Column("created_at").heading == "Created"
    assert Column("legal_name").heading == "Legal name"
    assert Column("slug", "Org").heading == "Org"


def vars_after_name(org):
    return list(vars(org).values())[2:]
