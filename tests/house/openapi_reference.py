"""Writes `docs/openapi.json`, what the gate offers: `python tests/house/openapi_reference.py`."""

import json
from pathlib import Path

from creditctl.server.openapi import document

TARGET = Path(__file__).parents[2] / "docs/openapi.json"


def reference() -> str:
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
