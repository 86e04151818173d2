"""Books for gates that are disturbed: one endpoint, plans that limit or say what outages mean."""

from builders import an_organization, at
from creditctl.context import Context
from creditctl.services.keys import CreatedKey, create_key
from gate_server import Peer

CATALOG = """
[catalog]
name = "rows"
currency = "USD"
list_price = "0.01"
effective_from = 2020-01-01T00:00:00Z

[products.rows]
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
credits = 5

[plans.some]
fee = "0.00"
[plans.some.limits]
requests_per_period = 30
[plans.five]
fee = "0.00"
[plans.five.limits]
requests_per_period = 5
[plans.burst]
fee = "0.00"
[plans.burst.limits]
burst_per_10_seconds = 3
[plans.open]
fee = "0.00"
gate_when_down = "open"
[plans.closed]
fee = "0.00"
gate_when_down = "closed"
"""
PRICE = 5


def a_key(context: Context, credits: str, plan: str | None = None) -> CreatedKey:
    early = at(context, "2025-01-01T00:00:00Z")
    an_organization(early, "acme", credits=credits)
    return create_key(early, "acme", name="web", plan=plan)


def authorize(gate: Peer, key: CreatedKey, name: str) -> int:
    return gate.post("/v1/authorize", request_id=name, secret=key.secret, path="/rows").status
