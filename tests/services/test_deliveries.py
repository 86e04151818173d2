"""Deliveries: at least once, never two at a time, and no destination waits for another one."""

from datetime import timedelta
from threading import Event as Signal
from threading import Thread

import pytest

from alerts import a_destination, happens, later
from creditctl.context import Context
from creditctl.services import delivery_steps
from creditctl.services.deliveries import DeliveryRun, deliver_due
from creditctl.services.destinations import list_destinations, rotate_secret
from creditctl.services.notifications import list_notifications, retry_dead, show_notification
from creditctl.store.engine import unit_of_work
from recording_channel import RecordingChannel, recording_channel

PATIENCE = 60
"""Seconds after which a test that waits for another thread gives up."""

ACME = "https://acme.example"


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


def counts(run: DeliveryRun) -> tuple[int, int, int, int]:
    return run.sent, run.failed, run.dead, run.waiting


def attempts(context: Context) -> list[str]:
    (one,) = list_notifications(context)
    return [attempt.outcome for attempt in show_notification(context, one.id).attempts]


def test_what_is_due_is_sent_once_and_recorded(context: Context, channel: RecordingChannel) -> None:
    secret = a_destination(context).secret
    happens(context)
    assert counts(deliver_due(context)) == (1, 0, 0, 0)
    assert counts(deliver_due(later(context, hours=1))) == (0, 0, 0, 0)
    (told,) = list_notifications(context)
    assert (told.status, told.attempts, told.delivered_at) == ("delivered", 1, context.now)
    (handed,) = channel.handed
    assert (handed.message.id, handed.to, handed.secrets) == (told.id, ACME, (secret,))
    assert f'"id":"{told.id}"' in handed.message.payload


def test_it_is_tried_again_with_the_same_id_and_content_but_signed_anew(
    context: Context, channel: RecordingChannel
) -> None:
    added = a_destination(context)
    happens(context)
    channel.fails(ACME)
    assert counts(deliver_due(context)) == (0, 1, 0, 1)
    assert counts(deliver_due(later(context, seconds=29))) == (0, 0, 0, 1)
    rotated = rotate_secret(context, added.id, grace=timedelta(hours=1))
    assert counts(deliver_due(later(context, seconds=36))) == (0, 1, 0, 1)
    channel.works(ACME)
    assert counts(deliver_due(later(context, hours=2))) == (1, 0, 0, 0)
    assert len({one.message for one in channel.handed}) == 1
    assert [one.secrets for one in channel.handed] == [
        (added.secret,),
        (rotated.secret, added.secret),
        (rotated.secret,),
    ]
    assert attempts(context) == ["failed", "failed", "delivered"]


def test_after_a_day_it_is_a_dead_letter_until_somebody_puts_it_back(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    channel.fails(ACME)
    tried = sum(deliver_due(later(context, minutes=minute)).failed for minute in range(0, 1440, 7))
    assert tried >= 10
    assert counts(deliver_due(later(context, hours=24))) == (0, 0, 1, 0)
    (dead,) = list_notifications(context, status="dead")
    assert (dead.attempts, dead.last_error) == (tried, "500 oh no")
    assert counts(deliver_due(later(context, hours=30))) == (0, 0, 0, 0)
    channel.works(ACME)
    (back,) = retry_dead(later(context, hours=30))
    assert (back.id, back.status) == (dead.id, "pending")
    assert counts(deliver_due(later(context, hours=30))) == (1, 0, 0, 0)
    assert len({one.message for one in channel.handed}) == 1


def test_a_refusal_for_good_is_a_dead_letter_at_once(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    channel.fails(ACME, is_final=True)
    assert counts(deliver_due(context)) == (0, 0, 1, 0)
    assert attempts(context) == ["refused"]


def test_a_receiver_that_asks_to_be_left_alone_is(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    channel.fails(ACME, retry_after=7200)
    deliver_due(context)
    channel.works(ACME)
    happens(context, revision=1)
    assert deliver_due(later(context, seconds=7199)).sent == 0
    assert deliver_due(later(context, seconds=7200)).sent == 2


def test_after_five_failures_a_destination_rests_and_one_attempt_shows_how_it_is(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    for revision in range(8):
        happens(context, revision=revision)
    channel.fails(ACME)
    for _ in range(9):
        deliver_due(context)
    assert len(channel.handed) == 5
    (shown,) = list_destinations(context)
    assert (shown.failures, shown.paused_until) == (5, later(context, minutes=5).now)
    for _ in range(3):
        deliver_due(later(context, minutes=5))
    assert len(channel.handed) == 6, "one trial, then it rests for twice as long"
    assert list_destinations(context)[0].failures == 6
    channel.works(ACME)
    assert counts(deliver_due(later(context, minutes=16))) == (8, 0, 0, 0)
    assert list_destinations(context)[0].failures == 0


def test_a_channel_that_is_not_set_up_or_has_a_bug_keeps_the_message(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    channel.troubles[ACME] = lambda: str(1 // 0)
    assert counts(deliver_due(context)) == (0, 1, 0, 1)
    (waiting,) = list_notifications(context)
    assert waiting.last_error == "unexpected ZeroDivisionError"


def test_a_crash_between_sending_and_recording_sends_it_again_with_the_same_id(
    context: Context, channel: RecordingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_destination(context)
    happens(context)
    with monkeypatch.context() as broken:
        broken.setattr(delivery_steps, "record", lambda *_, **__: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            deliver_due(context)
    assert counts(deliver_due(context)) == (0, 0, 0, 1), "it may still be under way"
    with unit_of_work(context.database) as unit:
        unit.run("UPDATE destination SET claimed_until = 1")
    assert counts(deliver_due(context)) == (1, 0, 0, 0)
    first, second = channel.handed
    assert first.message == second.message
    assert attempts(context) == ["delivered"]


def test_two_runs_at_once_never_send_twice(context: Context, channel: RecordingChannel) -> None:
    a_destination(context)
    happens(context)
    sending, go_on = Signal(), Signal()

    def slow() -> str:
        sending.set()
        assert go_on.wait(PATIENCE)
        return "200 OK"

    channel.troubles[ACME] = slow
    first: list[DeliveryRun] = []
    thread = Thread(target=lambda: first.append(deliver_due(context)))
    thread.start()
    assert sending.wait(PATIENCE)
    assert counts(deliver_due(context)) == (0, 0, 0, 1)
    go_on.set()
    thread.join(PATIENCE)
    assert [counts(run) for run in first] == [(1, 0, 0, 0)]
    assert len(channel.handed) == 1


def test_many_runs_at_once_share_the_work(context: Context, channel: RecordingChannel) -> None:
    slugs = ["acme", "blue", "cyan"]
    for slug in slugs:
        a_destination(context, slug)
        for revision in range(4):
            happens(context, slug, revision=revision)
    runs: list[DeliveryRun] = []
    threads = [Thread(target=lambda: runs.append(deliver_due(context))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sum(run.sent for run in runs) == len({one.message.id for one in channel.handed}) == 12
    assert set(channel.most_at_once.values()) == {1}


def test_one_that_hangs_does_not_hold_the_others_back(
    context: Context, channel: RecordingChannel
) -> None:
    others_are_through = Signal()

    def hang() -> str:
        assert others_are_through.wait(PATIENCE)
        return "at last"

    def count() -> str:
        if len([to for to in channel.addresses() if to != ACME]) == 6:
            others_are_through.set()
        return "200 OK"

    for slug in ("acme", "blue", "cyan"):
        a_destination(context, slug)
        for revision in range(3):
            happens(context, slug, revision=revision)
        channel.troubles[f"https://{slug}.example"] = hang if slug == "acme" else count
    assert counts(deliver_due(context)) == (9, 0, 0, 0)


def test_a_dead_one_is_tried_once_a_run_and_after_those_that_work(
    context: Context, channel: RecordingChannel
) -> None:
    for slug in ("acme", "blue"):
        a_destination(context, slug)
        happens(context, slug)
    channel.fails(ACME)
    assert counts(deliver_due(context)) == (1, 1, 0, 1)
    channel.handed.clear()
    soon = later(context, seconds=40)
    for slug in ("acme", "blue"):
        for revision in (1, 2):
            happens(soon, slug, revision=revision)
    assert deliver_due(soon, limit=1).sent == 1
    assert channel.addresses() == ["https://blue.example"]
    assert counts(deliver_due(soon)) == (1, 1, 0, 3)


def test_a_recovery_never_overtakes_what_it_ends(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    channel.fails(ACME)
    deliver_due(context)
    channel.works(ACME)
    happens(context, name="budget.recovered")
    happens(context, revision=1)
    assert counts(deliver_due(context)) == (1, 0, 0, 2), "only the other story goes on"
    assert counts(deliver_due(later(context, minutes=1))) == (2, 0, 0, 0)
    assert [one.message.event for one in channel.handed[2:]] == [
        "budget.exceeded",
        "budget.recovered",
    ]


def test_a_run_sends_no_more_than_it_may(context: Context, channel: RecordingChannel) -> None:
    a_destination(context)
    for revision in range(3):
        happens(context, revision=revision)
    assert counts(deliver_due(context, limit=2)) == (2, 0, 0, 1)
    assert counts(deliver_due(context, budget=timedelta(0))) == (0, 0, 0, 1)
