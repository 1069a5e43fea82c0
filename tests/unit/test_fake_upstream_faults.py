"""The fake upstream misbehaves on the wire exactly as told, and only then."""

import gzip
import http.client
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.doubles import faults
from tests.doubles.faults import Fault
from tests.doubles.plain_client import fetch
from tests.doubles.upstream import FakeUpstream

ACME = Path(__file__).parents[2] / "fixtures" / "acme"
LIST = "/v0.1/servers"
SOON_S = 0.2


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        fake.load_file(ACME / "official.json")
        yield fake


class TestSelection:
    def test_times(self, upstream: FakeUpstream) -> None:
        """
        A fault strikes as often as it says and is spent then.
        """
        upstream.faults.append(Fault(faults.html_error(503), times=2))

        assert [fetch(upstream.url, LIST).status for _ in range(3)] == [503, 503, 200]

    def test_after(self, upstream: FakeUpstream) -> None:
        """
        The first requests may pass unharmed.
        """
        upstream.faults.append(Fault(faults.html_error(502), after=1))

        assert [fetch(upstream.url, LIST).status for _ in range(3)] == [200, 502, 502]

    def test_when(self, upstream: FakeUpstream) -> None:
        """
        Only requests that the condition selects are struck, and only they are counted.
        """
        fault = Fault(faults.html_error(500), when=faults.later_page)
        upstream.faults.append(fault)

        assert fetch(upstream.url, LIST).status == 200
        assert fetch(upstream.url, f"{LIST}?cursor=a:1").status == 500
        assert fault.struck == 1

    def test_first_of_several(self, upstream: FakeUpstream) -> None:
        """
        Of several faults the first that strikes wins, the others wait.
        """
        upstream.faults.append(Fault(faults.html_error(500), times=1))
        upstream.faults.append(Fault(faults.html_error(502), times=1))

        assert [fetch(upstream.url, LIST).status for _ in range(3)] == [500, 502, 200]

    def test_clear(self, upstream: FakeUpstream) -> None:
        """
        Cleared, the upstream behaves again.
        """
        upstream.faults.append(Fault(faults.empty_list()))
        upstream.faults.clear()

        assert fetch(upstream.url, LIST).json()["metadata"]["count"] == 17

    def test_only_v0(self, upstream: FakeUpstream) -> None:
        """
        An older registry knows /v0 and answers 404 under /v0.1.
        """
        upstream.faults.append(Fault(faults.missing(), when=faults.under("/v0.1/")))

        assert fetch(upstream.url, LIST).status == 404
        assert fetch(upstream.url, "/v0/servers").status == 200


class TestAnswers:
    def test_throttled(self, upstream: FakeUpstream) -> None:
        """
        429 is the proxy's: HTML, with Retry-After.
        """
        upstream.faults.append(Fault(faults.throttled("7")))

        answer = fetch(upstream.url, LIST)

        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        assert answer.headers["content-type"] == "text/html"

    def test_redirected(self, upstream: FakeUpstream) -> None:
        """
        A redirect names another host.
        """
        upstream.faults.append(Fault(faults.redirected("https://elsewhere.example/v0.1/servers")))

        answer = fetch(upstream.url, LIST)

        assert (answer.status, answer.headers["location"]) == (302, "https://elsewhere.example/v0.1/servers")

    def test_wrong_content_type(self, upstream: FakeUpstream) -> None:
        """
        The right body comes under another type.
        """
        good = fetch(upstream.url, LIST)
        upstream.faults.append(Fault(faults.content_type("text/plain")))

        answer = fetch(upstream.url, LIST)

        assert (answer.headers["content-type"], answer.body) == ("text/plain", good.body)

    @pytest.mark.parametrize("effect", [faults.not_json(), faults.cut_short(), faults.html_page()])
    def test_no_json(self, upstream: FakeUpstream, effect: faults.Effect) -> None:
        """
        A complete 200 whose body is no JSON.
        """
        upstream.faults.append(Fault(effect))

        answer = fetch(upstream.url, LIST)

        assert answer.status == 200
        with pytest.raises(ValueError, match=r"malformed|truncated"):
            answer.json()

    def test_null_servers_and_empty_list(self, upstream: FakeUpstream) -> None:
        """
        A list may be null and may be empty.
        """
        upstream.faults.append(Fault(faults.null_servers(), times=1))
        upstream.faults.append(Fault(faults.empty_list(), times=1))

        assert fetch(upstream.url, LIST).json()["servers"] is None
        assert fetch(upstream.url, LIST).json()["servers"] == []

    def test_cursor_loop(self, upstream: FakeUpstream) -> None:
        """
        A page names itself as the next.
        """
        upstream.faults.append(Fault(faults.cursor_loop(), when=faults.later_page))

        answer = fetch(upstream.url, f"{LIST}?limit=2&cursor=com.globex/search:2.0.0")

        assert answer.json()["metadata"]["nextCursor"] == "com.globex/search:2.0.0"

    def test_repeated_entries(self, upstream: FakeUpstream) -> None:
        """
        Entries come twice, byte for byte.
        """
        upstream.faults.append(Fault(faults.repeated()))

        listed = fetch(upstream.url, f"{LIST}?limit=3").json()

        assert listed["metadata"]["count"] == 6
        assert listed["servers"][0] == listed["servers"][1]

    def test_foreign_items(self, upstream: FakeUpstream) -> None:
        """
        Anything can be put into a page.
        """
        upstream.faults.append(Fault(faults.with_items(b"null", b'{"server":{}}')))

        assert fetch(upstream.url, LIST).json()["servers"][:2] == [None, {"server": {}}]

    def test_gzip(self, upstream: FakeUpstream) -> None:
        """
        Compressed, the answer is the same.
        """
        good = fetch(upstream.url, LIST)
        upstream.faults.append(Fault(faults.gzipped()))

        answer = fetch(upstream.url, LIST)

        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(answer.body) == good.body

    def test_gzip_bomb(self, upstream: FakeUpstream) -> None:
        """
        A few kilobytes on the wire are a valid page of the size asked for.
        """
        upstream.faults.append(Fault(faults.gzip_bomb(5_000_000)))

        answer = fetch(upstream.url, LIST)

        assert len(answer.body) < 10_000
        assert 5_000_000 <= len(zlib.decompress(answer.body, 31)) < 5_001_000

    def test_huge_page(self, upstream: FakeUpstream) -> None:
        """
        A page of any size comes without a Content-Length that would warn of it.
        """
        upstream.faults.append(Fault(faults.huge_page(3_000_000)))

        answer = fetch(upstream.url, LIST)

        assert "content-length" not in answer.headers
        assert len(answer.body) > 3_000_000
        assert answer.json()["servers"] == []

    @pytest.mark.parametrize("effect", [faults.chunked(), faults.slow(delay_s=0.01, pieces=3, pause_s=0.01)])
    def test_slow_and_chunked_are_still_right(self, upstream: FakeUpstream, effect: faults.Effect) -> None:
        """
        Bytes in pieces are the same bytes.
        """
        good = fetch(upstream.url, LIST)
        upstream.faults.append(Fault(effect))

        assert fetch(upstream.url, LIST).body == good.body


class TestConnections:
    def test_truncated(self, upstream: FakeUpstream) -> None:
        """
        The connection closes before the promised length has come.
        """
        upstream.faults.append(Fault(faults.truncated()))

        with pytest.raises(http.client.IncompleteRead):
            fetch(upstream.url, LIST)

    def test_dropped(self, upstream: FakeUpstream) -> None:
        """
        The connection closes without an answer.
        """
        upstream.faults.append(Fault(faults.dropped()))

        with pytest.raises(http.client.RemoteDisconnected):
            fetch(upstream.url, LIST)

    @pytest.mark.parametrize("effect", [faults.hang_before_headers(), faults.hang_mid_body()])
    def test_hanging(self, upstream: FakeUpstream, effect: faults.Effect) -> None:
        """
        The answer does not come, or stops half-way, until the server stops.
        """
        upstream.faults.append(Fault(effect))

        with pytest.raises(TimeoutError):
            fetch(upstream.url, LIST, timeout_s=SOON_S)

    def test_stopping_ends_what_hangs(self, upstream: FakeUpstream) -> None:
        """
        Stopping the server closes a connection that it kept waiting.
        """
        upstream.faults.append(Fault(faults.hang_before_headers()))
        with socket.create_connection(_address(upstream)) as waiting:
            waiting.sendall(b"GET /v0.1/health HTTP/1.1\r\n\r\n")
            waiting.settimeout(10)

            upstream.stop()

            assert _ended(waiting)

    def test_stop_and_start(self, upstream: FakeUpstream) -> None:
        """
        A stopped upstream refuses connections; started again it is at the same address with the same catalog.
        """
        before = fetch(upstream.url, LIST)

        upstream.stop()

        with pytest.raises(ConnectionRefusedError):
            fetch(upstream.url, LIST)
        upstream.start()
        assert fetch(upstream.url, LIST).body == before.body

    def test_connections_are_kept_alive(self, upstream: FakeUpstream) -> None:
        """
        Requests follow one another on one connection, the body of a request is skipped.
        """
        connection = http.client.HTTPConnection(urlsplit(upstream.url).netloc, timeout=10)
        try:
            for method in ("GET", "POST", "GET"):
                connection.request(method, "/v0.1/health", body=b"{}" if method == "POST" else None)
                with connection.getresponse() as response:
                    response.read()
                opened = connection.sock

            assert connection.sock is opened is not None
            assert [request.method for request in upstream.requests] == ["GET", "POST", "GET"]
        finally:
            connection.close()

    def test_what_is_no_http(self, upstream: FakeUpstream) -> None:
        """
        Bytes that are no request end the connection and hurt nobody else.
        """
        with socket.create_connection(_address(upstream)) as other:
            other.sendall(b"\x16\x03\x01\r\n\r\n")
            other.settimeout(10)

            assert _ended(other)
        assert fetch(upstream.url, LIST).status == 200

    def test_a_fault_with_a_bug_is_not_hidden(self) -> None:
        """
        What an effect raises comes out where the upstream is stopped.
        """
        upstream = FakeUpstream()
        upstream.start()
        upstream.faults.append(Fault(faults.cursor_loop(), when=faults.every))

        with pytest.raises(http.client.RemoteDisconnected):
            fetch(upstream.url, "/v0.1/health")
        with pytest.raises(ExceptionGroup):
            upstream.stop()


class TestLog:
    def test_requests_are_remembered(self, upstream: FakeUpstream) -> None:
        """
        Path, query, parameters and headers of every request can be asserted.
        """
        fetch(upstream.url, f"{LIST}?limit=5&search=a%20b", User_Agent="tests/1")

        (request,) = upstream.requests
        assert (request.method, request.path, request.query) == ("GET", LIST, "limit=5&search=a%20b")
        assert request.params == {"limit": "5", "search": "a b"}
        assert request.headers["user-agent"] == "tests/1"

    def test_and_forgotten(self, upstream: FakeUpstream) -> None:
        """
        The log can be emptied, so that a test counts only its own.
        """
        fetch(upstream.url, LIST)

        upstream.forget_requests()

        assert upstream.requests == []


def _address(upstream: FakeUpstream) -> tuple[str, int]:
    return "127.0.0.1", urlsplit(upstream.url).port or 0


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
