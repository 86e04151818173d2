"""Lateness: counted in periods back from the newest final invoice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from creditctl.rules.late_usage import Invoiced, Lateness, late_stretches, lateness_at
from creditctl.rules.periods import Period, calendar_month, months_after

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def month(number: int, *, is_final: bool = True) -> Invoiced:
    """The calendar month so many months after January 2026."""
    period = calendar_month(months_after(BEGIN, number))
    return Invoiced(period, f"{period.starts_at:%Y-%m}", is_final)


def words(invoices: list[Invoiced], *, since: datetime = BEGIN) -> list[tuple[str, str]]:
    return [(one.month, one.lateness.name) for one in late_stretches(invoices, since, 2)]


def test_the_two_newest_final_periods_are_adjusted_and_older_ones_quarantined() -> None:
    assert words([month(number) for number in range(4)]) == [
        ("2026-01", "QUARANTINE"),
        ("2026-02", "QUARANTINE"),
        ("2026-03", "ADJUST"),
        ("2026-04", "ADJUST"),
    ]


def test_drafts_after_the_newest_final_invoice_do_not_count() -> None:
    assert words([month(0), month(1, is_final=False), month(2, is_final=False)]) == [
        ("2026-01", "ADJUST")
    ]


def test_a_draft_among_final_invoices_is_never_late_and_counts_as_a_period() -> None:
    assert words([month(0), month(1, is_final=False), month(2)]) == [
        ("2026-01", "QUARANTINE"),
        ("2026-03", "ADJUST"),
    ]


def test_months_without_an_invoice_are_late_like_invoiced_ones() -> None:
    assert words([month(0), month(3)], since=BEGIN) == [
        ("2026-01", "QUARANTINE"),
        ("2026-02", "QUARANTINE"),
        ("2026-03", "ADJUST"),
        ("2026-04", "ADJUST"),
    ]
    assert words([month(1)], since=months_after(BEGIN, -1)) == [
        ("2025-12", "QUARANTINE"),
        ("2026-01", "ADJUST"),
        ("2026-02", "ADJUST"),
    ]


def test_without_final_invoices_nothing_is_late() -> None:
    assert words([]) == []
    assert words([month(0, is_final=False)]) == []


INVOICES = st.dictionaries(st.integers(0, 11), st.booleans(), max_size=8).map(
    lambda chosen: [month(number, is_final=final) for number, final in chosen.items()]
)


@given(INVOICES, st.randoms(use_true_random=False), st.integers(0, 400))
def test_stretches_lie_side_by_side_and_end_with_the_newest_final_invoice(
    invoices: list[Invoiced], random: Random, day: int
) -> None:
    stretches = late_stretches(invoices, BEGIN, 2)
    random.shuffle(invoices)
    assert late_stretches(invoices, BEGIN, 2) == stretches
    for one, next_one in pairwise(stretches):
        gap = Period(one.period.ends_at, next_one.period.starts_at)
        assert one.period.ends_at <= next_one.period.starts_at
        # Only a draft may lie between two of them.
        assert gap.starts_at == gap.ends_at or any(
            not invoice.is_final and invoice.period.starts_at in gap for invoice in invoices
        )
        assert one.lateness >= next_one.lateness
    finals = [invoice for invoice in invoices if invoice.is_final]
    assert bool(stretches) == bool(finals)
    at = BEGIN + timedelta(days=day)
    if finals and at >= max(invoice.period.ends_at for invoice in finals):
        assert lateness_at(stretches, at) is Lateness.NORMAL
    if any(at in invoice.period for invoice in finals):
        assert lateness_at(stretches, at) is not Lateness.NORMAL
    if any(at in invoice.period and not invoice.is_final for invoice in invoices):
        assert lateness_at(stretches, at) is Lateness.NORMAL
