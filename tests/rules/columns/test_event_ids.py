"""Ids at once are the ids one by one."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.columns.event_ids import id_bytes, identities, sixteen_bytes
from creditctl.rules.event_ids import LONGEST_ID, event_id

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
UUIDS = st.uuids().map(str) | st.uuids().map(lambda value: str(value).upper())
ULIDS = st.builds(
    lambda first, rest: first + rest,
    st.sampled_from("0123456789AZ"),
    st.text(CROCKFORD, min_size=25, max_size=25),
)
NEARLY = st.text("0123456789abcdefABCDEF-gIZ", min_size=36, max_size=36) | st.text(
    CROCKFORD + "ILOUabc", min_size=26, max_size=26
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=LONGEST_ID + 2)
TEXTS = st.lists(UUIDS | ULIDS | NEARLY | WORDS | st.sampled_from(["", "a\0b", "é" * 13, "é" * 18]))


@given(TEXTS)
def test_many_ids_are_the_same_as_one_by_one(texts: list[str]) -> None:
    found = identities(pa.array(texts, pa.string()))
    for place, text in enumerate(texts):
        usable = 0 < len(text) <= LONGEST_ID and "\0" not in text
        assert found.known[place] == usable
        if usable:
            identity, complete = event_id(text)
            assert id_bytes(int(found.high[place]), int(found.low[place])) == identity
            assert found.texts.get(place) == (None if complete else text)
    together = [value.tobytes() for value in sixteen_bytes(found.high, found.low)]
    assert together == [
        id_bytes(high, low)
        for high, low in zip(found.high.tolist(), found.low.tolist(), strict=True)
    ]


@pytest.mark.parametrize("form", ["sliced", "dictionary", "null"])
def test_any_arrow_column_of_text_is_read(form: str) -> None:
    text = "01M3TC5H22Z14943WGGF9Y6JM2"
    columns = {
        "sliced": pa.array(["x", text, text])[1:],
        "dictionary": pa.array([text, text]).dictionary_encode(),
        "null": pa.array([text, None, text]).filter(pa.array([True, False, True])),
    }
    found = identities(columns[form])
    assert found.known.all()
    assert id_bytes(int(found.high[1]), int(found.low[1])) == event_id(text)[0]
