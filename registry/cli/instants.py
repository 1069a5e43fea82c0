"""Options that are instants."""

import click

from schemas.rfc3339 import parse_instant


def instant(_: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """An RFC 3339 instant, as microseconds since 1970; a date is the beginning of that day, in UTC."""
    if text is None:
        return None
    try:
        return parse_instant(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError as error:
        expected = "expected an instant such as 2026-01-31 or 2026-01-31T12:00:00Z"
        raise click.BadParameter(expected, param=option) from error
