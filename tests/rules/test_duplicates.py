"""Duplicates: who may have the free sign-up credits, and who had them already."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.duplicates import (
    STRONG,
    Qualification,
    Signal,
    SignalKind,
    canonical_email,
    company_domain,
    name_key,
    qualification_of,
    signals_of,
)

WEAK = frozenset(SignalKind) - STRONG
CYRILLIC_ACME = "\u0410\u0441\u043c\u0435"
# Without the dotless i, whose capital is plain I: outside Turkey upper case is no way back.
LETTERS = st.characters(
    min_codepoint=0x20,
    max_codepoint=0x24F,
    exclude_categories=["Cc"],
    exclude_characters="+@\u0131",
)
ALPHABETS = st.one_of(LETTERS, st.characters(min_codepoint=0x370, max_codepoint=0x52F))
FORMS = st.sampled_from(
    [" Ltd", " GmbH & Co. KG", ", Inc.", " S.A.", " sp. z o.o.", " and Co", " "]
)
NAMES = st.lists(st.one_of(st.text(), st.text(ALPHABETS), FORMS)).map("".join)
ADDRESSES = st.builds(
    "{}@{}".format,
    st.one_of(st.text(), st.text(st.sampled_from("aB.+ \u0301"))),
    st.one_of(st.text(), st.sampled_from(["GMail.com", "googlemail.com.", "b\u00fccher.example"])),
)


def signals(
    name: str = "",
    *,
    email: str | None = None,
    tax_id: str | None = None,
    fingerprint: str | None = None,
    device: str | None = None,
) -> tuple[Signal, ...]:
    return signals_of(
        legal_name=name,
        billing_email=email,
        tax_id=tax_id,
        payment_fingerprint=fingerprint,
        device_id=device,
    )


def shared_kinds(one: tuple[Signal, ...], other: tuple[Signal, ...]) -> set[SignalKind]:
    return {signal.kind for signal in set(one) & set(other)}


# --- e-mail ---


@pytest.mark.parametrize(
    "address",
    [
        "billing@acme.example",
        "Billing@ACME.example",
        " billing@acme.example ",
        "billing+trial2@acme.example",
        "billing+a+b@acme.example",
        "billing@acme.example.",
        "\uff42illing\uff20acme.example",
    ],
)
def test_one_mailbox_has_one_canonical_address(address: str) -> None:
    assert canonical_email(address) == "billing@acme.example"


@pytest.mark.parametrize(
    "address", ["jane.doe@gmail.com", "janedoe@googlemail.com", "J.a.n.e.Doe+x.y@GoogleMail.com"]
)
def test_gmail_ignores_dots_and_has_two_names(address: str) -> None:
    assert canonical_email(address) == "janedoe@gmail.com"


@pytest.mark.parametrize("domain", ["acme.example", "outlook.com", "gmail.com.example"])
def test_dots_count_everywhere_but_at_gmail(domain: str) -> None:
    assert canonical_email(f"jane.doe@{domain}") != canonical_email(f"janedoe@{domain}")


def test_an_international_domain_is_the_same_in_unicode_and_in_ascii() -> None:
    assert canonical_email("a@B\u00dcCHER.example") == "a@xn--bcher-kva.example"
    assert canonical_email("a@xn--bcher-kva.example") == "a@xn--bcher-kva.example"


@pytest.mark.parametrize("domain", ["a..b", "\u00fc" * 64, "\u00fc" * 300])
def test_a_domain_that_has_no_ascii_form_stays_as_it_is(domain: str) -> None:
    assert canonical_email(f"a@{domain}") == f"a@{domain}"


@pytest.mark.parametrize("address", ["+tag@acme.example", "...@gmail.com", "+@gmail.com"])
def test_a_local_part_never_becomes_empty(address: str) -> None:
    assert canonical_email(address) == address


@given(st.one_of(st.text(), ADDRESSES))
def test_a_canonical_address_is_its_own_canonical_address(address: str) -> None:
    assert canonical_email(canonical_email(address)) == canonical_email(address)


# --- company domain ---


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("jane@ACME.example", "acme.example"),
        ("jane@mail.acme.example", "mail.acme.example"),
        ("jane@b\u00fccher.example", "xn--bcher-kva.example"),
        ("jane@notgmail.com", "notgmail.com"),
        ("jane@gmail.com.acme.example", "gmail.com.acme.example"),
    ],
)
def test_a_company_domain_is_the_domain_as_it_is(address: str, domain: str) -> None:
    assert company_domain(address) == domain


@pytest.mark.parametrize(
    "domain",
    """
    gmail.com GoogleMail.com outlook.com hotmail.co.uk yahoo.co.jp yahoo.com.br icloud.com
    proton.me gmx.de web.de qq.com 163.com mail.ru seznam.cz jane.fastmail.com gmail.com.
    """.split(),
)
def test_a_free_mail_domain_is_no_company_domain(domain: str) -> None:
    assert company_domain(f"jane@{domain}") is None


@pytest.mark.parametrize(
    "address",
    ["", "none", "@acme.example", "jane@", "jane@localhost", "a@[10.0.0.1]", "a@10.0.0.1"],
)
def test_what_has_no_domain_name_has_no_company_domain(address: str) -> None:
    assert company_domain(address) is None


# --- legal name ---


@pytest.mark.parametrize(
    "name",
    [
        "Acme",
        "ACME, Limited",
        "Acme Ltd.",
        "Acme Pty Ltd",
        "Acme Pvt. Ltd.",
        "Acme, L.L.C.",
        "A.C.M.E. Inc",
        "acme incorporated",
        "Acme Corp. Ltd",
        "Acme & Co. KG",
        "Acme GmbH & Co. KG",
        "Acme and Company",
        "Acme UG (haftungsbeschr\u00e4nkt)",
        "Acme SE & Co. KGaA",
        "Acme S.A.",
        "Acme S. A.",
        "Acme S.\u00e0 r.l.",
        "Acme S.p.A.",
        "Acme Sp. z o.o.",
        "Acme s.r.o.",
        "Acme A/S",
        "Acme O\u00dc",
        "Acme K.K.",
        "Acme\u2122 Inc",
        "\u00c1cm\u00e9",
        "Ac\u200bme",
        "Ac\ufe0fme",
        "\uff21\uff23\uff2d\uff25",
        "\U0001d400\U0001d402\U0001d40c\U0001d404",
        CYRILLIC_ACME,
        CYRILLIC_ACME.upper(),
        "Acm\u0435 LLC",
        "Acme \u0406nc",
    ],
)
def test_spelling_look_alikes_and_legal_form_do_not_make_another_name(name: str) -> None:
    assert name_key(name) == "acme"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Lab", "Acme Labs"),
        ("Acme", "Acme Holding"),
        ("Acme", "Acme 2"),
        ("M\u00fcller GmbH", "Mueller GmbH"),
        ("Clean Co", "Clear Co"),
        ("Modern Ltd", "Modem Ltd"),
        ("Ill Ltd", "111 Ltd"),
        ("U.S.A. Inc", "U Inc"),
        ("Pampas", "Pamp SA"),
        ("Acme GmbH Berlin", "Acme GmbH"),
        ("\u30ab\u30eb\u30c6", "\u30ac\u30eb\u30c6"),
        ("\u0926\u093f\u0932", "\u0926\u0932\u0940"),
        ("\u5317\u4eac\u8c61", "\u5317\u4eac\u8c61\u8c61"),
    ],
)
def test_names_that_only_resemble_each_other_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("B\u03bfeing", "boeing"),
        ("M\u00fcller GmbH", "muller"),
        ("Stra\u00df AG", "strass"),
        ("\u0141\u00f3d\u017a", "lodz"),
        ("\u00d8rsted A/S", "orsted"),
        ("Ph\u0153nix", "phoenix"),
        ("D\u0131z\u0131", "dizi"),
        ("\u0663M", "3m"),
        ("AT&T Inc.", "att"),
        ("1&1 AG", "11"),
    ],
)
def test_a_name_key_is_plain_latin_where_it_can_be(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [("Limited", "limited"), ("Co & Co.", "co"), ("S.A.", "sa"), ("S A", "sa"), ("And Co", "and")],
)
def test_a_name_made_of_legal_forms_keeps_one(name: str, key: str) -> None:
    assert name_key(name) == key


@given(NAMES)
def test_the_key_of_a_name_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(ALPHABETS, min_size=1), st.lists(FORMS))
def test_no_legal_form_takes_a_whole_name_away(name: str, forms: list[str]) -> None:
    assert bool(name_key(name + "".join(forms))) or not name_key(name)


# --- signals ---


def test_an_organization_has_one_signal_of_each_kind_in_order() -> None:
    assert signals(
        "Acme Labs, Inc.",
        email="Jane+1@Acme.example",
        tax_id="de136695976",
        fingerprint="Xt5EWLLDS7FJjR1c",
        device="d-1",
    ) == (
        Signal(SignalKind.DEVICE, "d-1"),
        Signal(SignalKind.DOMAIN, "acme.example"),
        Signal(SignalKind.EMAIL, "jane@acme.example"),
        Signal(SignalKind.NAME, "acmelabs"),
        Signal(SignalKind.FINGERPRINT, "Xt5EWLLDS7FJjR1c"),
        Signal(SignalKind.TAX_ID, "DE136695976"),
    )


def test_what_is_missing_or_empty_gives_no_signal() -> None:
    assert signals() == ()
    assert signals(" ", email="", tax_id="", fingerprint="", device="") == ()


@pytest.mark.parametrize("email", ["n/a", "none@", "@acme.example", "@"])
def test_what_is_no_address_gives_no_signal(email: str) -> None:
    assert signals(email=email) == ()


@pytest.mark.parametrize("name", ["", "!!!", "AB Ltd", "X GmbH"])
def test_a_name_too_short_to_tell_companies_apart_gives_no_signal(name: str) -> None:
    assert signals(name) == ()


def test_fingerprints_that_differ_in_case_are_different() -> None:
    assert signals(fingerprint="Xt5") != signals(fingerprint="xt5")


@given(st.text(ALPHABETS), st.text(LETTERS), st.sampled_from(["acme.example", "gmail.com"]))
def test_case_changes_no_signal(name: str, local: str, domain: str) -> None:
    email = f"{local}@{domain}"
    as_written = signals(name, email=email, tax_id="DE1")
    assert signals(name.upper(), email=email.upper(), tax_id="DE1") == as_written
    assert signals(name.lower(), email=email.lower(), tax_id="de1") == as_written


@given(NAMES, ADDRESSES)
def test_signals_are_sorted_and_distinct(name: str, email: str) -> None:
    found = signals(name, email=email, tax_id="DE1")
    assert list(found) == sorted(set(found))


# --- qualification ---


@pytest.mark.parametrize("kind", sorted(STRONG))
def test_one_strong_match_decides_whatever_else_is_shared(kind: SignalKind) -> None:
    assert qualification_of([kind]) is Qualification.DUPLICATE
    assert qualification_of([*WEAK, kind]) is Qualification.DUPLICATE


@pytest.mark.parametrize("size", [1, 2, 3])
def test_weak_matches_only_flag_however_many(size: int) -> None:
    for kinds in combinations(sorted(WEAK), size):
        assert qualification_of(iter(kinds)) is Qualification.SUSPECT


def test_who_shares_nothing_is_qualified() -> None:
    assert qualification_of([]) is Qualification.QUALIFIED


@pytest.mark.parametrize("domain", ["gmail.com", "outlook.com", "yahoo.co.uk"])
def test_strangers_at_one_free_mail_provider_are_not_accused(domain: str) -> None:
    acme = signals("Acme Ltd", email=f"jane@{domain}", tax_id="GB1")
    bolt = signals("Bolt Ltd", email=f"john@{domain}", tax_id="GB2")
    assert qualification_of(shared_kinds(acme, bolt)) is Qualification.QUALIFIED


def test_colleagues_at_one_company_domain_are_suspect() -> None:
    acme = signals("Acme Ltd", email="jane@acme.example")
    labs = signals("Acme Labs Ltd", email="john@acme.example")
    assert shared_kinds(acme, labs) == {SignalKind.DOMAIN}
    assert qualification_of(shared_kinds(acme, labs)) is Qualification.SUSPECT


def test_a_shared_tax_id_makes_a_duplicate_under_any_name() -> None:
    acme = signals("Acme Ltd", email="jane@acme.example", tax_id="GB980780684")
    bolt = signals("Bolt Ltd", email="john@bolt.example", tax_id="GB980780684")
    assert qualification_of(shared_kinds(acme, bolt)) is Qualification.DUPLICATE


def test_a_sub_address_of_one_free_mailbox_makes_a_duplicate() -> None:
    acme = signals("Acme Ltd", email="jane.doe@gmail.com")
    bolt = signals("Bolt Ltd", email="janedoe+bolt@googlemail.com")
    assert shared_kinds(acme, bolt) == {SignalKind.EMAIL}
    assert qualification_of(shared_kinds(acme, bolt)) is Qualification.DUPLICATE


def test_the_same_value_of_another_kind_is_not_shared() -> None:
    assert shared_kinds(signals(device="DE1"), signals(tax_id="DE1")) == set()
