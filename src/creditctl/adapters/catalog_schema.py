"""The JSON Schema of a catalog file, for editors that complete and check TOML."""

from typing import Any

from creditctl.adapters.catalog_plans_toml import LIMITS, LONGEST_GUEST_HOURS, LONGEST_TRIAL_DAYS
from creditctl.adapters.catalog_promotions_toml import LONGEST_LIFETIME_DAYS
from creditctl.rules.periods import MONTHS_IN
from creditctl.rules.promotions import REQUIREMENTS, TRIGGERS

Schema = dict[str, Any]

_NAME = "^[a-z0-9][a-z0-9_-]*$"
_DECIMAL = r"^\d+(\.\d*)?$"


def catalog_schema() -> Schema:
    """Every key that the reader knows, with what it means."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:creditctl:schema:catalog-file/v1",
        "title": "creditctl catalog",
        **_table(
            "Products, prices, plans and gifts of a company that sells API credits.",
            {
                "catalog": _head(),
                "tiers": _named("Prices that endpoints share, by name.", _credits("Credits.")),
                "products": _named("What is sold and reported together.", _product()),
                "plans": _named("What organizations subscribe to.", _plan()),
                "promotions": _named("Credits to give away.", _promotion()),
                "guest": _guest(),
            },
            required=("catalog",),
        ),
    }


def _head() -> Schema:
    return _table(
        "The catalog's terms.",
        {
            "name": _text("The catalog's name.", pattern=_NAME),
            "currency": _text("ISO 4217, such as USD.", pattern="^[A-Z]{3}$"),
            "list_price": _amount('Money per credit, in quotes: "0.001".'),
            "effective_from": _instant(
                "From when prices and plans hold; when it is applied unless given."
            ),
        },
        required=("name", "currency", "list_price"),
    )


def _product() -> Schema:
    return _table(
        "Endpoints that are sold and reported together.",
        {
            "title": _text("What people call it."),
            "billed_statuses": {
                "description": "Statuses that are billed, such as 200 or 2xx; 2xx unless given.",
                "type": "array",
                "items": {"type": "string", "pattern": "^[1-5]([0-9]{2}|xx)$"},
            },
            "volume": _list(
                _table(
                    "A step of a price graduated by the organization's UTC day.",
                    {
                        "above": _whole("Billed units of the day before it holds.", least=1),
                        "credits": _credits("Credits of each unit from then on."),
                    },
                    required=("above", "credits"),
                )
            ),
            "endpoints": _list(_endpoint("What a request to it costs.")),
        },
    )


def _endpoint(description: str) -> Schema:
    return _table(
        description,
        {
            "method": _text("GET and its like; * is any.", pattern=r"^(\*|[A-Z]+)$"),
            "path": _text("Such as /v1/quotes/{symbol} or /v1/**.", pattern="^/"),
            "tier": _text("A name of [tiers] that decides the price."),
            "credits": _credits("A fixed price, alone or beside data."),
            "minimum": _credits("A request costs at least this."),
            "maximum": _credits("A request costs at most this."),
            "data": _table(
                "A price by the data that is returned.",
                {
                    "per": _whole("Units in a block.", least=1),
                    "unit": _text("What is counted, such as rows."),
                    "credits": _credits("Credits of a block."),
                    "rounding": _choice("Blocks begun (up), or pro rata (exact).", "up", "exact"),
                    "included": _whole("Units that cost nothing."),
                },
                required=("credits",),
            ),
        },
        required=("path",),
    )


def _plan() -> Schema:
    return _table(
        "Fee, allowance and limits of a subscription.",
        {
            "title": _text("What people call it."),
            "fee": _money('Money for an interval, in quotes: "49.00".'),
            "interval": _choice("What the fee is for.", *MONTHS_IN),
            "allowance": _credits("Credits of each period."),
            "rollover": _choice("What becomes of unused ones.", "reset", "carry"),
            "carry_cap": _credits("Carry no more than this into a period."),
            "postpaid_limit": _credits("Credits a period may owe beyond all grants."),
            "overage_price": _amount("Money for each of these; the list price unless given."),
            "unlimited": {"description": "Nothing is deducted.", "type": "boolean"},
            "tiers": {
                "description": "Tiers that may be called; all unless given.",
                "type": "array",
                "items": {"type": "string"},
            },
            "trial": _table(
                "How a first subscription begins.",
                {
                    "days": _whole("How long it is free.", least=1, most=LONGEST_TRIAL_DAYS),
                    "credits": _credits("Credits for that time; the allowance unless given."),
                },
                required=("days",),
            ),
            "limits": _table(
                "Limits of each key.", {name: _whole(name.replace("_", " ")) for name in LIMITS}
            ),
            "capabilities": {
                "description": "What its keys can do.",
                "type": "object",
                "additionalProperties": {"type": ["boolean", "integer", "string"]},
            },
            "prices": _list(_endpoint("What a request costs on this plan.")),
        },
    )


def _promotion() -> Schema:
    return _table(
        "Credits that are given away, once for each organization.",
        {
            "title": _text("What people call it."),
            "credits": _credits("How many; or say money."),
            "money": _money(
                'What they are worth, in quotes: "25 USD". Divided by the list price in force '
                "when they are given, rounded down to a micro-credit; or say credits."
            ),
            "trigger": _choice("At sign-up, or to who names the code.", *TRIGGERS),
            "code": _text(
                "In any case of letters; the promotion's name unless given.",
                pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
            ),
            "budget": _table(
                "What it may give; it never gives more, whoever asks at the same time.",
                {
                    "credits": _credits("All its grants together."),
                    "redemptions": _whole("How many organizations.", least=1),
                },
            ),
            "starts": _instant("Not given before; a date or a time."),
            "ends": _instant("Not given from then on; a date or a time."),
            "requires": {
                "description": "not_duplicate, payment_method or both; the first unless given.",
                "type": "array",
                "items": {"type": "string", "enum": list(REQUIREMENTS)},
            },
            "lifetime_days": _whole(
                "Days until the credits expire; never unless given.",
                least=1,
                most=LONGEST_LIFETIME_DAYS,
            ),
            "product": _text("The only product that the credits pay for."),
            "countries": {
                "description": "Only organizations of these, such as DE; all unless given.",
                "type": "array",
                "items": {"type": "string", "pattern": "^[A-Z]{2}$"},
            },
            "plans": {
                "description": "Only organizations on these plans; needs a code.",
                "type": "array",
                "items": {"type": "string"},
            },
        },
    )


def _guest() -> Schema:
    return _table(
        "What a guest may spend.",
        {
            "credits": _credits("How many."),
            "lifetime_hours": _whole("For how long.", least=1, most=LONGEST_GUEST_HOURS),
        },
        required=("credits", "lifetime_hours"),
    )


def _table(
    description: str, properties: dict[str, Schema], *, required: tuple[str, ...] = ()
) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(description: str, member: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": member,
    }


def _list(member: Schema) -> Schema:
    return {"description": member["description"], "type": "array", "items": member}


def _text(description: str, *, pattern: str | None = None) -> Schema:
    schema: Schema = {"description": description, "type": "string"}
    return schema if pattern is None else schema | {"pattern": pattern}


def _choice(description: str, *words: str) -> Schema:
    return {"description": description, "enum": list(words)}


def _whole(description: str, *, least: int = 0, most: int = 2**53 - 1) -> Schema:
    return {"description": description, "type": "integer", "minimum": least, "maximum": most}


def _amount(description: str) -> Schema:
    return {"description": description, "type": ["string", "integer"], "pattern": _DECIMAL}


def _money(description: str) -> Schema:
    return _amount(description) | {"pattern": r"^\d+(\.\d*)?( [A-Z]{3})?$"}


def _instant(description: str) -> Schema:
    return {"description": description, "type": "string"}


def _credits(description: str) -> Schema:
    whole = {"description": description, "type": ["integer", "string"], "minimum": 0}
    return whole | {"pattern": _DECIMAL}
