"""What the closed-loop generator promises: each request is sent once, and what is no 200 is told."""

from urllib.parse import urlsplit

from tests.bench.closedloop import saturate
from tests.bench.connection import get, post
from tests.doubles.server import LoopbackServer
from tests.doubles.wire import Request, Response


class TestClosedLoop:
    def test_sends_each_request_once(self) -> None:
        """
        What is written cannot be written again: there are as many requests as were given, bodies and all.
        """
        asked: list[str] = []

        def answer(request: Request) -> Response:
            asked.append(request.target)
            return Response()

        running = LoopbackServer(answer)
        running.start()
        try:
            port = urlsplit(running.url).port or 0
            requests = [post(port, f"/{number}", b"{}", token="t") for number in range(40)]
            found = saturate(port, requests)
        finally:
            running.stop()

        assert (found.count, found.failed) == (40, 0)
        assert sorted(asked) == sorted(f"/{number}" for number in range(40))

    def test_what_is_no_200_is_counted_as_failed(self) -> None:
        """
        A server that refuses quickly does not look fast.
        """
        running = LoopbackServer(lambda _: Response(status=503, body=b"busy"))
        running.start()
        try:
            port = urlsplit(running.url).port or 0
            found = saturate(port, [get(port, "/")] * 20)
        finally:
            running.stop()

        assert found.failed == found.count == 20
