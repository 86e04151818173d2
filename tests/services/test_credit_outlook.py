"""Why calls were refused at a moment, and what is drawn next."""

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import KeyNotFound
from creditctl.rules.units import Credits
from creditctl.services.budget_changes import Wanted, set_budget
from creditctl.services.credit_outlook import explain_credits
from creditctl.services.keys import create_key, revoke_key
from creditctl.services.limits_check import check_limits
from creditctl.services.org_status import suspend_organization


@pytest.fixture
def acme(context: Context) -> Context:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october)
    give(october, "acme", "100")
    return october


def test_the_order_is_told_with_the_rule_that_makes_it(acme: Context) -> None:
    give(acme, "acme", "5", source="purchase")
    give(acme, "acme", "7", expires_at=at(acme, "2026-10-09T00:00:00Z").now)
    outlook = explain_credits(acme, "acme")
    assert [(row.draws, row.source, str(row.remaining), row.why) for row in outlook.next] == [
        (1, "goodwill", "7", "it expires first"),
        (2, "goodwill", "100", "it was granted first"),
        (3, "purchase", "5", "nothing comes after it"),
    ]


def test_a_moment_of_the_past_is_explained_by_what_had_been_decided(acme: Context) -> None:
    set_budget(acme, "acme", Wanted(daily=Credits.parse("10")))
    use(at(acme, "2026-10-05T10:00:00Z"), "acme", 30)
    check_limits(at(acme, "2026-10-05T10:01:00Z"))
    for when, allowed in (
        ("2026-10-05T10:00:30Z", True),
        ("2026-10-05T10:01:00Z", False),
        ("2026-10-05T23:59:59Z", False),
        ("2026-10-06T00:00:00Z", True),
    ):
        outlook = explain_credits(acme, "acme", at=at(acme, when).now)
        assert outlook.allowed is allowed, when
    blocked = explain_credits(acme, "acme", at=at(acme, "2026-10-05T12:00:00Z").now)
    assert (blocked.reason, str(blocked.usage), str(blocked.limit)) == ("budget", "30", "10")
    assert blocked.words == "more was used than its budget allows"
    assert blocked.until == at(acme, "2026-10-06T00:00:00Z").now


def test_a_key_has_reasons_of_its_own(acme: Context) -> None:
    key = create_key(acme, "acme", name="web", expires_at=at(acme, "2026-10-20T00:00:00Z").now)
    revoke_key(at(acme, "2026-10-10T00:00:00Z"), key.id)

    def words(when: str) -> str:
        return explain_credits(acme, "acme", at=at(acme, when).now, key="web").words

    assert words("2026-09-30T00:00:00Z") == "the key did not exist before 2026-10-01 00:00"
    assert words("2026-10-05T00:00:00Z") == "calls were let through"
    assert words("2026-10-10T00:00:00Z") == "the key was revoked on 2026-10-10 00:00"
    with pytest.raises(KeyNotFound):
        explain_credits(acme, "acme", key="cron")


def test_a_suspended_organization_says_so(acme: Context) -> None:
    suspend_organization(acme, "acme", reason="fraud")
    outlook = explain_credits(acme, "acme")
    assert (outlook.allowed, outlook.words) == (False, "the organization is suspended")
