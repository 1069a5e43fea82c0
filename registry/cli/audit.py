"""`mcp-registry audit`: the record of what happened, for people and for scripts."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape

from registry.audit.chain import SealedEvent
from registry.audit.event import Outcome
from registry.audit.question import Question
from registry.audit.report import EventReport, event_report
from registry.cli.audit_desk import AuditDesk, audit_desk
from registry.cli.audit_evidence import dump_command, verify_command
from registry.cli.instants import instant
from registry.cli.output import console, emit_json, emit_json_line, seconds, table
from registry.cli.target import target, target_options
from schemas.rfc3339 import format_instant

_LOOK_EVERY_S: Final = 1.0


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: click's callbacks have any signature
    """Give a command the options that make a Question."""
    for option in reversed(
        (
            click.option("--action", metavar="NAME", help="Such as server.published."),
            click.option("--actor", metavar="SUBJECT", help="Who did it."),
            click.option("--object", "object_", metavar="NAME", help="What it was about."),
            click.option("--outcome", type=click.Choice([each.value for each in Outcome])),
        )
    ):
        command = option(command)
    return command


@click.group("audit")
def audit_group() -> None:
    """Read the record of what happened, take it away, and verify that nobody changed it.

    On a running server this needs a token with the role auditor.
    """


for _command in (dump_command, verify_command):
    audit_group.add_command(_command)


@audit_group.command("tail")
@target_options
@_filters
@click.option("-f", "--follow", is_flag=True, help="Go on with what is recorded from now on, until interrupted.")
@click.option("-n", "--lines", default=10, show_default=True, type=click.IntRange(0, 500))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
def tail_command(
    config: Path | None,
    server: str | None,
    action: str | None,
    actor: str | None,
    object_: str | None,
    outcome: str | None,
    follow: bool,
    lines: int,
    as_json: bool,
) -> None:
    """Show the latest events, oldest first."""
    desk = audit_desk(target(config, server))
    question = _question(action, actor, object_, outcome)
    after = desk.head().sequence
    for event in reversed(_found(desk, question, lines, before=after + 1)):
        _say(event, as_json)
    while follow:
        asyncio.run(asyncio.sleep(_LOOK_EVERY_S))
        for event in desk.behind(after, until=desk.head().sequence):
            after = event.sequence
            if question.admits(event):
                _say(event, as_json)


@audit_group.command("list")
@target_options
@_filters
@click.option("--since", metavar="INSTANT", callback=instant, help="From then on.")
@click.option("--until", metavar="INSTANT", callback=instant, help="Before then.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(
    config: Path | None,
    server: str | None,
    action: str | None,
    actor: str | None,
    object_: str | None,
    outcome: str | None,
    since: int | None,
    until: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, newest first."""
    question = _question(action, actor, object_, outcome, since, until)
    reports = [event_report(each) for each in _found(audit_desk(target(config, server)), question, limit)]
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("nothing of that kind is on record")
        return
    shown = table("Record", "#", "at", "outcome", "action", "actor", "object", "source", "facts")
    for each in reports:
        shown.add_row(
            str(each.sequence),
            seconds(each.at),
            each.outcome,
            *map(escape, (each.action, each.actor, each.object, each.source or "-", _facts(each))),
        )
    console().print(shown)


def _question(
    action: str | None,
    actor: str | None,
    object_: str | None,
    outcome: str | None,
    since_us: int | None = None,
    until_us: int | None = None,
) -> Question:
    return Question(
        action=action,
        actor=actor,
        object=object_,
        outcome=None if outcome is None else Outcome(outcome),
        since_us=since_us,
        until_us=until_us,
    )


def _found(desk: AuditDesk, question: Question, limit: int, *, before: int | None = None) -> list[SealedEvent]:
    """The newest *limit* that are asked for, newest first."""
    found: list[SealedEvent] = []
    while len(found) < limit:
        page = desk.found(question, before=before, limit=limit - len(found))
        found += page.events
        before = page.further
        if before is None:
            break
    return found


def _say(event: SealedEvent, as_json: bool) -> None:
    report = event_report(event)
    if as_json:
        emit_json_line(report)
        return
    words = [format_instant(event.at_us), report.outcome, report.action, report.actor, report.object, _facts(report)]
    click.echo("  ".join("".join(each if each.isprintable() else "�" for each in word) for word in words).rstrip())


def _facts(report: EventReport) -> str:
    """What else there is to say, on one line."""
    said = [f"{name}={value}" for name, value in report.detail.items() if value is not None]
    for title, facts in (("before", report.before), ("after", report.after)):
        said += [f"{title}.{name}={value}" for name, value in (facts or {}).items() if value is not None]
    if report.digest is not None:
        said.append(f"digest={report.digest[:12]}…")
    if report.reason is not None:
        said.append(f"({report.reason})")
    return " ".join(said)
