"""The Host header (threats "Host header confuses path-based auth" and "DNS rebinding")."""

import pytest

from tests.api.raw_request import send
from tests.running import RunningRegistry

TARGETS = ("/v0.1/servers?limit=1", "/health", "/v1/sync-runs", "/metrics", "/docs", "/nothing")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::]",
        "localhost/",
        "evil.example/localhost",
        "localhost?x",
        "localhost#x",
        "user@localhost",
        "localhost\\x",
        "localhost:",
        "localhost:x",
        "localhost:80x",
        "localhost:99999",
        "localhost:-1",
        "localhost:80:80",
        "localhost, evil.example",
        "local host",
        "[::1",
        "::1",
        "[::1]x",
        "http://localhost",
        "localhost%00",
        "localhost\u00e9",
        "",
    ],
)
def test_refused(world: RunningRegistry, target: str, host: str) -> None:
    """
    threats "Host": a name that is not ours, or no name at all, is 400 on every path.
    """
    answer = send(world.port, target, host=host)

    assert answer.status == 400


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "127.0.0.1", "[::1]", "localhost:1", "127.0.0.1:65535", "[::1]:8080"]
)
def test_allowed(world: RunningRegistry, host: str) -> None:
    """
    Ours: on a loopback listener the loopback names are ours, in any case and with any port.
    """
    assert send(world.port, "/v0.1/servers?limit=1", host=host).status == 200


@pytest.mark.parametrize("hosts", [("localhost", "localhost"), ("localhost", "evil.example"), ("evil.example", "x")])
def test_twice_is_refused(world: RunningRegistry, hosts: tuple[str, str]) -> None:
    """
    threats "Host": two Host lines are refused, even if they agree.
    """
    answer = send(world.port, "/v0.1/servers", *(f"Host: {host}" for host in hosts), host=None)

    assert answer.status == 400


def test_missing_is_refused(world: RunningRegistry) -> None:
    """
    threats "Host": none at all is refused.
    """
    assert send(world.port, "/v0.1/servers", host=None).status == 400


def test_a_refusal_does_not_repeat_what_is_malformed(world: RunningRegistry) -> None:
    """
    threats "Host": what cannot be a name is not shown back.
    """
    answer = send(world.port, "/", host="<script>alert(1)</script>")

    assert answer.status == 400
    assert b"script" not in answer.body


def test_it_is_never_used_to_build_anything(world: RunningRegistry) -> None:
    """
    threats "Host": an allowed Host changes no byte of an answer.
    """
    bodies = {send(world.port, "/openapi.json", host=host).body for host in ("localhost", "127.0.0.1:1")}

    assert len(bodies) == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_origin_never_refuses_a_read(world: RunningRegistry, origin: str) -> None:
    """
    threats "DNS rebinding": on the read routes Host refuses and Origin does not.
    """
    assert send(world.port, "/v0.1/servers?limit=1", f"Origin: {origin}").status == 200
