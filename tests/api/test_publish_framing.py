"""Where the body of a publication ends: lengths, chunks, limits, and what may hide behind it (threats "smuggling")."""

import json
import socket
from collections.abc import Iterator
from itertools import count

import pytest

from tests.api.attacking import attacker, chunked, everything, sent
from tests.api.publishing import Client, manifest, problem, server_path, status_body, taking, version_path
from tests.doubles.issued import bearer

_NUMBERS = count(1)
_MIB = 1024 * 1024
_PATIENCE_S = 5.0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("attacked")) as registry:
        yield attacker(registry)


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/attacked-{next(_NUMBERS)}"


class TestFraming:
    @pytest.mark.parametrize(
        "lines",
        [
            ["Content-Length: 5", "Content-Length: 6"],
            ["Content-Length: +5"],
            ["Content-Length: -1"],
            ["Content-Length: 0x5"],
            ["Content-Length: 5, 6"],
            ["Content-Length: 99999999999999999999999"],
            ["Transfer-Encoding: xchunked"],
            ["Transfer-Encoding: chunked, identity"],
            ["Transfer-Encoding : chunked"],
            ["Transfer-Encoding: chunked\x00"],
        ],
        ids=repr,
    )
    def test_what_can_be_read_in_two_ways_is_400(self, client: Client, name: str, lines: list[str]) -> None:
        """
        threats "smuggling": where a body ends is beyond doubt, or nothing is read.
        """
        body = json.dumps(manifest(name)).encode()

        assert sent(client, "/v0.1/publish", chunked(body), *lines).status == 400
        assert client.read(name).status == 404

    @pytest.mark.parametrize("length", [0, 5, 188, _MIB])
    def test_a_length_beside_chunks_ends_the_connection(self, client: Client, length: int) -> None:
        """
        threats "smuggling": RFC 9112 §6.1: the chunks count, and what follows on the connection is not read.
        """
        hidden = b"GET /v0.1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for lines in (
            f"Content-Length: {length}\r\nTransfer-Encoding: chunked",
            f"Transfer-Encoding: chunked\r\nContent-Length: {length}",
        ):
            head = f"POST /v0.1/publish HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n\r\n".encode()

            received = everything(client.registry, head + b"0\r\n\r\n" + hidden)

            assert received.count(b"HTTP/1.1 ") == 1
            assert b"pong" not in received

    def test_a_body_that_nobody_reads_is_no_request(self, client: Client) -> None:
        """
        threats "smuggling": what is announced as a body is skipped, also where the route takes none.
        """
        hidden = b"GET /v0.1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for target in ("DELETE /v0.1/servers/x/versions/1", "POST /v0.1/nothing", "GET /v0.1/servers"):
            head = f"{target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(hidden)}\r\n"

            received = everything(client.registry, f"{head}Connection: close\r\n\r\n".encode() + hidden)

            assert received.count(b"HTTP/1.1 ") == 1
            assert b"pong" not in received

    def test_chunks_are_put_together(self, client: Client, name: str) -> None:
        """
        reference §1.2: a body in chunks of one byte is the same body; sizes may have extensions, and trailers follow.
        """
        body = json.dumps(manifest(name)).encode()
        pieces = b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in body)

        answer = sent(client, "/v0.1/publish", pieces + b"0\r\nX-Trailer: 1\r\n\r\n", "Transfer-Encoding: chunked")

        assert answer.status == 200
        assert answer.body.startswith(b'{"server":' + body)

    @pytest.mark.parametrize("in_chunks", [False, True], ids=["announced", "chunked"])
    def test_a_mebibyte_is_one_byte_too_many(self, client: Client, name: str, in_chunks: bool) -> None:
        """
        reference §1.2, for every route that takes a manifest or a status.
        """
        body = json.dumps(manifest(name)).encode()
        status = json.dumps(status_body("deprecated")).encode()
        asked = [
            ("POST", "/v0.1/publish", body),
            ("PUT", f"/v0.1{version_path(name, '1.0.0')}", body),
            ("PATCH", f"/v0.1{version_path(name, '1.0.0')}/status", status),
            ("PATCH", f"/v0.1{server_path(name)}/status", json.dumps(status_body("active")).encode()),
            ("POST", "/v0.1/validate", body),
        ]
        for method, target, content in asked:
            answers = [
                sent(
                    client,
                    target,
                    chunked(content.ljust(size)) if in_chunks else content.ljust(size),
                    "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {size}",
                    method=method,
                )
                for size in (_MIB, _MIB - 1)
            ]

            assert [answer.status for answer in answers] == [413, 200], target
            assert problem(answers[0])[1] == "request body is too large limit=1048576 bytes"

    def test_a_body_that_ends_early(self, client: Client, name: str) -> None:
        """
        A manifest that is cut off is none, also where the part that came is one.
        """
        body = json.dumps(manifest(name)).encode()
        assert client.token is not None
        head = f"POST /v0.1/publish HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer(client.token)}\r\n"

        for framing in (f"Content-Length: {len(body) + 1}", "Transfer-Encoding: chunked"):
            begun = body if framing.startswith("Content") else b"%x\r\n%b\r\n" % (len(body), body)
            with socket.create_connection(("127.0.0.1", client.registry.port), timeout=_PATIENCE_S) as connection:
                connection.sendall(f"{head}{framing}\r\n\r\n".encode() + begun)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

        assert client.read(name).status == 404
