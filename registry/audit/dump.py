"""A stretch of the record as a file that can be verified without the store it came from.

Its parts, in this order: an opening that says what the first event follows; if that is not the beginning of the
record, the checkpoint there; events, each checkpoint right behind the event it confirms; an ending.

A part is one line, as JSON or as CSV, and has one form only: verifying writes every part anew and compares, so nothing
in a line can be changed unnoticed, not even what is only there to be read.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import Final, Protocol

import msgspec

from registry.audit.chain import Head, SealedEvent
from registry.audit.checkpoint import Checkpoint
from registry.audit.event import AuditEvent, decode_event
from schemas.rfc3339 import format_instant, parse_instant

FORMAT: Final = 1
_NO_PART: Final = "this is no part of a dump"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What the first event follows. Where that is a checkpoint, its instant."""

    head: Head


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Where it ends, and the sequence of the last checkpoint in it, 0 if there is none."""

    head: Head
    checkpoint: int


Part = Opening | SealedEvent | Checkpoint | Ending


class NotADump(ValueError):
    """Raised when a line is no part of a dump."""


class Form(Protocol):
    """How parts are written as lines, without their ends."""

    @property
    def before(self) -> tuple[str, ...]:
        """Lines in front of the first part."""

    def write(self, part: Part) -> str: ...
    def read(self, line: str) -> Part:
        """Raises NotADump, also if the line is not exactly what `write` makes of the part."""


def parts(head: Head, events: Iterable[SealedEvent], checkpoints: Iterable[Checkpoint]) -> Iterator[Part]:
    """
    The parts of a dump.

    Args:
        head: What the first of *events* follows: the beginning, or the place and instant of one of *checkpoints*.
        checkpoints: In order. Those that are not of these events are left out.
    """
    yield Opening(head=head)
    ahead = iter(checkpoints)
    checkpoint = next(ahead, None)
    last = 0
    for event in chain([None], events):
        if event is not None:
            head = event.head
            yield event
        while checkpoint is not None and checkpoint.sequence <= head.sequence:
            if checkpoint.sequence == head.sequence:
                yield checkpoint
                last = checkpoint.sequence
            checkpoint = next(ahead, None)
    yield Ending(head=head, checkpoint=last)


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part as it is written; `record` is a text, so that tools that write JSON anew do not break it."""

    part: str
    sequence: int
    at: str
    format: int | None = None
    count: int | None = None
    checkpoint: int | None = None
    payload: str | None = None
    seal: str
    key: str | None = None
    signature: str | None = None
    record: str | None = None


class JsonLines:
    """One JSON object a line."""

    before: Final[tuple[str, ...]] = ()

    def write(self, part: Part) -> str:
        return msgspec.json.encode(_line(part)).decode()

    def read(self, line: str) -> Part:
        try:
            decoded = msgspec.json.decode(line.encode(), type=_Line)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise NotADump(_NO_PART) from error
        return _checked(self, decoded, line)


_READ_COLUMNS: Final = ("outcome", "action", "actor", "roles", "object", "reason", "source", "request")
"""There for people; all of it stands in the record, too."""
_COLUMNS: Final = (
    "part", "sequence", "at", *_READ_COLUMNS,
    "format", "count", "checkpoint", "payload", "seal", "key", "signature", "record",
)  # fmt: skip
_NUMBERS: Final = frozenset({"sequence", "format", "count", "checkpoint"})
_FORMULA: Final = ("=", "+", "-", "@")


class CommaSeparated:
    """One row a line, behind a row with the names of the columns."""

    before: Final[tuple[str, ...]] = (",".join(_COLUMNS),)

    def write(self, part: Part) -> str:
        values: dict[str, object] = {**_shown(part), **msgspec.to_builtins(_line(part))}
        row = StringIO()
        csv.writer(row, lineterminator="").writerow([values.get(column, "") for column in _COLUMNS])
        return row.getvalue()

    def read(self, line: str) -> Part:
        try:
            [row] = csv.reader([line], strict=True)
            cells = {name: cell for name, cell in zip(_COLUMNS, row, strict=True) if cell and name not in _READ_COLUMNS}
            given = {name: int(cell) if name in _NUMBERS else cell for name, cell in cells.items()}
            decoded = msgspec.convert(given, type=_Line)
        except (csv.Error, msgspec.ValidationError, ValueError) as error:
            raise NotADump(_NO_PART) from error
        return _checked(self, decoded, line)


def form_of(first_line: str) -> Form:
    """The form of the dump that begins with this line."""
    return CommaSeparated() if first_line == CommaSeparated.before[0] else JsonLines()


def _checked(form: Form, decoded: _Line, line: str) -> Part:
    make = _MAKERS.get(decoded.part)
    if make is None:
        raise NotADump(_NO_PART)
    try:
        part = make(decoded, _head(decoded))
    except NotADump:
        raise
    except ValueError as error:
        raise NotADump(_NO_PART) from error
    if form.write(part) != line:
        raise NotADump("this is not what was written: it was edited")
    return part


def _line(part: Part) -> _Line:
    match part:
        case Opening(head=head):
            return msgspec.structs.replace(_place("opening", head), format=FORMAT)
        case SealedEvent():
            return msgspec.structs.replace(
                _place("event", part.head),
                payload=None if part.payload is None else part.payload.hex(),
                # What is not UTF-8 is no event of ours, and its seal will say so.
                record=part.record.decode(errors="replace"),
            )
        case Checkpoint():
            return _Line(
                part="checkpoint",
                count=part.count,
                key=part.key.hex(),
                signature=part.signature.hex(),
                sequence=part.sequence,
                at=format_instant(part.at_us),
                seal=part.seal.hex(),
            )
        case Ending(head=head):
            return msgspec.structs.replace(_place("ending", head), checkpoint=part.checkpoint)


def _place(part: str, head: Head) -> _Line:
    return _Line(part=part, sequence=head.sequence, at=format_instant(head.at_us), seal=head.seal.hex())


def _head(line: _Line) -> Head:
    return Head(sequence=line.sequence, at_us=parse_instant(line.at), seal=bytes.fromhex(line.seal))


def _opening(line: _Line, head: Head) -> Part:
    if line.format != FORMAT:
        raise NotADump(f"this is a dump of another format, {line.format}: use the release that wrote it")
    return Opening(head=head)


def _event(line: _Line, head: Head) -> Part:
    payload = None if line.payload is None else bytes.fromhex(line.payload)
    record = (line.record or "").encode()
    return SealedEvent(sequence=head.sequence, at_us=head.at_us, record=record, payload=payload, seal=head.seal)


def _checkpoint(line: _Line, head: Head) -> Part:
    return Checkpoint(
        sequence=head.sequence,
        at_us=head.at_us,
        count=line.count or 0,
        seal=head.seal,
        key=bytes.fromhex(line.key or ""),
        signature=bytes.fromhex(line.signature or ""),
    )


def _ending(line: _Line, head: Head) -> Part:
    return Ending(head=head, checkpoint=line.checkpoint or 0)


_MAKERS: Final[dict[str, Callable[[_Line, Head], Part]]] = {
    "opening": _opening,
    "event": _event,
    "checkpoint": _checkpoint,
    "ending": _ending,
}


def _shown(part: Part) -> dict[str, str]:
    if not isinstance(part, SealedEvent):
        return {}
    try:
        event: AuditEvent = decode_event(part.record)
    except ValueError:
        return {}
    cells = {"outcome": event.outcome.value, "action": event.action, "actor": event.actor}
    cells |= {"roles": " ".join(event.roles), "object": event.object, "reason": event.reason or ""}
    cells |= {"source": event.source or "", "request": event.request or ""}
    return {name: _cell(text) for name, text in cells.items()}


def _cell(text: str) -> str:
    """On one line, and no formula: a spreadsheet would carry one out."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return "'" + line if line.startswith(_FORMULA) else line
