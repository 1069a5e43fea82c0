"""Whether a record, or a dump of it, is what was sealed: the first link that does not hold, by its number.

What a dump alone cannot show: that it begins with the record's beginning if it says otherwise, that events behind its
last checkpoint were not sealed anew, and whose key signed. `Verdict` says all three, for whoever knows better.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from registry.audit.chain import BEGINNING, Broken, Head, SealedEvent, ends, follow
from registry.audit.checkpoint import Checkpoint, vouches
from registry.audit.dump import Ending, Form, NotADump, Opening, Part, form_of, parts


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was found.

    Attributes:
        events: How many were looked at; up to the broken link, if there is one.
        begins_after: The number of the event that the first of them follows; 0: they begin with the record.
        ends_with: The number of the last of them.
        checkpoints: How many confirmed them; the last of these confirmed event `confirmed_to`.
        keys: The names of the keys that signed.
        payloads_erased: How many events have a payload that is not kept any more.
        line: Of a file, where the broken link is.
    """

    events: int
    begins_after: int
    ends_with: int
    checkpoints: int
    confirmed_to: int
    keys: list[str]
    payloads_erased: int = 0
    broken: Broken | None = None
    line: int | None = None


class Verifying:
    """
    One look at a record, from a head on, a part at a time. Behind the first broken link nothing is taken any more.

    Args:
        trusted: The only public keys that are believed; None: the one that a checkpoint names.
    """

    def __init__(self, *, trusted: Collection[bytes] | None = None) -> None:
        self.broken: Broken | None = None
        self._trusted: Final = trusted
        self._head: Head = BEGINNING
        self._begins_after = 0
        self._last: SealedEvent | None = None
        self._events = 0
        self._checkpoints = 0
        self._confirmed_to = 0
        self._before: int | None = 0
        self._keys: dict[str, None] = {}

    @property
    def head(self) -> Head:
        """How far it held."""
        return self._head

    def begin(self, head: Head) -> None:
        """What comes follows *head*: the beginning, or the place and instant of the checkpoint that comes first."""
        self._head, self._begins_after = head, head.sequence
        if head.sequence == 0 and head != BEGINNING:
            self._break(Broken(sequence=1, why="what precedes event 1 is not the beginning"))
        if head.sequence:
            self._before = None
            # The checkpoint there looks at number and seal alone.
            self._last = SealedEvent(sequence=head.sequence, at_us=head.at_us, record=b"", payload=None, seal=head.seal)

    def event(self, event: SealedEvent) -> None:
        if self._begins_after and not self._checkpoints:
            where = self._begins_after
            self._break(Broken(sequence=where, why=f"the checkpoint at {where}, where this begins, is missing"))
        if self.broken is None:
            self._break(follow(self._head, event))
        if self.broken is None:
            self._head, self._last = event.head, event
            self._events += 1

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        if self.broken is not None:
            return
        if self._last is None or checkpoint.sequence > self._head.sequence:
            missing = self._head.sequence + 1
            why = f"event {missing} is missing: a checkpoint confirms {checkpoint.sequence} events"
            self._break(Broken(sequence=missing, why=why))
            return
        if self._begins_after and not self._checkpoints and checkpoint.at_us != self._head.at_us:
            where = self._begins_after
            self._break(Broken(sequence=where, why=f"it begins at another instant than the checkpoint at {where}"))
        self._break(vouches(checkpoint, self._last, before=self._before, trusted=self._trusted))
        if self.broken is None:
            self._checkpoints += 1
            self._before = self._confirmed_to = checkpoint.sequence
            self._keys[checkpoint.key_id] = None

    def end(self, head: Head, *, checkpoint: int | None = None) -> None:
        """It ends with *head*, and the last checkpoint is at *checkpoint*; None: wherever it is."""
        if self.broken is None:
            self._break(ends(self._head, head))
        if self.broken is None and checkpoint is not None and checkpoint != self._confirmed_to:
            self._break(Broken(sequence=checkpoint, why=f"the checkpoint at {checkpoint} is missing"))

    def fail(self, why: str) -> None:
        """What comes next cannot be read."""
        if self.broken is None:
            self.broken = Broken(sequence=self._head.sequence + 1, why=why)

    def verdict(self, *, payloads_erased: int = 0, line: int | None = None) -> Verdict:
        return Verdict(
            events=self._events,
            begins_after=self._begins_after,
            ends_with=self._head.sequence,
            checkpoints=self._checkpoints,
            confirmed_to=self._confirmed_to,
            keys=list(self._keys),
            payloads_erased=payloads_erased,
            broken=self.broken,
            line=line if self.broken is not None else None,
        )

    def _break(self, broken: Broken | None) -> None:
        if self.broken is None:
            self.broken = broken


def verify_dump(lines: Iterable[str], *, trusted: Collection[bytes] | None = None) -> Verdict:
    """Look at a dump, line by line; they come without their ends."""
    verifying = Verifying(trusted=trusted)
    number, ended = 0, False
    form: Form | None = None
    expected: list[str] = []
    opened = False
    for number, line in enumerate(lines, 1):
        if form is None:
            form = form_of(line)
            expected = list(form.before)
        if expected and expected.pop(0) == line:
            continue
        try:
            part = form.read(line)
        except NotADump as error:
            verifying.fail(f"line {number}: {error}")
            break
        if opened == isinstance(part, Opening) or ended:
            verifying.fail(f"line {number}: a dump does not go on like this")
            break
        opened, ended = True, isinstance(part, Ending)
        _take(verifying, part)
        if verifying.broken is not None:
            break
    if not ended:
        verifying.fail("the end is missing: the file was cut")
    return verifying.verdict(line=max(1, number))


def verify_record(
    events: Iterable[SealedEvent],
    checkpoints: Sequence[Checkpoint],
    end: Head,
    *,
    trusted: Collection[bytes] | None = None,
) -> Verifying:
    """
    Look at a whole record, as a store has it.

    Args:
        checkpoints: All of them, in order.
        end: Where it says that it ends; read after the checkpoints, so that none of them is beyond it.
    """
    verifying = Verifying(trusted=trusted)
    for part in parts(BEGINNING, events, checkpoints):
        if not isinstance(part, Ending):
            _take(verifying, part)
        if verifying.broken is not None:
            return verifying
    verifying.end(end)
    for checkpoint in checkpoints:
        if checkpoint.sequence > end.sequence:
            verifying.checkpoint(checkpoint)
    return verifying


def _take(verifying: Verifying, part: Part) -> None:
    match part:
        case Opening(head=head):
            verifying.begin(head)
        case SealedEvent():
            verifying.event(part)
        case Checkpoint():
            verifying.checkpoint(part)
        case Ending(head=head, checkpoint=checkpoint):
            verifying.end(head, checkpoint=checkpoint)
