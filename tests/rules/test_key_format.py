import hashlib
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.key_format import ENTROPY_BYTES, MODES, is_well_formed, new_key, parts_of

BASE62 = string.digits + string.ascii_letters
ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)
KEYS = st.builds(new_key, st.sampled_from(MODES), ENTROPY)


@given(KEYS)
def test_a_key_has_the_form_and_fits_its_own_checksum(key: str) -> None:
    assert re.fullmatch(r"ck_(live|test)_[0-9A-Za-z]{36}", key)
    assert is_well_formed(key)


def test_a_key_holds_at_least_160_bits_of_randomness() -> None:
    assert 62**30 > 2**160
    # Keys differ as soon as any of the low 178 bits does.
    lowest = {new_key("live", number.to_bytes(32, "big")) for number in range(200)}
    highest = {new_key("live", (1 << bit).to_bytes(32, "big")) for bit in range(178)}
    assert len(lowest) == 200
    assert len(highest) == 178


@given(KEYS, st.data())
def test_one_wrong_character_anywhere_is_noticed(key: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(8, len(key) - 1))
    wrong = data.draw(st.sampled_from([char for char in BASE62 if char != key[place]]))
    assert not is_well_formed(key[:place] + wrong + key[place + 1 :])


@given(KEYS, st.integers(8, 42))
def test_two_neighbours_that_changed_places_are_noticed(key: str, place: int) -> None:
    swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert is_well_formed(swapped) == (key[place] == key[place + 1])


def test_a_live_key_is_no_test_key() -> None:
    key = new_key("live", bytes(ENTROPY_BYTES))
    assert not is_well_formed(key.replace("ck_live_", "ck_test_"))


@pytest.mark.parametrize("text", ["", "ck_", "ck_live_", f"ck_prod_{0:036}", "é" * 44])
def test_other_text_is_no_key(text: str) -> None:
    assert not is_well_formed(text)


@given(KEYS)
def test_what_is_kept_of_a_key_is_its_prefix_its_hash_and_its_last_four(key: str) -> None:
    parts = parts_of(key)
    assert parts.prefix == key[:16]
    assert parts.secret_hash == hashlib.sha256(key.encode()).hexdigest()
    assert parts.last_four == key[-4:]
    # 22 of the 30 random characters appear in neither: 131 bits remain to be guessed.
    assert len(key) - len(parts.prefix) - 6 == 22
