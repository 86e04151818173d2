"""Mail bodies of notifications, as text and as HTML."""

from html import escape

from creditctl.rules.events import Event

_CELL = "padding:4px 16px 4px 0;text-align:left;vertical-align:top"


def notice_text(event: Event, commands: tuple[str, ...], url: str | None = None) -> str:
    """The body for people whose mail program shows plain text."""
    rows = _rows(event)
    widest = max(len(name) for name, _ in rows)
    lines = [event.summary, "", *(f"{name.ljust(widest)}  {value}" for name, value in rows)]
    more = [*commands, *([url] if url else [])]
    if more:
        lines += ["", "More:", *(f"  {line}" for line in more)]
    return "\n".join([*lines, ""])


def notice_html(event: Event, commands: tuple[str, ...], url: str | None = None) -> str:
    """The same as a small page; every value is escaped."""
    rows = "\n".join(
        f'<tr><th style="{_CELL};font-weight:normal;color:#555">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in _rows(event)
    )
    more = "".join(f"<li><code>{escape(command)}</code></li>\n" for command in commands)
    if url:
        more += f'<li><a href="{escape(url)}">{escape(url)}</a></li>\n'
    return (
        '<!doctype html>\n<html lang="en">\n'
        f'<head><meta charset="utf-8"><title>{escape(event.summary)}</title></head>\n'
        '<body style="font-family:sans-serif;font-size:15px;color:#111">\n'
        f"<p>{escape(event.summary)}</p>\n"
        f'<table style="border-collapse:collapse">\n{rows}\n</table>\n'
        + (f"<p>More:</p>\n<ul>\n{more}</ul>\n" if more else "")
        + "</body>\n</html>\n"
    )


def _rows(event: Event) -> list[tuple[str, str]]:
    rows = []
    if event.organization:
        rows.append(("Organization", f"{event.organization.name} ({event.organization.slug})"))
    rows += [("Event", event.name), *event.figures]
    if event.note:
        rows.append(("Note", event.note))
    return [*rows, ("Time", f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC")]
