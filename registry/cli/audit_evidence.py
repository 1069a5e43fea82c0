"""`mcp-registry audit dump` and `verify`: the record as evidence that leaves the place it was made in."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import click

from registry.audit.chain import BEGINNING, Head, SealedEvent
from registry.audit.dump import CommaSeparated, Form, JsonLines, parts
from registry.audit.verify import Verdict, verify_dump, verify_record
from registry.cli.audit_desk import audit_desk
from registry.cli.instants import instant
from registry.cli.output import emit_json
from registry.cli.target import target, target_options
from registry.errors import Invalid

_KEY: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_FORMS: Final[dict[str, Callable[[], Form]]] = {"jsonl": JsonLines, "csv": CommaSeparated}


@click.command("dump")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@target_options
@click.option("--format", "form", default="jsonl", show_default=True, type=click.Choice(list(_FORMS)))
@click.option(
    "--since",
    metavar="INSTANT",
    callback=instant,
    help="From the last checkpoint before then; otherwise from the beginning.",
)
@click.option(
    "--until", metavar="INSTANT", callback=instant, help="Up to the last event before then; otherwise to the end."
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


@click.command("verify")
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


def _before(events: Iterator[SealedEvent], until_us: int | None) -> Iterator[SealedEvent]:
    for event in events:
        if until_us is not None and event.at_us >= until_us:
            return
        yield event


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
