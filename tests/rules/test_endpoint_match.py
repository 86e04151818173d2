"""The most specific pattern wins, whatever order the catalog lists them in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.endpoint_match import EndpointMatcher

PATTERNS = [
    (1, "GET", "/v1/quotes/{symbol}"),
    (2, "GET", "/v1/quotes/latest"),
    (3, "*", "/v1/quotes/{symbol}"),
    (4, "GET", "/v1/**"),
    (5, "*", "/**"),
    (6, "GET", "/v1/files/{name}.json"),
    (7, "GET", "/v1/{kind}/latest"),
    (8, "GET", "/v1/files/{name}"),
    (9, "GET", "/v1/files/draft-{name}.json"),
]


@pytest.mark.parametrize(
    ("method", "path", "endpoint"),
    [
        ("GET", "/v1/quotes/latest", 2),
        ("GET", "/v1/quotes/AAPL", 1),
        ("POST", "/v1/quotes/AAPL", 3),
        ("GET", "/v1/rates/latest", 7),
        ("GET", "/v1/quotes/AAPL/history", 4),
        ("GET", "/v1", 4),
        ("GET", "/v1/quotes/AAPL?fields=close", 1),
        ("GET", "/v1/files/report.json", 6),
        ("GET", "/v1/files/report.xml", 8),
        ("GET", "/v1/files/draft-report.json", 9),
        ("GET", "/v1/files/2026/report.xml", 4),
        ("DELETE", "/", 5),
        ("DELETE", "/anything/at/all", 5),
    ],
)
def test_a_request_matches_its_most_specific_pattern(method: str, path: str, endpoint: int) -> None:
    assert EndpointMatcher(PATTERNS).match(method, path) == endpoint


def test_a_request_that_nothing_matches_has_no_endpoint() -> None:
    matcher = EndpointMatcher([(1, "GET", "/v1/quotes/{symbol}")])
    assert matcher.match("GET", "/v1/quotes") is None
    assert matcher.match("POST", "/v1/quotes/AAPL") is None
    assert matcher.match("GET", "/v1x/quotes/AAPL") is None


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/v1/quotes/l%61test", 2),
        ("/v1/%71uotes/latest", 2),
        ("//v1///quotes//latest", 2),
        ("/v1/files/report%2Ejson?x=%2e", 6),
        ("/v1/quotes/BTC%2fUSD", 1),
        ("/v1/quotes/%3Flatest", 1),
        ("/v1/quotes/%ff", 1),
        ("/v1/caf%C3%A9", 10),
        ("/v1/caf%c3%a9", 10),
        ("/v1/café", 10),
    ],
)
def test_another_spelling_of_a_path_finds_no_other_price(path: str, endpoint: int) -> None:
    assert EndpointMatcher([*PATTERNS, (10, "*", "/v1/caf%C3%A9")]).match("GET", path) == endpoint


def test_every_pattern_that_fits_is_named_most_specific_first() -> None:
    assert [*EndpointMatcher(PATTERNS).matches("GET", "/v1/quotes/latest")] == [2, 1, 3, 7, 4, 5]


SEGMENTS = st.lists(
    st.sampled_from(["v1", "quotes", "AAPL", "latest", "files", "draft-a.json"]), max_size=4
)


@given(st.permutations(PATTERNS), st.sampled_from(["GET", "POST"]), SEGMENTS)
def test_the_order_of_the_catalog_does_not_matter(shuffled, method: str, segments) -> None:
    path = "/" + "/".join(segments)
    assert EndpointMatcher(shuffled).match(method, path) == EndpointMatcher(PATTERNS).match(
        method, path
    )
