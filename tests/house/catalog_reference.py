"""Writes docs/catalog.md from the schema of catalog files: run it to write the file again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from creditctl.adapters.catalog_schema import catalog_schema

TARGET = Path(__file__).parents[2] / "docs/catalog.md"
HEADER = """# The catalog file

A TOML file says what is sold and at what price; `creditctl catalog apply FILE` puts it in force and
keeps what was in force before. `catalog validate` names the line of a mistake, `catalog diff` shows
what would change, `catalog export` writes what is in force, and `catalog schema` prints the JSON
Schema from which this page is made, for editors. Names are lower-case letters, digits, `-` and `_`.
Whole amounts are numbers, others stand in quotes: TOML's fractions would be floats.
"""


def page() -> str:
    """The whole of docs/catalog.md."""
    schema = catalog_schema()
    return "\n".join([HEADER, *_sections(schema["properties"], ())])


def _sections(tables: dict[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    for name, table in tables.items():
        yield from _section(table, (*above, name))


def _section(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    is_list = schema.get("type") == "array"
    table = schema["items"] if is_list else schema
    if "properties" not in table:
        member = table.get("additionalProperties")
        if not isinstance(member, dict):
            return
        if "properties" in member:
            yield from _section(member, (*path, "NAME"))
        else:
            yield f"## `[{'.'.join(path)}]`\n\n{table['description']}\n"
        return
    brackets = ("[[", "]]") if is_list else ("[", "]")
    yield f"## `{brackets[0]}{'.'.join(path)}{brackets[1]}`\n\n{table['description']}\n"
    inner = {}
    rows = ["| key | meaning |", "|---|---|"]
    for name, value in table["properties"].items():
        if _is_table(value):
            inner[name] = value
            continue
        needed = ", required" if name in table["required"] else ""
        choice = f" One of {', '.join(value['enum'])}." if "enum" in value else ""
        rows.append(f"| `{name}`{needed} | {value['description']}{choice} |")
    if len(rows) > 2:
        yield "\n".join(rows) + "\n"
    yield from _sections(inner, path)


def _is_table(schema: dict[str, Any]) -> bool:
    inner = schema.get("items", schema)
    return bool(inner.get("type") == "object")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
