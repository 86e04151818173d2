"""Destinations: added, tried, rotated, switched, removed; their secrets are shown once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import a_destination, happens, later
from builders import an_organization
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import AlreadyExists, Busy, Conflict, InvalidInput, NotFound
from creditctl.services.audit import list_audit_entries
from creditctl.services.deliveries import deliver_due
from creditctl.services.destination_trials import try_destination
from creditctl.services.destinations import (
    add_destination,
    list_destinations,
    remove_destination,
    rotate_secret,
    switch_destination,
)
from creditctl.services.notifications import (
    list_notifications,
    retry_dead,
    retry_notifications,
    show_notification,
)
from creditctl.services.org_status import close_organization
from creditctl.store.engine import unit_of_work
from recording_channel import RecordingChannel, recording_channel

ACME = "https://acme.example"


@pytest.fixture(autouse=True)
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


def test_a_secret_is_shown_once_and_written_nowhere_else(context: Context) -> None:
    added = a_destination(context)
    rotated = rotate_secret(context, added.id, grace=timedelta(hours=1))
    assert added.secret
    assert rotated.secret
    assert added.secret.startswith("whsec_")
    assert added.secret != rotated.secret
    try_destination(context, added.id)
    told = show_notification(context, list_notifications(context)[0].id)
    seen = f"{list_destinations(context)} {list_audit_entries(context)} {told}"
    assert "whsec_" not in seen
    with unit_of_work(context.database) as unit:
        remaining = unit.fetch_rows("SELECT payload, body_text, body_html FROM notification")
    assert "whsec_" not in str(remaining)


def test_only_what_is_signed_has_a_secret(context: Context) -> None:
    an_organization(context)
    added = add_destination(context, "acme", channel="email", address="https://x.example")
    assert added.secret is None
    assert added.told == ("hard", "notify")
    with pytest.raises(Conflict, match="not signed"):
        rotate_secret(context, added.id, grace=timedelta(0))


def test_a_rotation_without_grace_forgets_the_old_secret(
    context: Context, channel: RecordingChannel
) -> None:
    added = a_destination(context)
    rotated = rotate_secret(context, added.id, grace=timedelta(0))
    assert rotated.old_secret_until is None
    try_destination(context, added.id)
    assert channel.handed[0].secrets == (rotated.secret,)


def test_what_cannot_be_is_refused(context: Context) -> None:
    a_destination(context)
    with pytest.raises(AlreadyExists, match="goes there already"):
        a_destination(context)
    with pytest.raises(InvalidInput, match="no https"):
        a_destination(context, to="ftp://acme.example")
    for wrong in (try_destination, remove_destination):
        with pytest.raises(NotFound, match="no destination"):
            wrong(context, "dest_none")
    close_organization(context, "acme", reason="test")
    with pytest.raises(Conflict, match="closed"):
        a_destination(context, to="https://late.example")


def test_a_test_says_how_it_went_and_is_never_repeated(
    context: Context, channel: RecordingChannel
) -> None:
    added = a_destination(context)
    good = try_destination(context, added.id)
    assert (good.works, good.detail, good.address) == (True, "200 OK", ACME)
    assert channel.handed[0].message.event == "destination.test"
    channel.fails(ACME)
    bad = try_destination(context, added.id)
    assert (bad.works, bad.outcome, bad.detail) == (False, "failed", "500 oh no")
    assert deliver_due(later(context, hours=1)).has_news is False
    assert [one.status for one in list_notifications(context)] == ["dead", "delivered"]


def test_a_company_wide_destination_is_tested_without_an_organization(context: Context) -> None:
    added = add_destination(context, None, channel="webhook", address=ACME)
    assert try_destination(context, added.id).works
    (told,) = list_notifications(context)
    assert (told.organization, told.status) == (None, "delivered")
    an_organization(context)
    assert [one.id for one in list_destinations(context, "acme")] == [added.id]


def test_a_test_waits_its_turn(context: Context) -> None:
    added = a_destination(context)
    with unit_of_work(context.database) as unit:
        unit.run(
            "UPDATE destination SET claim = 'another', claimed_until = :until",
            until=replace(context, now=NOW + timedelta(days=36500)).now,
        )
    with pytest.raises(Busy, match="being sent"):
        try_destination(context, added.id)


def test_a_destination_that_is_off_keeps_what_waits_for_it(
    context: Context, channel: RecordingChannel
) -> None:
    added = a_destination(context)
    happens(context)
    assert switch_destination(context, added.id, on=False).state == "disabled"
    assert deliver_due(context).waiting == 1
    assert switch_destination(context, added.id, on=True).state == "active"
    assert deliver_due(context).sent == 1
    verbs = [entry.action for entry in list_audit_entries(context)]
    assert verbs[:2] == ["destination.enabled", "destination.disabled"]


def test_a_removed_one_forgets_its_secrets_and_what_waits_for_it(context: Context) -> None:
    added = a_destination(context)
    happens(context)
    rotate_secret(context, added.id, grace=timedelta(hours=1))
    remove_destination(context, added.id)
    assert list_destinations(context) == []
    (told,) = list_notifications(context)
    assert told.status == "cancelled"
    with unit_of_work(context.database) as unit:
        secrets = unit.fetch_rows("SELECT secret, previous_secret FROM destination")
    assert secrets == [(None, None)]
    with pytest.raises(NotFound, match="no destination"):
        retry_notifications(context, [told.id])
    assert retry_dead(context) == []
    assert a_destination(context).id != added.id, "the address is free again"


def test_what_was_delivered_is_not_put_back(context: Context) -> None:
    a_destination(context)
    happens(context)
    (told,) = list_notifications(context)
    retry_notifications(context, [told.id])
    deliver_due(context)
    with pytest.raises(Conflict, match="was delivered"):
        retry_notifications(context, [told.id])
