"""A request that names a key is done once, whoever repeats it and whenever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from builders import an_organization, at
from creditctl.context import Context
from creditctl.errors import IdempotencyKeyReused, InvalidInput
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.granting import GrantRequest, GrantResult, grant_credits
from creditctl.services.idempotency import recall, remember
from creditctl.services.money_verbs import Rails
from creditctl.store.engine import reading, unit_of_work

REQUEST = {"amount": Credits.parse("5"), "reason": "x"}


def keep(context: Context, key: str = "k", result: str = "{}", **more: object) -> None:
    with unit_of_work(context.database) as unit:
        remember(unit, "scope", key, REQUEST | more, result, context.now)


def test_the_answer_is_given_again_word_for_word(context: Context) -> None:
    keep(context, result='{"id": "grant_1"}')
    with reading(context.database) as unit:
        assert recall(unit, "scope", "k", REQUEST) == '{"id": "grant_1"}'


def test_a_new_key_and_another_scope_have_no_answer(context: Context) -> None:
    keep(context)
    with reading(context.database) as unit:
        assert recall(unit, "scope", "other", REQUEST) is None
        assert recall(unit, "elsewhere", "k", REQUEST) is None


def test_a_request_is_the_same_in_any_order_of_its_parameters(context: Context) -> None:
    keep(context)
    with reading(context.database) as unit:
        assert recall(unit, "scope", "k", dict(reversed(REQUEST.items()))) == "{}"


def test_another_request_with_the_key_is_refused(context: Context) -> None:
    keep(context)
    with reading(context.database) as unit, pytest.raises(IdempotencyKeyReused):
        recall(unit, "scope", "k", REQUEST | {"reason": "y"})


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(context: Context, key: str) -> None:
    with reading(context.database) as unit, pytest.raises(InvalidInput):
        recall(unit, "scope", key, REQUEST)


def grant(context: Context, slug: str, key: str) -> GrantResult:
    request = GrantRequest(organization=slug, amount=Credits.parse("5"), reason="x")
    return grant_credits(context, request, Rails(idempotency_key=key))


def test_eight_at_once_with_one_key_grant_once_and_hear_the_same(context: Context) -> None:
    an_organization(context)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: grant(context, "acme", "k"), range(8)))
    assert len(answers) == 1
    assert read_balance(context, "acme").available == Credits.parse("5")


def test_two_organizations_at_once_with_one_key_leave_one_refused(context: Context) -> None:
    for slug in ("acme", "beta"):
        an_organization(context, slug)

    def outcome(slug: str) -> str:
        try:
            return grant(context, slug, "k").organization
        except IdempotencyKeyReused:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(outcome, ("acme", "beta")))
    assert outcomes in (["acme", "refused"], ["beta", "refused"])
    total = [read_balance(context, slug).available.micro for slug in ("acme", "beta")]
    assert sum(total) == Credits.parse("5").micro


def test_a_key_whose_organization_has_no_lock_in_common_is_still_used_once(
    context: Context,
) -> None:
    keep(context)
    with pytest.raises(IdempotencyKeyReused):
        keep(context, reason="another request that recalled before the first was committed")


def test_a_repeated_request_is_not_judged_anew(context: Context) -> None:
    an_organization(context)
    first = grant(context, "acme", "k")
    later = at(context, "2027-01-01T00:00:00Z")
    assert grant(later, "acme", "k") == first


def test_a_refused_request_leaves_its_key_free(context: Context) -> None:
    an_organization(context)
    wrong = GrantRequest(
        organization="acme",
        amount=Credits.parse("5"),
        reason="x",
        source="correction",
        product="nothing",
    )
    with pytest.raises(Exception, match="no product"):
        grant_credits(context, wrong, Rails(idempotency_key="k"))
    assert grant(context, "acme", "k").available_after == Credits.parse("5")
