"""What several commands ask for in the same words: reasons, teams, lifetimes, and ids by their beginning."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import click

from registry.catalog.rule import Tolerance
from registry.cli.target import Local, Remote
from registry.clock import SystemClock
from registry.errors import Invalid, NotFound
from registry.settings.values import duration_s
from schemas.rfc3339 import format_instant

_WHOLE_ID: Final = 26

reason_option = click.option(
    "--reason", metavar="TEXT", required=True, help="Why, in words; it is on record and shown to whoever asks."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def team_options(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: click's callbacks have any signature
    """Give a command `--team` and `--all-teams`, as `teams` and `all_teams`."""
    command = click.option("--all-teams", is_flag=True, help="For all teams, those of the future too.")(command)
    return click.option("--team", "teams", metavar="TEAM", multiple=True, help="For this team; may be repeated.")(
        command
    )


def conditions(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: as above
    """Give a command `--max-severity` and `--patches-only`, as `max_severity` and `patches_only`."""
    command = click.option("--patches-only", is_flag=True, help="Only later patches of what a person approved.")(
        command
    )
    return click.option(
        "--max-severity",
        type=click.Choice([each.value for each in Tolerance]),
        help="Only what has no worse findings, once they are known.",
    )(command)


def note_file(chosen: Local | Remote) -> None:
    """Say so if the next start takes back what was decided."""
    if isinstance(chosen, Local) and (file := chosen.settings.governance.file) is not None:
        click.echo(f"the next start takes this back unless {file} says so too", err=True)


def chosen_teams(teams: tuple[str, ...], all_teams: bool) -> tuple[str, ...] | None:
    """The teams that were named; None for all. Raises UsageError unless it is one or the other."""
    if bool(teams) == all_teams:
        raise click.UsageError("for whom? give --team TEAM, which may be repeated, or --all-teams")
    return teams or None


def expiry(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """A callback for `--expires`: the instant that is that far from now, RFC 3339; None for never."""
    if text is None or text == "never":
        return None
    try:
        lifetime_s = duration_s(int(text) if text.isdecimal() and text.isascii() else text)
    except ValueError:
        raise click.BadParameter('expected a duration such as 90d, 12h or 30m, or "never"') from None
    return format_instant(SystemClock().now_us() + round(lifetime_s * 1e6))


expires_option = click.option(
    "--expires", "expires_at", metavar="DURATION", callback=expiry, help="It ends by itself, such as after 90d."
)


def named(text: str, prefix: str, ids: Callable[[], Iterable[str]]) -> str:
    """
    The id that *text* is, or begins.

    Args:
        prefix: What such ids begin with, `apr_`.
        ids: All there are, asked only if *text* is not a whole one.

    Raises:
        NotFound: none begins so.
        Invalid: several do.
    """
    if len(text) == len(prefix) + _WHOLE_ID:
        return text
    found = [each for each in ids() if each.startswith(text)]
    if not found:
        raise NotFound(f"there is nothing whose id begins with {text!r}")
    if len(found) > 1:
        raise Invalid(f"{text!r} is the beginning of {len(found)} ids; write more of it")
    return found[0]
