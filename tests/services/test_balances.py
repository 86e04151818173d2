"""Three numbers, never one: what is available, what is owed, and the net."""

import pytest

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import OrganizationNotFound
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance


@pytest.fixture
def first(context: Context) -> Context:
    """The first of October; starter grants 100 credits a month and 20 on account."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(
        october, CATALOG.replace("allowance = 100\n", "allowance = 100\npostpaid_limit = 20\n")
    )
    return october


def figures(context: Context, slug: str = "acme") -> tuple[str, str, str, str]:
    """Available, open overage, postpaid overage, net."""
    balance = read_balance(context, slug)
    return (
        str(balance.available),
        str(balance.open_overage),
        str(balance.postpaid_overage),
        str(balance.net),
    )


def test_a_new_organization_has_nothing_and_owes_nothing(first: Context) -> None:
    an_organization(first)
    assert figures(first) == ("0", "0", "0", "0")
    assert read_balance(first, "acme").sources == ()


def test_open_and_postpaid_overage_are_told_apart(first: Context) -> None:
    an_organization(first, plan="starter")
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 150)
    # 150 = 100 by the allowance + 20 on account + 30 open
    assert figures(at(first, "2026-10-21T00:00:00Z")) == ("0", "30", "20", "-50")


def test_a_gift_leaves_what_is_owed_and_a_purchase_repays_the_open_part(first: Context) -> None:
    an_organization(first, plan="starter")
    use(at(first, "2026-10-20T00:00:00Z"), "acme", 150)
    later = at(first, "2026-10-21T00:00:00Z")
    give(later, "acme", "5")
    assert figures(later) == ("5", "30", "20", "-45")
    give(later, "acme", "40", source="purchase")
    # 30 of 40 repay; 5 + 10 are left to draw
    assert figures(later) == ("15", "0", "20", "-5")


def test_a_grant_counts_from_its_first_instant_until_before_its_last(first: Context) -> None:
    an_organization(first, plan="starter")
    assert figures(at(first, "2026-09-30T23:59:59.999999Z"))[0] == "0"
    assert figures(first)[0] == "100"
    assert figures(at(first, "2026-10-31T23:59:59.999999Z"))[0] == "100"
    assert figures(at(first, "2026-11-01T00:00:00Z"))[0] == "0"


def test_fractions_are_exact(first: Context) -> None:
    an_organization(first, credits="1")
    use(first, "acme", path="/third", requests=3)
    # 1 - 3 x 0.333333
    assert figures(first)[0] == "0.000001"


def test_the_sources_sum_to_what_is_available_and_tell_the_next_expiry(first: Context) -> None:
    an_organization(first, credits="7", plan="starter")
    early, late = (at(first, f"2026-10-{day}T00:00:00Z").now for day in (10, 20))
    for expires_at in (late, early, None):
        give(first, "acme", "2", expires_at=expires_at)
    balance = read_balance(first, "acme")
    sources = {each.source: (str(each.available), each.next_expiry_at) for each in balance.sources}
    assert sources == {
        "purchase": ("7", None),
        "subscription": ("100", at(first, "2026-11-01T00:00:00Z").now),
        "goodwill": ("6", early),
    }
    assert sum((each.available for each in balance.sources), NO_CREDITS) == balance.available
    assert balance.available == Credits.parse("113")


def test_what_is_spent_is_no_source_any_more(first: Context) -> None:
    an_organization(first, credits="7")
    use(first, "acme", 7)
    assert read_balance(first, "acme").sources == ()


def test_an_unknown_organization_is_refused(first: Context) -> None:
    with pytest.raises(OrganizationNotFound):
        read_balance(first, "nobody")
