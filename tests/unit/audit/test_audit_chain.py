"""Seals: what they cover, and which link they say is broken."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.audit.chain import BEGINNING, SealedEvent, first_broken, payload_digest, sealed
from registry.audit.event import AuditEvent, Outcome, decode_event, encode_event
from tests.records import START_US, chained, event, resealed

COUNT = 20
EVENTS = chained(COUNT)
END = EVENTS[-1].head
_numbers = st.integers(0, COUNT - 1)


def _changed(event: SealedEvent, **changes: object) -> SealedEvent:
    return msgspec.structs.replace(event, **changes)


class TestEvent:
    def test_what_was_recorded_before_is_read_and_not_made_anew(self) -> None:
        """
        Bytes of an earlier release are an event of today; what they do not say has its default.
        """
        record = b'{"detail":{"n":1},"action":"a.b","actor":"x","roles":[],"object":"o"}'

        assert decode_event(record) == AuditEvent(action="a.b", actor="x", roles=(), object="o", detail={"n": 1})

    def test_what_is_not_said_takes_no_room(self) -> None:
        """
        An event that says no more than before is the bytes it was before.
        """
        said = AuditEvent(action="a.b", actor="x", roles=("r",), object="o", detail={"n": None})

        assert encode_event(said) == b'{"action":"a.b","actor":"x","roles":["r"],"object":"o","detail":{"n":null}}'

    @pytest.mark.parametrize("record", [b"", b"{}", b'{"action":1}', b"\xff", b"[]", b"null"])
    def test_what_is_none_is_said_to_be_none(self, record: bytes) -> None:
        """
        Bytes that hold no event are a ValueError, whatever they are.
        """
        with pytest.raises(ValueError, match="not an event"):
            decode_event(record)


class TestSeal:
    def test_is_what_the_module_says(self) -> None:
        """
        The bytes that are hashed are fixed: a record of years ago is verified by what comes after.
        """
        first = sealed(BEGINNING, event(1), at_us=START_US)
        second = sealed(first.head, event(2), at_us=START_US, payload=payload_digest(b"salt", b"body"))

        assert first.seal.hex() == "45786701b5f1132a043ef8061d49470a575594a412ac9626b2e3eb2e157edd4f"
        assert second.seal.hex() == "ce717d3db12437a088b6b2899e6f79db958d401662bb9690270a702574a4a8e5"

    def test_a_payload_is_none_of_its_bytes(self) -> None:
        """
        Where salt and payload meet matters to nobody who does not have both.
        """
        assert payload_digest(b"salt", b"body") != payload_digest(b"other", b"body")


class TestChain:
    def test_holds(self) -> None:
        """
        What was sealed one behind the other is found to be so, whole or from any head on.
        """
        assert first_broken(EVENTS, end=END) is None
        assert first_broken(EVENTS[7:], head=EVENTS[6].head, end=END) is None
        assert first_broken([], end=BEGINNING) is None

    @given(
        at=_numbers,
        change=st.sampled_from(
            [
                {"record": encode_event(event(99))},
                {"record": b""},
                {"at_us": START_US + 10_000},
                {"at_us": START_US - 10_000},
                {"payload": bytes(32)},
                {"seal": bytes(32)},
            ]
        ),
    )
    def test_an_edit_is_at_the_edited(self, at: int, change: dict[str, object]) -> None:
        """
        Whatever of an event is changed, the link that breaks is that event.
        """
        edited = [*EVENTS]
        edited[at] = _changed(EVENTS[at], **change)

        broken = first_broken(edited, end=END)

        assert broken is not None
        assert broken.sequence == at + 1

    @given(at=_numbers, byte=st.integers(0, 10_000), bit=st.integers(0, 7))
    def test_one_bit_of_a_record_is_enough(self, at: int, byte: int, bit: int) -> None:
        """
        No byte of a record is left out of its seal.
        """
        record = bytearray(EVENTS[at].record)
        record[byte % len(record)] ^= 1 << bit

        broken = first_broken([*EVENTS[:at], _changed(EVENTS[at], record=bytes(record)), *EVENTS[at + 1 :]])

        assert broken is not None
        assert broken.sequence == at + 1

    @given(first=_numbers, count=st.integers(1, COUNT))
    def test_a_deletion_is_at_the_first_that_is_gone(self, first: int, count: int) -> None:
        """
        From the beginning, the middle or the end: the first number that is missing is named.
        """
        broken = first_broken([*EVENTS[:first], *EVENTS[first + count :]], end=END)

        assert broken is not None
        assert broken.sequence == first + 1
        assert "missing" in broken.why

    @given(pair=st.sets(_numbers, min_size=2, max_size=2))
    def test_a_swap_is_at_the_first_of_the_two(self, pair: set[int]) -> None:
        """
        Two events that changed places break the chain where the first of them was.
        """
        low, high = sorted(pair)
        swapped = [*EVENTS]
        swapped[low], swapped[high] = swapped[high], swapped[low]

        broken = first_broken(swapped, end=END)

        assert broken is not None
        assert broken.sequence == low + 1

    @given(at=st.integers(0, COUNT), which=_numbers, sealed_well=st.booleans())
    def test_an_insertion_is_where_it_was_put_or_right_behind(self, at: int, which: int, sealed_well: bool) -> None:
        """
        A copy of another event, or one that is sealed as if it belonged there.
        """
        head = EVENTS[at - 1].head if at else BEGINNING
        forged = sealed(head, event(99), at_us=head.at_us) if sealed_well else EVENTS[which]
        broken = first_broken([*EVENTS[:at], forged, *EVENTS[at:]], end=END)

        assert broken is not None
        # One that fits takes the place of the original, which is in excess behind it.
        fits = at < COUNT and (sealed_well or forged == EVENTS[at])
        assert broken.sequence == at + 1 + fits

    @given(at=_numbers)
    def test_what_is_sealed_anew_ends_otherwise(self, at: int) -> None:
        """
        Whoever seals everything anew behind an edit is found by the end that is known from elsewhere.
        """
        forged = resealed([*EVENTS[:at], _changed(EVENTS[at], record=encode_event(event(99))), *EVENTS[at + 1 :]])

        assert first_broken(forged) is None
        broken = first_broken(forged, end=END)
        assert broken is not None
        assert broken.sequence == COUNT

    def test_order_is_not_by_chance(self) -> None:
        """
        Any other order of all events is broken.
        """
        shuffled = [*EVENTS]
        random.Random(4).shuffle(shuffled)

        assert first_broken(shuffled, end=END) is not None


class TestOutcome:
    def test_names_are_permanent(self) -> None:
        """
        What is on record under a name is found by it for ever.
        """
        assert [outcome.value for outcome in Outcome] == ["done", "refused", "failed"]
