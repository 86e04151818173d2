"""JSON Schemas describe what the JSON format really writes."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from jsonschema import Draft202012Validator, ValidationError

from creditctl.output.render import Display, render
from creditctl.output.schemas import json_schema
from creditctl.output.view import View
from creditctl.rules.units import Credits, Money


class Status(StrEnum):
    ACTIVE = "active"


@dataclass(frozen=True)
class Line:
    text: str
    total: Money | None


@dataclass(frozen=True)
class Everything:
    """One of each."""

    name: str
    count: int
    ready: bool
    status: Status
    credits: Credits
    fee: Money
    rate: Decimal
    at: datetime
    on: date | None
    line: Line | None
    lines: tuple[Line, ...]
    words: list[str | None]
    by_source: dict[str, Credits]


@dataclass(frozen=True)
class WithFloat:
    amount: float


EVERYTHING = Everything(
    name="x",
    count=1,
    ready=True,
    status=Status.ACTIVE,
    credits=Credits(-1),
    fee=Money(5, "USD"),
    rate=Decimal("0.00095"),
    at=datetime(2026, 1, 1, tzinfo=UTC),
    on=None,
    line=None,
    lines=(Line("a", Money(1, "EUR")), Line("b", None)),
    words=["a", None],
    by_source={"promotion": Credits(1_000_000)},
)


def document(result, schema):
    stream = io.StringIO()
    render(result, View(schema, ()), "json", Display(stream, lambda _: None))
    return json.loads(stream.getvalue())


@pytest.mark.parametrize("is_list", [True, False])
def test_real_output_is_valid_under_its_schema(is_list):
    schema = json_schema(Everything, "creditctl.x/v1", is_list=is_list)
    Draft202012Validator.check_schema(schema)
    result = [EVERYTHING] if is_list else EVERYTHING
    Draft202012Validator(schema).validate(document(result, "creditctl.x/v1"))


@pytest.mark.parametrize(
    ("field", "wrong"), [("credits", 1), ("fee", "1e5"), ("status", "x"), ("currency", None)]
)
def test_wrong_values_are_invalid_under_the_schema(field, wrong):
    found = document(EVERYTHING, "creditctl.x/v1")
    found["data"][field] = wrong
    with pytest.raises(ValidationError):
        Draft202012Validator(json_schema(Everything, "creditctl.x/v1", is_list=False)).validate(
            found
        )


def test_every_key_is_required_and_in_the_order_of_the_output():
    schema = json_schema(Everything, "creditctl.x/v1", is_list=False)
    data = schema["properties"]["data"]
    assert data["required"] == list(document(EVERYTHING, "creditctl.x/v1")["data"])


def test_a_float_has_no_schema():
    with pytest.raises(TypeError):
        json_schema(WithFloat, "creditctl.x/v1", is_list=False)
