"""`mcp-registry audit`: the record of what happened, for people, for scripts, and as evidence."""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.markup import escape

from registry.audit.chain import BEGINNING, Head, SealedEvent
from registry.audit.dump import CommaSeparated, Form, JsonLines, parts
from registry.audit.event import Outcome
from registry.audit.question import Question
from registry.audit.report import EventReport, event_report
from registry.audit.verify import Verdict, verify_dump, verify_record
from registry.cli.audit_desk import AuditDesk, audit_desk
from registry.cli.output import console, emit_json, emit_json_line, seconds, table
from registry.cli.target import target, target_options
from registry.errors import Invalid
from schemas.rfc3339 import format_instant, parse_instant

_LOOK_EVERY_S: Final = 1.0
_KEY: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_FORMS: Final[dict[str, Callable[[], Form]]] = {"jsonl": JsonLines, "csv": CommaSeparated}


def _instant(_: click.Context, option: click.Parameter, text: str | None) -> int | None:
    """An RFC 3339 instant, as microseconds since 1970; a date is the beginning of that day, in UTC."""
    if text is None:
        return None
    try:
        return parse_instant(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError as error:
        expected = "expected an instant such as 2026-01-31 or 2026-01-31T12:00:00Z"
        raise click.BadParameter(expected, param=option) from error


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
@click.option("--since", metavar="INSTANT", callback=_instant, help="From then on.")
@click.option("--until", metavar="INSTANT", callback=_instant, help="Before then.")
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


@audit_group.command("dump")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@target_options
@click.option("--format", "form", default="jsonl", show_default=True, type=click.Choice(list(_FORMS)))
@click.option(
    "--since",
    metavar="INSTANT",
    callback=_instant,
    help="From the last checkpoint before then; otherwise from the beginning.",
)
@click.option(
    "--until", metavar="INSTANT", callback=_instant, help="Up to the last event before then; otherwise to the end."
)
def dump_command(
    file: Path, config: Path | None, server: str | None, form: str, since: int | None, until: int | None
) -> None:
    """Write the record, with its checkpoints, to FILE, which must not exist; to standard output for `-`.

    What is written can be verified without the store it came from. It is never a selection: a chain with holes proves
    nothing.
    """
    desk = audit_desk(target(config, server))
    desk.confirm()
    checkpoints = desk.checkpoints()
    begin: Head = BEGINNING
    for each in checkpoints:
        if since is not None and each.at_us <= since:
            begin = Head(sequence=each.sequence, at_us=each.at_us, seal=each.seal)
    events = _before(desk.behind(begin.sequence, until=desk.head().sequence), until)
    writing = _FORMS[form]()
    with _opened(file) as out:
        for line in writing.before:
            out.write(line + "\n")
        last = begin.sequence
        for part in parts(begin, events, [each for each in checkpoints if each.sequence >= begin.sequence]):
            out.write(writing.write(part) + "\n")
            if isinstance(part, SealedEvent):
                last = part.sequence
    click.echo(f"{file}: {_range(begin.sequence, last)}", err=True)


@audit_group.command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@target_options
@click.option(
    "--key",
    "keys",
    metavar="HEX",
    multiple=True,
    help="A public key that may have signed, 64 hexadecimal characters. Repeatable; without it any key may.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_command(
    file: Path | None, config: Path | None, server: str | None, keys: tuple[str, ...], as_json: bool
) -> None:
    """Verify a dump in FILE, without anything else, or the record itself.

    Exits with 1 if it was changed, and names the first event that does not hold.
    """
    trusted = [_key(each) for each in keys] or None
    if file is not None:
        with click.open_file(str(file), "rb") as opened:
            verdict = verify_dump(_lines(opened), trusted=trusted)
    else:
        desk = audit_desk(target(config, server))
        checkpoints, head = desk.checkpoints(), desk.head()
        verifying = verify_record(desk.behind(0, until=head.sequence), checkpoints, head, trusted=trusted)
        apart = desk.apart() if verifying.broken is None else None
        if apart is not None:
            verifying.broken = apart.broken
        verdict = verifying.verdict(payloads_erased=0 if apart is None else apart.erased)
    if as_json:
        emit_json(verdict)
    else:
        _show(verdict, believed=trusted is not None)
    if verdict.broken is not None:
        raise SystemExit(1)


def _show(verdict: Verdict, *, believed: bool) -> None:
    if verdict.broken is not None:
        where = "" if verdict.line is None else f", line {verdict.line}"
        click.echo(f"broken at event {verdict.broken.sequence}{where}: {verdict.broken.why}")
        return
    click.echo(f"{_range(verdict.begins_after, verdict.ends_with)}: unchanged")
    if verdict.payloads_erased:
        click.echo(f"{verdict.payloads_erased} payloads were erased since; that they were there is on record")
    if not verdict.checkpoints:
        click.echo("no checkpoint confirms it: whoever can write the store could have written all of it anew")
        return
    signed = ", ".join(verdict.keys)
    click.echo(f"{verdict.checkpoints} checkpoints confirm it up to event {verdict.confirmed_to}, signed by {signed}")
    if not believed:
        click.echo("give --key to say whose signature counts")


def _range(after: int, last: int) -> str:
    if last == after:
        return "no events" + (f" behind {after}" if after else "")
    return f"events {after + 1} to {last}"


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


def _before(events: Iterator[SealedEvent], until_us: int | None) -> Iterator[SealedEvent]:
    for event in events:
        if until_us is not None and event.at_us >= until_us:
            return
        yield event


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


def _opened(file: Path) -> IO[str]:
    if str(file) == "-":
        return click.open_file("-", "w", encoding="utf-8")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Invalid(f"{file} cannot be made: {(error.strerror or str(error)).lower()}") from error
    return open(descriptor, "w", encoding="utf-8", newline="\n")


def _lines(opened: IO[bytes]) -> Iterator[str]:
    """Cut at line feeds alone: everything else is part of a line, and must not be there."""
    rest = b""
    while part := opened.read(1 << 20):
        *whole, rest = (rest + part).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _key(text: str) -> bytes:
    if _KEY.fullmatch(text) is None:
        raise click.BadParameter("expected the 64 hexadecimal characters of a public key", param_hint="--key")
    return bytes.fromhex(text)
