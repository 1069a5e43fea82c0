"""Log lines: gathered, handed over, and never a reason to wait."""

import json
import os
import threading

from registry.logs import Lines, logger
from tests.doubles.clock import FrozenClock

_LINE = b"x" * 1023 + b"\n"


class TestLines:
    def test_what_is_urgent_is_there_at_once(self) -> None:
        """
        A line that is written through takes those gathered before it along, in order.
        """
        read, write = os.pipe()
        with os.fdopen(write, "wb") as stream, os.fdopen(read, "rb") as reader:
            lines = Lines(stream)
            lines.write(b"first\n")

            lines.write_through(b"second\n")

            assert [reader.readline(), reader.readline()] == [b"first\n", b"second\n"]

    def test_a_reader_that_does_not_read_holds_nobody_up(self) -> None:
        """
        Beyond a bound lines are dropped, and once somebody reads it is said how many.
        """
        read, write = os.pipe()
        with os.fdopen(write, "wb") as stream, os.fdopen(read, "rb") as reader:
            lines = Lines(stream)
            lines.flush_aside()
            for _ in range(5000):
                lines.write(_LINE)

            received: list[bytes] = []
            collecting = threading.Thread(target=lambda: received.extend(iter(reader.readline, b"")))
            collecting.start()
            lines.close()
            stream.close()
            collecting.join(30)

        told = [json.loads(line) for line in received if line.startswith(b"{")]
        dropped = sum(int(line["event"].split()[0]) for line in told)
        assert received.count(_LINE) + dropped == 5000
        assert dropped > 0

    def test_a_reader_that_went_away(self) -> None:
        """
        Is no reason to stop.
        """
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb", buffering=0) as stream:
            lines = Lines(stream)

            lines.write_through(b"nobody\n")
            lines.close()


class TestLogger:
    def test_a_line_reads_alone_and_carries_its_values(self) -> None:
        """
        Message, level, instant and fields, as one JSON object.
        """
        read, write = os.pipe()
        with os.fdopen(write, "wb") as stream, os.fdopen(read, "rb") as reader:
            log = logger(Lines(stream), FrozenClock(0), for_people=False)

            log.info("mirrored 41 entries from official", upstream="official", entries=41)

            assert json.loads(reader.readline()) == {
                "event": "mirrored 41 entries from official",
                "level": "info",
                "timestamp": "1970-01-01T00:00:00Z",
                "upstream": "official",
                "entries": 41,
            }
