"""The price book: an endpoint that was not sold at the time does not hide one that was."""

import pytest

from builders import at, open_books
from creditctl.context import Context
from creditctl.rules.instants import micros_of, parse_instant
from creditctl.services.price_book import PriceBook, load_price_book
from creditctl.store.engine import reading

HEAD = """
[catalog]
name = "quotes"
currency = "USD"
list_price = "0.01"
[products.quotes]
[[products.quotes.endpoints]]
method = "GET"
path = "/quotes/{symbol}"
credits = 1
"""
LATEST = """
[[products.quotes.endpoints]]
method = "GET"
path = "/quotes/latest"
credits = 3
"""


@pytest.fixture
def book(context: Context) -> PriceBook:
    """`/quotes/latest` was sold apart from June until August."""
    open_books(at(context, "2026-01-01"), HEAD)
    open_books(at(context, "2026-06-01"), HEAD + LATEST)
    open_books(at(context, "2026-09-01"), HEAD)
    with reading(context.database) as unit:
        return load_price_book(unit)


@pytest.mark.parametrize(
    ("time", "path", "credits"),
    [
        ("2026-03-01", "/quotes/{symbol}", 1),
        ("2026-05-31T23:59:59Z", "/quotes/{symbol}", 1),
        ("2026-06-01", "/quotes/latest", 3),
        ("2026-08-31T23:59:59Z", "/quotes/latest", 3),
        ("2026-09-01", "/quotes/{symbol}", 1),
    ],
)
def test_a_request_belongs_to_the_endpoint_sold_at_its_time(
    book: PriceBook, time: str, path: str, credits: int
) -> None:
    moment = micros_of(parse_instant(time))
    endpoint = book.endpoint("GET", "/quotes/latest", moment)
    assert endpoint is not None
    assert endpoint.path == path
    price = book.price_at(endpoint.id, moment)
    assert price is not None
    assert price.rule.base_micro == credits * 1_000_000


def test_before_the_first_price_the_endpoint_is_known_and_has_no_price(book: PriceBook) -> None:
    moment = micros_of(parse_instant("2025-12-31"))
    endpoint = book.endpoint("GET", "/quotes/latest", moment)
    assert endpoint is not None
    assert endpoint.path == "/quotes/latest"
    assert book.price_at(endpoint.id, moment) is None


def test_a_request_that_nothing_matches_has_no_endpoint(book: PriceBook) -> None:
    moment = micros_of(parse_instant("2026-07-01"))
    assert book.endpoint("GET", "/news", moment) is None
    assert book.endpoint("POST", "/quotes/latest") is None


def test_without_a_time_the_most_specific_endpoint_there_ever_was_is_named(
    book: PriceBook,
) -> None:
    endpoint = book.endpoint("GET", "/quotes/latest")
    assert endpoint is not None
    assert endpoint.path == "/quotes/latest"
