"""Requests that mean harm, or might as well: bounded in time, answered, and harmless (threats "ReDoS and LIKE")."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader, keys
from tests.running import RunningRegistry

_BRIEF_S = 2.0

TOO_LONG = {
    "a query of 100 kB": "/v0.1/servers?search=" + "a" * 100_000,
    "ten thousand parameters": "/v0.1/servers?" + "&".join(f"p{number}=1" for number in range(10_000)),
    "a path of 100 kB": "/v0.1/servers/" + "a" * 100_000 + "/versions",
    "a cursor of 100 kB": "/v0.1/servers?cursor=" + "A" * 100_000,
}
LONG = {
    "a query of 30 kB": "/v0.1/servers?x=" + "a" * 30_000,
    "thousands of parameters": "/v0.1/servers?" + "&".join(["a=1"] * 7_000),
    "thousands of ampersands": "/v0.1/servers?" + "&" * 30_000,
    "a cursor of 30 kB": "/v0.1/servers?cursor=" + "A" * 30_000,
    "a plain cursor of 30 kB": "/v0.1/servers?cursor=" + "a:" * 15_000,
    "a version of 30 kB": "/v0.1/servers?version=" + "9." * 15_000,
    "thousands of escapes": "/v0.1/servers?search=a&x=" + "%41" * 10_000,
    "thousands of broken escapes": "/v0.1/servers?x=" + "%4" * 15_000,
    "a deep path": "/v0.1/servers" + "/x" * 15_000,
    "a path of slashes": "/v0.1/servers" + "/" * 30_000,
    "many names": "/v0.1" + "/servers/a/b/versions" * 1_400,
    "a path of escaped slashes": "/v0.1/servers/" + "%2F" * 10_000 + "/versions",
    "a path of escaped percent signs": "/v0.1/servers/" + "%25" * 10_000 + "/versions",
    "a long instant": "/v0.1/servers?updated_since=2025-01-01T00:00:00." + "1" * 30_000 + "Z",
    "a long number": "/v0.1/servers?limit=" + "1" * 30_000,
}


def _timed(port: int, target: str, *lines: str) -> tuple[int, int, float]:
    started = time.monotonic()
    answer = send(port, target, *lines)
    return answer.status, len(answer.body), time.monotonic() - started


@pytest.mark.parametrize("target", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_what_is_too_long_is_refused(world: RunningRegistry, target: str) -> None:
    """
    Ours: a request line beyond the limit is refused at once, and the server goes on.
    """
    status, _, took_s = _timed(world.port, target)

    assert status in (400, 414, 431)
    assert took_s < _BRIEF_S
    assert send(world.port, "/ping").status == 200


@pytest.mark.parametrize("target", LONG.values(), ids=LONG.keys())
def test_what_is_long_is_answered(world: RunningRegistry, target: str) -> None:
    """
    Ours: whatever fits is answered promptly, never with a 500, and an error does not repeat all of it.
    """
    status, size, took_s = _timed(world.port, target)

    assert status in (200, 400, 404, 422)
    assert status == 200 or size < 2_000
    assert took_s < _BRIEF_S


@pytest.mark.parametrize(
    "term",
    [
        "(a+)+$",
        "a" * 199 + "!",
        "%" * 200,
        "_" * 200,
        '"' * 200,
        "*" * 200,
        "ab" * 100,
        "🦉" * 200,
        "\u0301" * 200,
        "İ" * 200,
        "ß" * 200,
        " " * 200,
        "\\" * 200,
        "AND OR NOT NEAR " * 12,
    ],
)
def test_hostile_terms(world: RunningRegistry, reader: Reader, term: str) -> None:
    """
    threats "ReDoS and LIKE": no term takes long or breaks the search expression.
    """
    started = time.monotonic()
    answer = reader.page({"search": term})

    assert answer.status == 200
    assert time.monotonic() - started < _BRIEF_S


def test_many_headers(world: RunningRegistry) -> None:
    """
    Ours: a request with hundreds of headers is answered or refused, promptly.
    """
    status, _, took_s = _timed(world.port, "/v0.1/servers?limit=1", *(f"X-{number}: y" for number in range(500)))

    assert status in (200, 400, 431)
    assert took_s < _BRIEF_S


def test_a_long_validator(world: RunningRegistry) -> None:
    """
    Ours: a list of thousands of validators is compared and does not match.
    """
    status, _, took_s = _timed(world.port, "/v0.1/servers?limit=1", "If-None-Match: " + '"x",' * 7_000)

    assert status == 200
    assert took_s < _BRIEF_S


def test_many_at_once(reader: Reader) -> None:
    """
    Ours: eight clients that walk, search and poll at the same time each get their own answer.
    """
    questions = [{"search": "needle"}, {"version": "latest"}, {"include_deleted": "true"}, {"transport": "stdio"}]
    expected = [reader.walk(100, **question).keys for question in questions]

    with ThreadPoolExecutor(8) as clients:
        walks = list(clients.map(lambda number: reader.walk(3, **questions[number % 4]).keys, range(32)))

    assert all(found == expected[number % 4] for number, found in enumerate(walks))


def test_an_address_of_another_kind(world: RunningRegistry) -> None:
    """
    threats "Host": a target in absolute form is read by its path; its authority decides nothing.
    """
    absolute = send(world.port, "http://127.0.0.1/v0.1/servers?limit=1")

    assert keys(absolute) == keys(send(world.port, "/v0.1/servers?limit=1"))
