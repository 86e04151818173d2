"""A deliverer is killed right after the receiver got the message: it is sent again, the same."""

import signal

import pytest

from alerts import a_destination, happens
from creditctl.context import Context
from creditctl.services.deliveries import deliver_due
from creditctl.services.notifications import list_notifications, show_notification
from creditctl.store.engine import unit_of_work
from forked import Forked
from recording_channel import RecordingChannel, recording_channel

SEND_AND_DIE = """
import os, signal, sys
from creditctl.context import Context
from creditctl.rules.instants import parse_instant
from creditctl.services import delivery_steps
from creditctl.services.deliveries import deliver_due

class Deadly:
    def deliver(self, message, **_):
        print(message.id, message.payload, sep="\\n", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

delivery_steps.channel_named = lambda *_: Deadly()
deliver_due(Context(sys.argv[1], parse_instant(sys.argv[2]), "other"))
"""


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


def test_a_killed_deliverer_leads_to_the_same_message_again(
    context: Context, channel: RecordingChannel
) -> None:
    a_destination(context)
    happens(context)
    killed = Forked(SEND_AND_DIE, context.database, context.now.isoformat())
    said, problem = killed.communicate()
    assert killed.returncode == -signal.SIGKILL, problem
    (told,) = list_notifications(context)
    assert (told.status, told.attempts) == ("pending", 0)
    assert deliver_due(context).has_news is False, "nobody knows yet that it was killed"
    with unit_of_work(context.database) as unit:
        unit.run("UPDATE destination SET claimed_until = 1")  # two minutes later
    assert deliver_due(context).sent == 1
    (again,) = channel.handed
    assert said.splitlines() == [again.message.id, again.message.payload]
    assert len(show_notification(context, told.id).attempts) == 1
