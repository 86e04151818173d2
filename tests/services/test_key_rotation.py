"""A new secret under the same name, a grace for the old one, and whose key a secret is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import an_organization, open_books
from creditctl.context import Context, Settings
from creditctl.errors import Conflict, InvalidInput, KeyRefused
from creditctl.rules.key_format import new_key
from creditctl.rules.periods import parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.key_rotation import rotate_key
from creditctl.services.key_verification import verify_key
from creditctl.services.keys import create_key, expire_key, list_keys, revoke_key
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_reports import report_usage
from creditctl.store.engine import reading


@pytest.fixture
def acme(context: Context) -> Context:
    open_books(context)
    an_organization(context, credits="100")
    return context


def later(context: Context, **delta: int) -> Context:
    return replace(context, now=context.now + timedelta(**delta))


def test_both_work_until_the_grace_is_over(acme: Context) -> None:
    old = create_key(acme, "acme", name="web", plan="starter", mode="test")
    new = rotate_key(acme, old.id, grace=timedelta(hours=2))
    assert (new.name, new.plan, new.prefix[:8]) == ("web", "starter", "ck_test_")
    for secret in (old.secret, new.secret):
        assert verify_key(later(acme, hours=1), secret).organization == "acme"
    with pytest.raises(KeyRefused, match="is expired"):
        verify_key(later(acme, hours=2), old.secret)
    assert verify_key(later(acme, hours=2), new.secret).name == "web"


def test_usage_by_name_is_the_new_keys_and_by_prefix_the_old_ones(
    acme: Context, tmp_path: Path
) -> None:
    old = create_key(acme, "acme", name="web")
    new = rotate_key(acme, old.id)
    path = tmp_path / "usage.csv"
    path.write_text(
        "id,time,org,key,endpoint,status,units\n"
        "a,2026-10-31T00:00:00Z,acme,web,GET /rows,200,1\n"
        f"b,2026-10-31T00:00:00Z,acme,{old.prefix},GET /rows,200,2\n",
        encoding="utf-8",
    )
    import_usage(acme, [path])
    with reading(acme.database) as unit:
        rows = unit.fetch_rows(
            """
            SELECT k.prefix, u.credits_micro FROM usage_hour AS u
            JOIN api_key AS k ON k.id = u.api_key_id ORDER BY u.credits_micro
            """
        )
    assert rows == [(new.prefix, 1_000_000), (old.prefix, 2_000_000)]
    assert (
        report_usage(acme, parse_month("2026-10"), grouped_by="day", organization="acme").requests
        == 2
    )


def test_it_can_be_rotated_again_and_again(acme: Context) -> None:
    key = create_key(acme, "acme", name="web")
    for _ in range(3):
        key = rotate_key(acme, key.id)  # type: ignore[assignment]
    assert sum(row.name == "web" for row in list_keys(acme, "acme")) == 1
    assert len(list_keys(acme, "acme")) == 4


def test_a_grace_does_not_lengthen_a_life(acme: Context) -> None:
    old = create_key(acme, "acme", name="web", expires_at=later(acme, hours=1).now)
    assert rotate_key(acme, old.id).old_expires_at == later(acme, hours=1).now


def test_a_key_that_has_ended_cannot_be_rotated(acme: Context) -> None:
    old = create_key(acme, "acme", name="web")
    revoke_key(acme, old.id)
    with pytest.raises(Conflict, match="is revoked"):
        rotate_key(acme, old.id)


def test_a_key_ends_when_it_is_told_to(acme: Context) -> None:
    key = create_key(acme, "acme", name="web")
    expire_key(acme, key.id, at=later(acme, days=1).now)
    assert verify_key(acme, key.secret).expires_at == later(acme, days=1).now
    with pytest.raises(KeyRefused, match="is expired"):
        verify_key(later(acme, days=1), key.secret)
    with pytest.raises(Conflict, match="is expired already"):
        expire_key(later(acme, days=1), key.id)
    with pytest.raises(InvalidInput, match="in the past"):
        expire_key(acme, key.id, at=later(acme, days=-1).now)


def test_a_typing_error_is_told_without_a_look_up(acme: Context) -> None:
    secret = create_key(acme, "acme", name="web").secret
    wrong = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    nowhere = replace(acme, database="sqlite:////nowhere/none.db")
    with pytest.raises(KeyRefused, match="its checksum does not fit"):
        verify_key(nowhere, wrong)


def test_a_wrong_secret_and_an_unknown_key_look_the_same(acme: Context) -> None:
    key = create_key(acme, "acme", name="web")
    stranger = new_key("live", b"x" * 32)
    with pytest.raises(KeyRefused, match="no API key has this secret") as unknown:
        verify_key(acme, stranger)
    with reading(acme.database) as unit:
        assert (
            unit.fetch_value("SELECT COUNT(*) FROM api_key WHERE prefix = :p", p=stranger[:16]) == 0
        )
    assert key.prefix not in str(unknown.value)


def test_with_a_pepper_the_stored_hash_alone_is_worth_nothing(acme: Context) -> None:
    plain = create_key(acme, "acme", name="before")
    peppered = replace(acme, settings=Settings(key_pepper=b"secret"))
    key = create_key(peppered, "acme", name="after")
    for secret in (plain.secret, key.secret):
        assert verify_key(peppered, secret)
    assert verify_key(acme, plain.secret)
    for other in (acme, replace(acme, settings=Settings(key_pepper=b"another"))):
        with pytest.raises(KeyRefused, match="no API key has this secret"):
            verify_key(other, key.secret)


def test_nothing_that_is_kept_or_listed_holds_a_secret(acme: Context) -> None:
    key = create_key(acme, "acme", name="web")
    rotated = rotate_key(acme, key.id)
    with reading(acme.database) as unit:
        kept = str(unit.fetch_rows("SELECT * FROM api_key"))
        kept += str(unit.fetch_rows("SELECT * FROM audit_entry"))
    kept += str(list_keys(acme)) + str(list_audit_entries(acme))
    for secret in (key.secret, rotated.secret):
        assert secret not in kept
        assert secret[16:-4] not in kept
