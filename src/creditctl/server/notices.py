"""Webhooks of payment providers: verified, booked once, answered when it is done."""

from creditctl.output.values import machine_object
from creditctl.server.exchange import Answer, Asked, json_answer
from creditctl.server.problems import Problem
from creditctl.server.service import Service
from creditctl.services.payment_rounds import apply_notice


def webhook(service: Service, asked: Asked) -> Answer:
    """A provider's notice: its signature is of the body as it came."""
    context = service.gate.context()
    if asked.place not in context.settings.payments:
        raise Problem(404, "not_found", "No such payment provider is configured.")
    notice = apply_notice(context, asked.place, asked.headers, asked.body)
    return json_answer(200, machine_object(notice))
