"""The options and arguments of `creditctl credits`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer

from creditctl.cli.options import parser_of, positive_credits
from creditctl.rules.instants import parse_instant
from creditctl.rules.units import Credits, parse_price

GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help="Its id.")]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="goodwill, promotion, trial, purchase, order_form or correction.",
    ),
]
EffectiveOption = Annotated[
    datetime | None,
    typer.Option(
        "--effective",
        metavar="TIME",
        parser=parser_of("--effective", parse_instant),
        help="Usable from then on; now unless given.",
    ),
]
UnitCostOption = Annotated[
    Decimal | None,
    typer.Option(
        "--unit-cost",
        metavar="PRICE",
        parser=parser_of("--unit-cost", parse_price),
        help="Money paid for a credit: for purchase and order_form.",
    ),
]
PriorityOption = Annotated[
    int, typer.Option("--priority", metavar="N", min=0, max=100, help="Drawn before higher ones.")
]
MomentOption = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        metavar="TIME",
        parser=parser_of("--at", parse_instant),
        help="The moment in question; now unless given.",
    ),
]
PartOption = Annotated[
    Credits | None,
    typer.Option(
        "--amount",
        metavar="CREDITS",
        parser=parser_of("--amount", positive_credits),
        help="Only this much, the oldest first; all of it unless given.",
    ),
]
