"""Options that say how long something is good."""

from typing import Final

import click

from registry.settings.values import duration_s

NEVER: Final = "never"


def lifetime_s(_: click.Context, __: click.Parameter, text: str) -> int | None:
    """Seconds; None for never."""
    return None if text == NEVER else _seconds(text, 'such as 90d, 12h or 30m, or "never"')


def overlap_s(_: click.Context, __: click.Parameter, text: str) -> int:
    """Seconds, from none."""
    return 0 if text == "0" else _seconds(text, "such as 7d or 12h, or 0 for none")


def _seconds(text: str, expected: str) -> int:
    try:
        return int(duration_s(int(text) if text.isdecimal() and text.isascii() else text))
    except ValueError:
        raise click.BadParameter(f"expected a duration {expected}") from None
