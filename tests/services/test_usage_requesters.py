"""Requesters: columns of numbers say of every name what the rule for one name does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, open_books
from creditctl.context import Context
from creditctl.services import usage_requesters
from creditctl.services.keys import create_key
from creditctl.services.usage_requesters import NOBODY, Refusal, Requesters
from creditctl.store.engine import reading

NAMES = st.tuples(
    st.sampled_from(["", "acme", "globex", "nobody"]),
    st.sampled_from(["", "acme-web", "globex-web", "unknown"]),
)


@pytest.fixture
def requesters(context: Context) -> Requesters:
    open_books(context)
    for slug in ("acme", "globex"):
        an_organization(context, slug)
        create_key(context, slug, name=f"{slug}-web")
    with reading(context.database) as unit:
        return Requesters(unit, None)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=st.lists(st.lists(NAMES, max_size=9), max_size=5), most=st.integers(0, 12))
def test_every_name_of_every_block_has_its_own_numbers(
    requesters: Requesters, blocks: list[list[tuple[str, str]]], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage_requesters, "MOST_REMEMBERED", most)
        for names in blocks:
            places = requesters.places_of(names).tolist()
            for place, name in zip(places, names, strict=True):
                found = requesters.find(*name)
                ids = (int(requesters.organization_ids[place]), int(requesters.key_ids[place]))
                assert ids == (NOBODY if isinstance(found, Refusal) else found)
                assert requesters.refusals.get(place) == (
                    found if isinstance(found, Refusal) else None
                )
