"""`mcp-registry validate`: manifests on this machine, for people and for CI."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from registry.cli.publish_check import publish_check
from registry.cli.publishing_desk import require_token
from registry.cli.target import Remote, remote
from registry.cli.validation.as_github import as_github
from registry.cli.validation.as_json import as_json
from registry.cli.validation.as_junit import as_junit
from registry.cli.validation.as_sarif import as_sarif
from registry.cli.validation.as_text import as_text
from registry.cli.validation.finding import Checked, Report, Unreadable, visible
from registry.cli.validation.judging import checked, issues_in
from registry.cli.validation.sources import NothingThere, read, shown, sources
from registry.errors import ConfigFault, RegistryError
from registry.settings.file import load_settings
from registry.settings.problem import did_you_mean
from schemas.validation.advice import RULES
from schemas.validation.issue import Issue, Profile, Severity

_FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
}
_SEVERITIES: Final = [severity.value for severity in Severity]


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="text",
    show_default=True,
    help="How to say what was found.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="error",
    show_default=True,
    help="Exit with 1 for findings as bad as this, or worse.",
)
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default="private",
    show_default=True,
    help="Whose verdict: this registry's, or the one that the public registry would give.",
)
@click.option(
    "--severity",
    "overrides",
    metavar="RULE=SEVERITY",
    multiple=True,
    help="How bad a rule of advice is: error, warning or info. Can be given for several rules.",
)
@click.option(
    "--config",
    metavar="FILE",
    envvar="MCP_REGISTRY_CONFIG",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Rules of advice are as bad as this configuration says; --severity wins.",
)
@click.option(
    "--server",
    metavar="URL",
    help="Ask a running registry, too, whether it would accept each; its token from MCP_REGISTRY_TOKEN.",
)
def validate_command(
    paths: tuple[str, ...],
    form: str,
    fail_on: str,
    profile: str,
    overrides: tuple[str, ...],
    config: Path | None,
    server: str | None,
) -> None:
    """Say what is wrong with manifests, server.json: file, line, column, rule.

    PATHS are files, directories, patterns in quotes, or - for standard input; without any it is the directory one is
    in. In directories server.json and *.server.json are looked for, at any depth, but not in hidden ones and not in
    node_modules.

    Exits with 0 if nothing fails, with 1 if something does, and with 2 if something cannot be read or understood, or a
    server that is to be asked does not answer.
    docs/VALIDATION.md explains every rule.
    """
    severities = _configured(config) | _severities(overrides)
    asked = None if server is None else remote(server)
    if asked is not None:
        require_token(asked)
    try:
        files = sources(paths or (".",))
    except NothingThere as error:
        raise click.UsageError(str(error)) from error
    judged: list[Checked] = []
    unreadable: list[Unreadable] = []
    for file in files:
        try:
            document = read(file)
        except OSError as error:
            unreadable.append(Unreadable(file=shown(file), reason=(error.strerror or str(error)).lower()))
            continue
        issues = issues_in(document, profile=Profile(profile), severities=severities)
        if asked is not None:
            issues += _asked(asked, file, document, issues)
        judged.append(checked(file, document, issues))
    report = Report(checked=judged, unreadable=unreadable, fail_on=Severity(fail_on))
    said = _FORMATS[form](report)
    if said:
        click.echo(said)
    if report.status:
        raise SystemExit(report.status)


def _asked(server: Remote, file: str, document: bytes, issues: list[Issue]) -> list[Issue]:
    """What *server* says to it. Ends the command where it does not say: half a verdict would look like a whole one."""
    try:
        return publish_check(server, document, issues)
    except RegistryError as error:
        click.echo(visible(f"mcp-registry: {shown(file)} cannot be checked: {error}"), err=True)
        raise SystemExit(2) from error


def _configured(config: Path | None) -> dict[str, Severity]:
    if config is None:
        return {}
    try:
        return dict(load_settings(config, os.environ).validation.severities())
    except ConfigFault as error:
        raise click.UsageError(f"--config: {error}") from error


def _severities(overrides: tuple[str, ...]) -> dict[str, Severity]:
    severities: dict[str, Severity] = {}
    for override in overrides:
        rule, _, severity = override.partition("=")
        if rule not in RULES:
            hint = did_you_mean(rule, RULES)
            raise click.UsageError(f'--severity: there is no rule of advice "{rule}"{hint}')
        if severity not in _SEVERITIES:
            known = ", ".join(f"{rule}={each}" for each in _SEVERITIES)
            raise click.UsageError(f'--severity: expected one of {known}, got "{override}"')
        severities[rule] = Severity(severity)
    return severities
