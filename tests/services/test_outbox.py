"""The outbox: who is told, once, in the transaction of what happened, and in what words."""

import json

import pytest
from jsonschema import Draft202012Validator

from alerts import a_destination, exceeded, happens, later
from builders import an_organization
from creditctl.cli.schema import schema_document
from creditctl.context import Context, Settings
from creditctl.services.destinations import (
    add_destination,
    remove_destination,
    switch_destination,
)
from creditctl.services.notifications import (
    list_notifications,
    notification_payload,
    show_notification,
)
from creditctl.services.outbox import enqueue
from creditctl.store.engine import rehearsal, unit_of_work
from creditctl.store.queries.orgs import find_organization
from recording_channel import RecordingChannel, recording_channel


@pytest.fixture(autouse=True)
def channel(monkeypatch: pytest.MonkeyPatch) -> RecordingChannel:
    return recording_channel(monkeypatch)


def test_each_destination_that_wants_it_is_told_once(context: Context) -> None:
    hard = a_destination(context)
    family = a_destination(context, to="https://family.example", told=("budget.*", "hard"))
    a_destination(context, to="https://notify.example", told=("notify",))
    a_destination(context, "other")
    everybody = add_destination(
        context, None, channel="webhook", address="https://ops.example", told=("*",)
    )
    assert happens(context) == 3
    assert happens(later(context, minutes=1)) == 0
    told = list_notifications(context)
    assert {one.destination for one in told} == {hard.id, family.id, everybody.id}
    assert {(one.status, one.attempts, one.organization) for one in told} == {
        ("pending", 0, "acme")
    }


def test_a_new_crossing_and_a_recovery_are_told_of_their_own(context: Context) -> None:
    a_destination(context, told=("budget.exceeded",))
    assert [happens(context, revision=revision) for revision in (0, 0, 1)] == [1, 0, 1]
    assert happens(context, name="budget.recovered") == 1, "whoever hears of one hears of both"
    assert happens(context, name="threshold.crossed", revision=7) == 0


def test_a_destination_that_is_off_or_gone_is_not_told(context: Context) -> None:
    off, gone = a_destination(context), a_destination(context, to="https://gone.example")
    switch_destination(context, off.id, on=False)
    remove_destination(context, gone.id)
    assert happens(context) == 0
    switch_destination(context, off.id, on=True)
    assert happens(context) == 1


def test_what_did_not_happen_is_told_to_nobody(context: Context) -> None:
    a_destination(context)
    with rehearsal(context.database) as unit:
        owner = find_organization(unit, "acme")
        assert enqueue(unit, context, owner.id, exceeded(unit, context)) == 1
    assert list_notifications(context) == []


def test_the_payload_follows_its_published_schema_and_names_everything(context: Context) -> None:
    settings = Settings(console_url="https://console.example/orgs/{org}")
    context = Context(context.database, context.now, context.actor, settings)
    a_destination(context)
    happens(context)
    (told,) = list_notifications(context)
    document = json.loads(notification_payload(context, told.id))
    Draft202012Validator(schema_document("creditctl.event/v1")).validate(document)
    data = document["data"]
    assert (data["id"], data["type"], data["version"]) == (told.id, "budget.exceeded", 1)
    assert (data["limit"], data["usage"], data["balance"]) == ("1000", "1000.5", "284.5")
    assert (data["level"], data["action"], data["severity"]) == ("hard", "trigger", "critical")
    assert data["organization"]["slug"] == "acme"
    assert data["commands"] == ["creditctl limits status acme", "creditctl budgets show acme"]
    assert data["url"] == "https://console.example/orgs/acme"


def test_mail_bodies_show_the_figures_and_escape_what_people_write(context: Context) -> None:
    an_organization(context)
    with unit_of_work(context.database) as unit:
        unit.run("UPDATE organization SET legal_name = '<b>Acme & Sons</b>'")
    a_destination(context)
    happens(context)
    with unit_of_work(context.database) as unit:
        ((html,),) = unit.fetch_rows("SELECT body_html FROM notification")
    assert "&lt;b&gt;Acme &amp; Sons&lt;/b&gt;" in html
    assert "<b>" not in html
    assert ">1000.5 credits</td>" in html
    text = show_notification(context, list_notifications(context)[0].id).text
    assert "Balance       284.5 credits" in text
    assert "  creditctl limits status acme" in text
