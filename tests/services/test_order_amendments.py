"""Amendments: a new version replaces what the old one has not delivered, and only that."""

from collections.abc import Callable
from datetime import date

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.order_forms import OrderTerms
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.credits import list_grants
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.order_drafts import AmendRequest, amend_order
from creditctl.services.order_steps import CancelOrderRequest, cancel_order
from creditctl.services.orders import list_orders, show_order
from orders import a_draft, a_line, a_signed_order, an_amendment, an_order, in_force, signed

DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
def books(context: Context) -> Context:
    """acme at the first instant of November."""
    open_books(at(context, "2026-10-01"))
    an_organization(context)
    return context


def states(context: Context, order: str) -> str:
    return "".join(part.state[0] for part in show_order(context, order).instalments)


def granted(context: Context, slug: str = "acme") -> Credits:
    found = list_grants(context, slug, everything=True)
    return sum((grant.amount for grant in found), NO_CREDITS)


def cancel(context: Context, order: str) -> None:
    cancel_order(context, CancelOrderRequest(order=order, reason="no"))


def test_an_amendment_replaces_what_was_not_delivered_once_it_is_in_force(books: Context) -> None:
    old = an_order(books, a_line("300", times=3))
    new = an_amendment(books, old, a_line("1000", times=2, starts_on=DECEMBER))
    assert (states(books, old), states(books, new)) == ("bpp", "pp")
    signed(books, new)
    assert states(books, old) == "bpp"
    done = in_force(books, new)
    assert (done.version, done.supersedes, done.granted) == (2, old, NO_CREDITS)
    assert (states(books, old), states(books, new)) == ("bdd", "pp")
    check_limits(at(books, "2027-06-01"))
    assert granted(books) == Credits.parse("1100")
    assert [row.status for row in list_orders(books)] == ["superseded", "completed"]
    assert show_order(books, old).superseded_by == new


def test_the_old_version_delivers_until_the_new_one_is_in_force(books: Context) -> None:
    old = an_order(books, a_line("300", times=3))
    new = an_amendment(books, old, a_line("1000", starts_on=JANUARY))
    december = at(books, "2026-12-15")
    check_limits(december)
    signed(december, new)
    in_force(december, new)
    assert (states(books, old), states(books, new)) == ("bbd", "p")


def test_both_versions_never_deliver_for_the_same_time(books: Context) -> None:
    old = an_order(books, a_line("300", times=3))
    new = signed(books, an_amendment(books, old, a_line("1000", starts_on=DECEMBER)))
    late = at(books, "2026-12-02")  # the old version's December is due before
    with pytest.raises(Conflict, match="for 2026-12-01 or later since this one was drafted"):
        in_force(late, new)
    cancel(late, new)
    again = an_amendment(late, old, a_line("1000", starts_on=JANUARY))
    assert show_order(books, again).version == 3
    in_force(late, signed(late, again))
    assert (states(books, old), states(books, again)) == ("bbd", "p")


def test_what_was_delivered_when_an_amendment_is_drafted_is_known_to_it(books: Context) -> None:
    old = an_order(books, a_line("300"))
    new = an_amendment(books, old, a_line("50"))  # more, on the same day
    in_force(books, signed(books, new))
    assert granted(books) == Credits.parse("350")
    third = an_amendment(books, new, a_line("5"))
    in_force(books, signed(books, third))
    assert granted(books) == Credits.parse("355")
    assert [row.status for row in list_orders(books)] == ["superseded"] * 2 + ["completed"]


def test_an_amendment_keeps_number_and_terms_unless_it_says_others(books: Context) -> None:
    old = signed(books, a_draft(books, po_number="PO-1", terms="Net 30"))
    same = show_order(books, an_amendment(books, old))
    assert (same.po_number, same.terms, same.supersedes) == ("PO-1", "Net 30", old)
    cancel(books, same.id)
    agreed = OrderTerms(currency="USD", lines=(a_line(),), po_number="PO-2")
    other = amend_order(books, AmendRequest(order=old, terms=agreed, reason="new number"))
    assert show_order(books, other.id).po_number == "PO-2"


def test_a_signed_form_that_was_never_in_force_is_replaced_as_a_whole(books: Context) -> None:
    first = an_order(books, a_line("300", times=3))
    second = signed(books, an_amendment(books, first, a_line("9", starts_on=DECEMBER)))
    third = signed(books, an_amendment(books, second, a_line("7", starts_on=DECEMBER)))
    in_force(books, third)
    assert [states(books, order) for order in (first, second, third)] == ["bdd", "d", "p"]
    with pytest.raises(Conflict, match="is superseded"):
        in_force(books, second)


def test_versions_take_over_in_their_order(books: Context) -> None:
    first = an_order(books, a_line("300", times=3))
    second = signed(books, an_amendment(books, first, a_line("9", starts_on=DECEMBER)))
    third = signed(books, an_amendment(books, second, a_line("7", starts_on=DECEMBER)))
    in_force(books, second)
    in_force(books, third)
    assert [states(books, order) for order in (first, second, third)] == ["bdd", "d", "p"]


def test_a_prepaid_rest_of_the_old_version_is_still_delivered(books: Context) -> None:
    old = an_order(books, a_line("300", times=3, splits="credits"))
    new = an_amendment(books, old, a_line("50"))
    in_force(books, signed(books, new))
    check_limits(at(books, "2027-06-01"))
    assert (states(books, old), granted(books)) == ("bbb", Credits.parse("350"))


def draft(books: Context) -> str:
    return a_draft(books)


def cancelled(books: Context) -> str:
    order = a_signed_order(books)
    cancel(books, order)
    return order


def superseded(books: Context) -> str:
    order = an_order(books)
    in_force(books, signed(books, an_amendment(books, order)))
    return order


@pytest.mark.parametrize("made", [draft, cancelled, superseded])
def test_only_what_was_signed_and_goes_on_can_be_amended(
    books: Context, made: Callable[[Context], str]
) -> None:
    order = made(books)
    with pytest.raises(Conflict, match=f"is {made.__name__}"):
        an_amendment(books, order)


def test_one_amendment_at_a_time_in_the_same_currency(books: Context) -> None:
    order = an_order(books, a_line(times=2))
    new = an_amendment(books, order)
    with pytest.raises(Conflict, match=f"{new} amends {order} already"):
        an_amendment(books, order)
    with pytest.raises(Conflict, match=f"{new} amends {order}"):
        cancel(books, order)
    cancel(books, new)
    euros = OrderTerms(currency="EUR", lines=(a_line(),))
    with pytest.raises(Conflict, match="is in USD, not EUR"):
        amend_order(books, AmendRequest(order=order, terms=euros, reason="moved"))
    cancel(books, order)


def test_the_order_forms_of_a_merged_organization_go_on_for_the_other_one(books: Context) -> None:
    an_organization(books, "twin")
    order = an_order(books, a_line("200", times=2), slug="twin")
    merge_organizations(books, MergeRequest(source="twin", target="acme", reason="same"))
    check_limits(at(books, "2026-12-01"))
    assert show_order(books, order).organization == "acme"
    assert (states(books, order), granted(books)) == ("bb", Credits.parse("200"))
