"""What keeps a gate running: is it alive, can it decide, what did it do, what does it offer."""

from creditctl.server.exchange import Answer, Asked, json_answer
from creditctl.server.service import Service


def healthz(_: Service, __: Asked) -> Answer:
    """The process answers; it says nothing of what it depends on."""
    return json_answer(200, {"status": "ok"})


def readyz(service: Service, _: Asked) -> Answer:
    """Whether the books and the counters answer.

    Without counters it is ready all the same: plans say what then happens.
    """
    standing = service.gate.standing()
    has_books = standing.open_holds is not None and (service.line is None or service.line.is_ready)
    status = 200 if has_books else 503
    document = {
        "status": "ok" if status == 200 else "unavailable",  # noqa: PLR2004 - OK
        "books": has_books,
        "counters": standing.counters,
    }
    return json_answer(status, document)


def metrics(service: Service, _: Asked) -> Answer:
    """The page that Prometheus reads."""
    standing = service.gate.standing()
    service.metrics.stands(
        open_holds=standing.open_holds,
        counters=standing.counters,
        failed_groups=service.line.failures if service.line else standing.failed_groups,
    )
    body, media_type = service.metrics.page()
    return Answer(200, body, media_type)


def openapi(_: Service, __: Asked) -> Answer:
    """What the gate offers."""
    from creditctl.server.openapi import document  # it reads the table that this stands in

    return json_answer(200, document())
