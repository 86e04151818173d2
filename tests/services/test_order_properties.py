"""Whatever happens to order forms, in whatever order: what was delivered is what was granted."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_organization, at, open_books, use
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.order_forms import LineTerms
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.checks import run_checks
from creditctl.services.credits import list_grants
from creditctl.services.limits_check import check_limits
from creditctl.services.order_steps import CancelOrderRequest, cancel_order
from creditctl.services.orders import OrderCard, list_orders, show_order
from creditctl.store.engine import reusing_connections
from orders import a_line, a_signed_order, an_amendment, in_force, signed
from sqlite_files import SqliteFiles

LINES = st.builds(
    lambda micro, times, splits, start: a_line(
        str(Credits(micro)),
        times=times,
        splits=splits,
        starts_on=(NOW + timedelta(days=start)).date(),
    ),
    st.integers(10**7, 10**12),
    st.integers(1, 5),
    st.sampled_from(("both", "credits", "money")),
    st.integers(-20, 60),
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 45),
        st.sampled_from(("check", "use", "create", "amend", "activate", "activate", "cancel")),
        st.lists(LINES, min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def template(sqlite_template: Path) -> Iterator[Path]:
    """A database with a catalog and acme, for every example to begin with."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        path.write_bytes(sqlite_template.read_bytes())
        context = Context(f"sqlite:///{path}", NOW, "tester")
        open_books(at(context, "2026-01-01"))
        an_organization(context)
        yield path


def do(context: Context, step: str, lines: list[LineTerms]) -> None:
    """One step; what the rules refuse changes nothing."""
    orders = [order.id for order in list_orders(context)]
    try:
        if step == "check":
            check_limits(context)
        elif step == "use":
            use(context, "acme", 100)
        elif step == "create" or not orders:
            a_signed_order(context, *lines)
        elif step == "amend":
            signed(context, an_amendment(context, orders[-1], *lines))
        elif step == "activate":
            in_force(context, orders[-1])
        else:
            cancel_order(context, CancelOrderRequest(order=orders[-1], reason="test"))
    except Conflict:
        return


def prove(context: Context) -> None:
    """Credits granted are those of booked instalments; every line adds up to its price."""
    cards = [show_order(context, order.id) for order in list_orders(context)]
    booked = [part for card in cards for part in card.instalments if part.state == "booked"]
    grants = {grant.id: grant for grant in list_grants(context, "acme", everything=True)}
    delivered = [part for part in booked if part.credits]
    assert {part.grant for part in delivered} == grants.keys()
    assert len(delivered) == len(grants)
    for part in delivered:
        assert part.grant is not None
        assert grants[part.grant].amount == part.credits
    assert sum((card.delivered for card in cards), NO_CREDITS) == sum(
        (grant.amount for grant in grants.values()), NO_CREDITS
    )
    for card in cards:
        _adds_up(card)
    assert run_checks(context) == []


def _adds_up(card: OrderCard) -> None:
    for line in card.lines:
        parts = [part for part in card.instalments if part.line == line.number]
        assert sum(part.amount.minor for part in parts) == line.price.minor
        assert sum((part.credits for part in parts), NO_CREDITS) == line.credits
    billed = [part.amount.minor for part in card.instalments if part.state == "booked"]
    assert card.billed.minor == sum(billed)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_credits_granted_are_those_of_delivered_instalments(
    sqlite_files: SqliteFiles, template: Path, steps: list[tuple[int, str, list[LineTerms]]]
) -> None:
    with sqlite_files.lent(template) as lent, reusing_connections(lent.kept):
        live_through(Context(lent.url, NOW, "tester"), steps)


def live_through(context: Context, steps: list[tuple[int, str, list[LineTerms]]]) -> None:
    """Take the steps, some of them twice, then wait until all is over."""
    for days, step, lines in steps:
        context = at(context, (context.now + timedelta(days=days)).isoformat())
        do(context, step, lines)
        do(context, step if step in ("check", "activate") else "check", lines)
    prove(context)
    a_year_later = at(context, "2028-06-01")
    check_limits(a_year_later)
    check_limits(a_year_later)
    prove(a_year_later)
    # in the end every order form in force has delivered all that it sold
    for order in list_orders(a_year_later, status="completed"):
        assert order.delivered == order.credits
    assert list_orders(a_year_later, status="active") == []
