"""What two processes of a gate tell each other arrives as it was, in whatever pieces it comes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from creditctl.server.books_wire import (
    Messages,
    answers_message,
    answers_of,
    request_message,
    request_of,
)
from creditctl.server.endpoints import ENDPOINTS
from creditctl.server.exchange import Answer, Asked

WORDS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
REQUESTS = st.tuples(
    st.sampled_from(ENDPOINTS),
    st.builds(
        Asked,
        method=st.text(max_size=5),
        path=st.text(max_size=20),
        query=WORDS,
        headers=WORDS,
        body=st.binary(max_size=300),
        place=st.text(max_size=5),
    ),
)
ANSWERS = st.builds(
    Answer,
    status=st.integers(100, 599),
    body=st.binary(max_size=300),
    media_type=st.text(max_size=5),
    headers=WORDS,
    outcome=st.text(max_size=5),
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[one:other] for one, other in pairwise(places)]


@given(st.lists(REQUESTS, min_size=1, max_size=4), st.lists(st.integers(0, 4000), max_size=6))
def test_requests_arrive_in_order_and_whole(requests: list, cuts: list[int]) -> None:
    sent = b"".join(request_message(number, one) for number, one in enumerate(requests))
    messages = Messages()
    found = [request_of(one) for piece in pieces(sent, cuts) for one in messages.of(piece)]
    assert found == list(enumerate(requests))


@given(
    st.dictionaries(st.text(max_size=5), st.integers(0, 2**40), max_size=2),
    st.lists(st.tuples(st.integers(0, 2**40), ANSWERS), max_size=4),
)
def test_answers_arrive_with_their_numbers(failures: dict[str, int], answers: list) -> None:
    (message,) = Messages().of(answers_message(failures, answers))
    assert answers_of(message) == (failures, answers)
