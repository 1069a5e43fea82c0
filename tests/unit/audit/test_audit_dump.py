"""Dumps: both forms, and that nothing in one can be changed unnoticed."""

import csv
import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.audit.chain import BEGINNING, Head, SealedEvent
from registry.audit.checkpoint import Checkpoint, CheckpointKey
from registry.audit.dump import CommaSeparated, Form, JsonLines, parts
from registry.audit.verify import Verdict, verify_dump
from tests.records import KEY, chained, checkpoints, event, resealed

COUNT = 12
EVENTS = chained(COUNT)
CHECKPOINTS = checkpoints(EVENTS, every=5)
FORMS: list[Form] = [JsonLines(), CommaSeparated()]


def dumped(
    form: Form,
    events: Sequence[SealedEvent] = EVENTS,
    confirmed: Sequence[Checkpoint] = CHECKPOINTS,
    *,
    head: Head = BEGINNING,
) -> list[str]:
    return [*form.before, *(form.write(part) for part in parts(head, events, confirmed))]


def _places(form: Form) -> list[tuple[int, int]]:
    """For each line the least and the greatest number that its being changed may be found at."""
    places = []
    last = 0
    for line in dumped(form):
        part = None if line in form.before else form.read(line)
        last += isinstance(part, SealedEvent)
        places.append((last, last) if isinstance(part, SealedEvent) else (last, last + 1))
    return places


LINES = {form: dumped(form) for form in FORMS}
SOUND = Verdict(
    events=COUNT,
    begins_after=0,
    ends_with=COUNT,
    checkpoints=3,
    confirmed_to=COUNT,
    keys=[KEY.id],
)


@pytest.mark.parametrize("form", FORMS, ids=["json", "csv"])
class TestForms:
    def test_a_dump_is_sound(self, form: Form) -> None:
        """
        What was written verifies, with the key it names and with the key one has.
        """
        assert verify_dump(LINES[form]) == SOUND
        assert verify_dump(LINES[form], trusted=[KEY.public]) == SOUND

    def test_every_part_is_one_line(self, form: Form) -> None:
        """
        Whatever an event says, it does not reach into the next line.
        """
        assert not any("\n" in line or "\r" in line for line in LINES[form])
        assert [type(form.read(line)).__name__ for line in LINES[form][len(form.before) :]] == [
            "Opening", *["SealedEvent"] * 5, "Checkpoint", *["SealedEvent"] * 5, "Checkpoint",
            *["SealedEvent"] * 2, "Checkpoint", "Ending",
        ]  # fmt: skip

    def test_a_stretch_begins_behind_a_checkpoint(self, form: Form) -> None:
        """
        A part of the record verifies by itself, and says where it begins.
        """
        anchor = CHECKPOINTS[0]
        head = Head(sequence=anchor.sequence, at_us=anchor.at_us, seal=anchor.seal)
        verdict = verify_dump(dumped(form, EVENTS[5:], CHECKPOINTS, head=head))

        assert verdict.broken is None
        assert (verdict.begins_after, verdict.events, verdict.ends_with) == (5, 7, 12)

    def test_a_stretch_without_its_checkpoint(self, form: Form) -> None:
        """
        A dump that only claims where it begins is not believed.
        """
        verdict = verify_dump(dumped(form, EVENTS[4:], CHECKPOINTS, head=EVENTS[3].head))

        assert verdict.broken is not None
        assert verdict.broken.sequence == 4

    def test_an_empty_record(self, form: Form) -> None:
        """
        Nothing happened yet, and that is sound.
        """
        verdict = verify_dump(dumped(form, [], []))

        assert (verdict.broken, verdict.events) == (None, 0)

    @pytest.mark.parametrize("lines", [[], [""], ["x"], ["{}"], ["null"], ['{"part":"opening"}']])
    def test_something_else(self, form: Form, lines: list[str]) -> None:
        """
        What is no dump is not sound.
        """
        assert verify_dump(lines).broken is not None

    @given(data=st.data())
    def test_an_edit(self, form: Form, data: st.DataObject) -> None:
        """
        Any character, anywhere: the event it is at is named, or the next if it is at none.
        """
        lines = [*LINES[form]]
        at = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[at]) - 1))
        put = data.draw(st.one_of(st.just(""), st.characters(codec="utf-8"), st.sampled_from('0a",{} ')))
        edited = lines[at][:place] + put + lines[at][place + data.draw(st.integers(0, 1)) :]
        if edited == lines[at]:
            return
        lines[at] = edited

        _found(verify_dump(lines), *_places(form)[at])

    @given(data=st.data())
    def test_a_deletion(self, form: Form, data: st.DataObject) -> None:
        """
        Lines that are gone, wherever: the first of them.
        """
        lines = LINES[form]
        at = data.draw(st.integers(0, len(lines) - 1))
        until = data.draw(st.integers(at + 1, len(lines)))

        _found(verify_dump([*lines[:at], *lines[until:]]), *_places(form)[at])

    @given(data=st.data())
    def test_a_swap(self, form: Form, data: st.DataObject) -> None:
        """
        Two lines that changed places: the first of them.
        """
        lines = [*LINES[form]]
        low, high = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2)))
        lines[low], lines[high] = lines[high], lines[low]

        _found(verify_dump(lines), *_places(form)[low])

    @given(data=st.data())
    def test_an_insertion(self, form: Form, data: st.DataObject) -> None:
        """
        A line that was there already, or one of another record.
        """
        lines = [*LINES[form]]
        at = data.draw(st.integers(0, len(lines)))
        more = data.draw(st.sampled_from([*lines, *dumped(form, resealed(EVENTS[3:8]), [])]))

        verdict = verify_dump([*lines[:at], more, *lines[at:]])

        assert verdict.broken is not None
        # A line like the one behind it takes that one's place.
        assert verdict.line in (at + 1, at + 2)


class TestCheckpoints:
    @pytest.mark.parametrize("form", FORMS, ids=["json", "csv"])
    @given(at=st.integers(0, COUNT - 1))
    def test_what_was_sealed_anew(self, form: Form, at: int) -> None:
        """
        Whoever edits and seals everything behind it anew is found at the next checkpoint.
        """
        edited = [*EVENTS]
        edited[at] = msgspec.structs.replace(EVENTS[at], record=msgspec.json.encode(event(99)))

        broken = verify_dump(dumped(form, resealed(edited), CHECKPOINTS)).broken

        assert broken is not None
        assert broken.sequence == next(each.sequence for each in CHECKPOINTS if each.sequence > at)
        assert "sealed anew" in broken.why

    def test_signed_with_another_key(self) -> None:
        """
        Whoever also signs anew is found by whoever knows the key.
        """
        form, other = JsonLines(), CheckpointKey(bytes(32))
        forged = resealed([*EVENTS[:3], *EVENTS[4:]])
        lines = dumped(form, forged, checkpoints(forged, every=5, key=other))

        assert verify_dump(lines).keys == [other.id]
        broken = verify_dump(lines, trusted=[KEY.public]).broken
        assert broken is not None
        assert "nobody trusts" in broken.why

    def test_the_name_of_a_key_is_its_own(self) -> None:
        """
        It follows from the public key, and says nothing about the private one.
        """
        assert KEY.id == CHECKPOINTS[0].key_id
        assert bytes(range(32)).hex() not in repr(KEY) + repr(CHECKPOINTS[0])


class TestSheet:
    def test_no_cell_is_a_formula(self) -> None:
        """
        A spreadsheet that opens a dump carries out nothing.
        """
        rows = list(csv.reader(LINES[FORMS[1]]))

        assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "+", "-", "@"))]
        assert len({len(row) for row in rows}) == 1

    def test_a_record_can_be_read_by_any_tool(self) -> None:
        """
        A JSON line holds the event as the text that was sealed.
        """
        [line] = [each for each in LINES[FORMS[0]] if '"sequence":3,' in each]

        assert json.loads(json.loads(line)["record"])["object"] == "com.acme/s3@1.0.0"


def _found(verdict: Verdict, least: int, greatest: int) -> None:
    assert verdict.broken is not None
    assert least <= verdict.broken.sequence <= greatest, verdict.broken
    assert verdict.line is not None
