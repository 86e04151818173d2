import hashlib
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from builders import at, open_books
from creditctl.context import Context
from creditctl.errors import (
    AlreadyExists,
    InvalidInput,
    KeyNotFound,
    OrganizationNotFound,
    PlanNotFound,
)
from creditctl.rules.key_format import is_well_formed
from creditctl.services.audit import list_audit_entries
from creditctl.services.keys import CreatedKey, create_key, list_keys, revoke_key, show_key
from creditctl.services.orgs import create_organization
from creditctl.store.engine import reading
from creditctl.store.queries.keys import find_key


@pytest.fixture
def acme(context: Context) -> Context:
    create_organization(context, "acme")
    return context


def test_a_key_is_shown_once_and_only_prefix_hash_and_last_four_are_stored(acme: Context) -> None:
    created = create_key(acme, "acme", name="production")
    assert is_well_formed(created.secret)
    with reading(acme.database) as unit:
        (row,) = unit.fetch_rows("SELECT * FROM api_key")
    assert created.secret not in [str(value) for value in row]
    assert hashlib.sha256(created.secret.encode()).hexdigest() in row
    assert created.prefix == created.secret[:16]
    assert created.secret[-4:] in row


def test_no_secret_is_ever_listed_or_audited(acme: Context) -> None:
    created = create_key(acme, "acme", name="production")
    middle = created.secret[16:-4]
    (listed,) = list_keys(acme)
    assert "secret" not in {field.name for field in fields(listed)}
    assert middle not in repr(listed)
    assert middle not in repr(show_key(acme, created.id))
    assert middle not in repr(list_audit_entries(acme, organization=None, action=None, limit=9))


def test_two_keys_are_never_the_same(acme: Context) -> None:
    made = [create_key(acme, "acme", name=f"key {number}") for number in range(20)]
    assert len({key.secret for key in made}) == 20
    assert len({key.prefix for key in made}) == 20


@pytest.mark.parametrize(("mode", "head"), [("live", "ck_live_"), ("test", "ck_test_")])
def test_the_mode_is_told_by_the_first_characters(acme: Context, mode: str, head: str) -> None:
    assert create_key(acme, "acme", name="k", mode=mode).secret.startswith(head)


def test_a_key_may_be_bound_to_a_plan_of_its_own(acme: Context) -> None:
    open_books(acme)
    create_key(acme, "acme", name="bound", plan="pro")
    assert [key.plan for key in list_keys(acme, "acme")] == ["pro"]


def test_an_unknown_plan_or_organization_makes_no_key(acme: Context) -> None:
    with pytest.raises(PlanNotFound):
        create_key(acme, "acme", name="k", plan="nothing")
    with pytest.raises(OrganizationNotFound):
        create_key(acme, "nobody", name="k")
    assert list_keys(acme) == []


def test_a_name_is_used_once_in_an_organization_and_again_in_another(acme: Context) -> None:
    create_organization(acme, "other")
    create_key(acme, "acme", name="production")
    create_key(acme, "other", name="production")
    with pytest.raises(AlreadyExists, match="acme has a key named 'production' already"):
        create_key(acme, "acme", name="production")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_key_needs_a_name_of_sensible_length(acme: Context, name: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 80 characters"):
        create_key(acme, "acme", name=name)


def test_a_key_expires_at_its_time_and_not_before(acme: Context) -> None:
    end = acme.now + timedelta(days=1)
    create_key(acme, "acme", name="short", expires_at=end)
    assert list_keys(acme)[0].status == "active"
    assert list_keys(replace(acme, now=end - timedelta(microseconds=1)))[0].status == "active"
    assert list_keys(replace(acme, now=end))[0].status == "expired"


def test_a_key_that_is_expired_from_the_start_is_refused(acme: Context) -> None:
    with pytest.raises(InvalidInput, match="expired from the start"):
        create_key(acme, "acme", name="late", expires_at=acme.now)


@pytest.mark.parametrize("field", ["id", "prefix"])
def test_a_key_is_revoked_by_id_or_prefix(acme: Context, field: str) -> None:
    created: CreatedKey = create_key(acme, "acme", name="production")
    revoked = revoke_key(acme, getattr(created, field), reason="leaked")
    assert (revoked.status, revoked.revoked_at) == ("revoked", acme.now)
    (entry,) = list_audit_entries(acme, organization="acme", action="key.revoked", limit=9)
    assert (entry.subject, entry.reason) == (created.id, "leaked")


def test_revoking_again_keeps_the_first_time_and_adds_no_audit_entry(acme: Context) -> None:
    created = create_key(acme, "acme", name="production")
    revoke_key(acme, created.id)
    again = revoke_key(at(acme, "2026-12-01"), created.id)
    assert again.revoked_at == acme.now
    entries = list_audit_entries(acme, organization=None, action="key.revoked", limit=9)
    assert len(entries) == 1


def test_a_revoked_key_is_still_found_for_its_past_usage(acme: Context) -> None:
    created = create_key(acme, "acme", name="production")
    revoke_key(acme, created.id)
    with reading(acme.database) as unit:
        assert find_key(unit, created.prefix).status == "revoked"


def test_an_unknown_key_is_not_found(acme: Context) -> None:
    created = create_key(acme, "acme", name="production")
    for reference in ("ck_live_00000000", "", created.secret, "production"):
        with pytest.raises(KeyNotFound):
            revoke_key(acme, reference)


def test_keys_are_listed_by_organization_oldest_first(acme: Context) -> None:
    create_organization(acme, "aaa")
    for organization, name in [("acme", "b"), ("acme", "a"), ("aaa", "z")]:
        create_key(acme, organization, name=name)
    assert [key.name for key in list_keys(acme)] == ["z", "b", "a"]
    assert [key.name for key in list_keys(acme, "acme")] == ["b", "a"]
