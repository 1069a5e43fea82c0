"""What the open-loop generator promises: its figures decide whether a target is met."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.bench.openloop import run
from tests.doubles.server import LoopbackServer
from tests.doubles.wire import Ending, Request, Response


@contextmanager
def server(answer: Callable[[Request], Response]) -> Iterator[int]:
    """The port of a server that answers like that."""
    running = LoopbackServer(answer)
    running.start()
    try:
        yield urlsplit(running.url).port or 0
    finally:
        running.stop()


class TestOpenLoop:
    def test_waiting_for_a_connection_is_part_of_the_latency(self) -> None:
        """
        A server that takes 20 ms where 10 ms are between requests shows a growing queue, not twenty times 20 ms.
        """
        with server(lambda _: Response(delay_s=0.02)) as port:
            found = run(port, ["/"], rate=100, seconds=0.2, connections=1)

        assert found.answered == 20
        assert found.max_ms > 190

    def test_sends_on_schedule_whatever_the_server_does(self) -> None:
        """
        With connections to spare, slow answers do not hold back the requests behind them.
        """
        with server(lambda _: Response(delay_s=0.05)) as port:
            found = run(port, ["/"], rate=200, seconds=0.1, connections=20)

        assert found.answered == 20
        # One after the other they would take a second.
        assert found.p50_ms < 500

    def test_asks_for_all_targets_in_turn(self) -> None:
        """
        Every target is asked for as often as the others.
        """
        asked: list[str] = []

        def answer(request: Request) -> Response:
            asked.append(request.target)
            return Response(body=b"x" * 300_000)

        with server(answer) as port:
            found = run(port, ["/a?b=c", "/d"], rate=200, seconds=0.05, connections=1)

        assert found.failed == 0
        assert asked == ["/a?b=c", "/d"] * 5

    def test_what_is_no_200_is_counted_as_failed(self) -> None:
        """
        A server that refuses quickly does not look fast.
        """
        with server(lambda _: Response(status=503, body=b"busy")) as port:
            found = run(port, ["/"], rate=200, seconds=0.05)

        assert found.failed == found.answered == 10

    def test_a_closed_connection_ends_the_run(self) -> None:
        """
        A measurement that lost a connection has no figures.
        """
        with (
            server(lambda _: Response(ending=Ending.CLOSE)) as port,
            pytest.raises(ValueError, match="closed a connection"),
        ):
            run(port, ["/"], rate=200, seconds=0.1, connections=1)
