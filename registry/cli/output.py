"""How commands speak: tables for people, JSON for scripts, times and sizes in words."""

import sys
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from schemas.rfc3339 import format_instant, parse_instant

_STEPS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def emit_json(value: object) -> None:
    """*value* as indented JSON on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2))


def emit_json_line(value: object) -> None:
    """*value* as one line of JSON on standard output."""
    click.echo(msgspec.json.encode(value, enc_hook=str).decode())


def console() -> Console:
    """For tables: standard output, as wide as it is on a terminal and never cut elsewhere."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, soft_wrap=True)


def table(title: str, *columns: str) -> Table:
    """An empty table; columns whose name begins with `#` are numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        number = column.startswith("#")
        made.add_column(column.lstrip("#"), justify="right" if number else "left", overflow="fold")
    return made


def plain(text: str) -> str:
    """*text* in one line that moves no cursor: what others wrote is not for the terminal to obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def duration(seconds: float) -> str:
    """`2 h 5 min`: the two largest units that say something."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    parts: list[str] = []
    rest = int(seconds)
    for length, unit in _STEPS:
        if rest >= length and len(parts) < 2:
            parts.append(f"{rest // length} {unit}")
            rest %= length
    return " ".join(parts)


def ago(instant: str | None, now: str) -> str:
    """How long before *now* it was, or never."""
    return (
        "never" if instant is None else f"{duration(max(1, (parse_instant(now) - parse_instant(instant)) / 1e6))} ago"
    )


def size(count: int) -> str:
    """Bytes in the unit that reads best."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def seconds(instant: str | None) -> str:
    """RFC 3339 without the fraction, or a dash."""
    return "-" if instant is None else format_instant(parse_instant(instant) // 1_000_000 * 1_000_000)
