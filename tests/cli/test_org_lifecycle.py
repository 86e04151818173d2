"""An organization's life on the command line: told, judged, changed, stopped, merged, ended."""

import pytest

from builders import CATALOG, open_books
from conftest import NOW, Cli
from creditctl.context import Context

WELCOME = '\n[promotions.welcome]\ncredits = 350\ntrigger = "signup"\n'


@pytest.fixture
def shop(cli: Cli, database: str) -> Cli:
    open_books(Context(database, NOW, "tester"), CATALOG + WELCOME)
    cli("orgs create acme --name 'Acme GmbH' --email ap@acme.example --country DE")
    return cli


def test_facts_are_changed_and_a_wrong_tax_id_is_refused(shop: Cli) -> None:
    told = shop("orgs update acme --tax-id 'DE 136 695 976' --region BY --currency EUR -o json")
    assert (told.data["tax_id"], told.data["region"]) == ("DE136695976", "BY")
    refused = shop("orgs update acme --tax-id DE136695977", expect=2)
    assert "is no tax id of DE" in refused.stderr
    shop("orgs update acme --currency XYZ", expect=2)
    assert shop("orgs list 136695 -o json").data[0]["slug"] == "acme"


def test_the_list_is_searched_and_filtered(shop: Cli) -> None:
    shop("orgs create other --name '100% Ltd' --country FR")
    shop("orgs create visitor --guest --device d1")
    shop("subscriptions create other starter")

    def listed(options: str) -> list[str]:
        return [row["slug"] for row in shop(f"orgs list {options} -o json").data]

    assert listed("") == ["acme", "other", "visitor"]
    assert listed("gmbh") == ["acme"]
    assert listed("0%") == ["other"]
    assert listed("'%'") == ["other"]
    assert listed("--kind guest") == ["visitor"]
    assert listed("--plan starter") == ["other"]
    assert listed("--country FR --status active") == ["other"]
    shop("orgs list --status asleep", expect=2)


def test_a_duplicate_is_made_without_the_credits_and_said_so(shop: Cli) -> None:
    made = shop("orgs create twin --email AP+2@acme.example")
    assert "twin was not given welcome: the organization is a duplicate" in made.stderr
    assert "ap@acme.example" in made.stdout
    (pair,) = shop("orgs duplicates -o json").data
    assert (pair["first"], pair["second"], pair["verdict"]) == ("acme", "twin", "duplicate")
    shop("orgs promote twin --reason please", expect=5)
    shop("orgs create third --email ap@acme.example --override", expect=2)
    done = shop("orgs create third --email ap@acme.example --override --reason 'two teams' -o json")
    assert done.data["granted"] == "350"
    assert (
        shop("orgs promote twin --override --reason 'two teams' -o json").data["granted"] == "350"
    )


def test_a_guest_needs_its_device(shop: Cli) -> None:
    for line in ("orgs create visitor --guest", "orgs create visitor --device d1"):
        assert "--guest and --device ID go together" in shop(line, expect=2).stderr


def test_a_status_changes_with_a_reason(shop: Cli) -> None:
    shop("orgs suspend acme", expect=2)
    assert shop("orgs suspend acme --reason fraud -o json").data["state"] == "blocked"
    shop("orgs suspend acme --reason fraud", expect=5)
    assert shop("limits status acme -o json").data["reason"] == "suspended"
    assert shop("orgs resume acme --reason cleared -o json").data["status"] == "active"
    shop("orgs close acme --reason gone", expect=4)  # asks, and nobody is there to answer
    assert shop("orgs close acme --reason gone --yes -o json").data["status"] == "closed"
    assert "acme is closed" in shop("credits grant acme 5 --reason x", expect=5).stderr


def test_a_merge_asks_and_can_be_rehearsed(shop: Cli) -> None:
    shop("orgs create twin")
    shop("credits grant twin 40 --reason gift")
    told = shop("orgs merge twin acme --reason same --dry-run -o json").data
    assert (told["dry_run"], told["credits"]) == (True, "390")
    shop("orgs merge twin acme --reason same", expect=4)
    done = shop("orgs merge twin acme --reason same --yes -o json").data
    assert done["available_after"] == "740"
    assert shop("orgs show twin -o json").data["merged_into"] == "acme"


def test_one_screen_tells_everything(shop: Cli) -> None:
    shop("subscriptions create acme pro --starts-at 2026-10-15")
    shop("budgets set acme --daily 500 --notify-at 80%")
    shop("keys create acme --name web")
    shop("invoice generate --month 2026-10")
    shown = shop("orgs show acme").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert len(shown.splitlines()) <= 35
    for words in ("ap@acme.example", "pro", "Balance by source", "subscription", "hard", "notify"):
        assert words in shown
    assert "USD 49.00" in shown


def test_a_key_is_verified_from_stdin_and_never_from_the_command_line(shop: Cli) -> None:
    secret = shop("keys create acme --name web -o json").data["secret"]
    known = shop("keys verify -o json", stdin=f"{secret}\n")
    assert (known.data["organization"], known.data["name"]) == ("acme", "web")
    assert secret not in known.stdout
    shop(f"keys verify {secret}", expect=2)
    assert "its checksum does not fit" in shop("keys verify", stdin=secret[:-1], expect=4).stderr
    rotated = shop(f"keys rotate {secret[:16]} --grace 0 -o json").data
    assert "is expired" in shop("keys verify", stdin=secret, expect=4).stderr
    shop("keys verify", stdin=rotated["secret"])
    shop(f"keys expire {rotated['prefix']} --at 2026-12-01")
    assert shop(f"keys show {rotated['prefix']} -o json").data["expires_at"] == (
        "2026-12-01T00:00:00Z"
    )


def test_corrections_take_all_rails(shop: Cli) -> None:
    granted = shop("credits grant acme 100 --reason gift -o json").data["id"]
    shop(f"credits reverse {granted} --reason oops --expect-email x@y.example", expect=5)
    shop(f"credits reverse {granted} --reason oops --expect-balance 1", expect=5)
    told = shop(f"credits reverse {granted} --reason oops --dry-run -o json").data
    assert (told["dry_run"], told["taken"]) == (True, "100")
    line = f"credits reverse {granted} --reason oops --idempotency-key t-1 -o json"
    assert shop(line).data == shop(line).data
    shop(f"credits reverse {granted} --reason other --idempotency-key t-1", expect=5)
    shop(f"credits expire {granted} --reason x", expect=5)
    shop("credits waive acme --reason x", expect=5)
    shop("credits reallocate acme --month 2026-10 --reason x")
    history = shop("credits history acme --kind reversal -o json").data
    assert [(row["amount"], row["net"]) for row in history] == [("-100", "350")]
    shop("credits history acme --grant grant_none", expect=3)
    assert shop("credits explain acme -o json").data["next"][0]["source"] == "promotion"


def test_subscriptions_change_on_the_command_line(shop: Cli) -> None:
    shop("subscriptions create acme starter --starts-at 2026-10-20 --reason trial")
    told = shop("subscriptions change acme pro --reason grew --dry-run -o json").data
    assert (told["action"], told["dry_run"]) == ("changed", True)
    assert shop("subscriptions change acme pro --reason grew -o json").data["plan"] == "pro"
    shop("subscriptions change acme starter --reason less --at now", expect=5)
    done = shop("subscriptions change acme starter --reason less -o json").data
    assert (done["action"], done["effective_at"]) == ("scheduled", "2026-11-20T00:00:00Z")
    shop("subscriptions cancel acme --reason bye")
    assert shop("subscriptions show acme -o json").data["status"] == "cancelled"
    shop("subscriptions resume acme --reason stays")
    line = "subscriptions cancel acme --reason bye --at now -o json"
    assert shop(line, as_of="2026-11-02T00:00:00Z").data["status"] == "ended"
