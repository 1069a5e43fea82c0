"""Documents made to hurt: refused, or judged, in bounded time and memory, and never with an exception."""

import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.validation.engine import MOST_BYTES, MOST_VALUES, validate
from schemas.validation.issue import Issue, IssueType, Profile
from tests.manifests import manifest, with_package, with_remote

_MIB: Final = 1024 * 1024
_MOST_S: Final = 2.0
_MOST_MEMORY: Final = 100 * _MIB


def _filled(opening: bytes, piece: bytes, closing: bytes) -> bytes:
    """A document of almost 1 MiB that repeats *piece*."""
    return opening + piece * ((MOST_BYTES - len(opening) - len(closing)) // len(piece)) + closing


def _in_package(member: str, element: object, **more: object) -> bytes:
    """A sound manifest with as many of *element* as the limit on values allows."""
    probe = len(_flat(element))
    document = with_package(**{member: [element] * ((MOST_VALUES - 100) // probe)}, **more)
    return json.dumps(document).encode()


def _flat(value: object) -> list[object]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(each for part in inner for each in _flat(part))]


_WIDE: Final[dict[str, Callable[[], bytes]]] = {
    "depth": lambda: _filled(b'{"a":', b"[", b"}"),
    "balanced depth": lambda: b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "depth of objects": lambda: _filled(b'{"a":', b'{"a":', b""),
    "width of an array": lambda: _filled(b'{"packages":[', b"{},", b"{}]}"),
    "width of numbers": lambda: _filled(b'{"packages":[', b"1,", b"1]}"),
    "width of an object": lambda: b"{" + b",".join(b'"%x":1' % number for number in range(90_000)) + b"}",
    "duplicate members": lambda: _filled(b"{", b'"a":1,', b'"a":1}'),
    "a huge integer": lambda: _filled(b'{"a":', b"9", b"}"),
    "a huge exponent": lambda: _filled(b'{"a":1e', b"9", b"}"),
    "NUL bytes": lambda: _filled(b'{"a":"', b"\x00", b'"}'),
    "lone surrogates": lambda: _filled(b'{"a":"', b"\\ud800", b'"}'),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + json.dumps(manifest()).encode(),
    "one byte too many": lambda: b" " * _MIB,
    "no UTF-8": lambda: _filled(b'{"a":"', b"\xff", b'"}'),
    "blanks": lambda: b" " * MOST_BYTES,
    "braces": lambda: _filled(b"", b"{", b""),
}
_LONG: Final[dict[str, Callable[[], bytes]]] = {
    "escaped NULs": lambda: _filled(b'{"name":"', b"\\u0000", b'"}'),
    "a long fraction": lambda: _filled(b'{"a":0.', b"9", b"}"),
    "a long name": lambda: json.dumps(manifest(name="com.acme/" + "a-" * 450_000)).encode(),
    "a long version": lambda: json.dumps(manifest(version="1." * 450_000)).encode(),
    "a long range": lambda: json.dumps(manifest(version="1||" * 300_000)).encode(),
    "a long address": lambda: json.dumps(manifest(websiteUrl="https://" + "%" * 900_000)).encode(),
    "a long template": lambda: json.dumps(with_remote(url="https://acme.example/" + "{a}" * 300_000)).encode(),
    "open braces": lambda: json.dumps(with_remote(url="https://acme.example/" + "{" * 900_000)).encode(),
    "a long title": lambda: json.dumps(manifest(title=" " * 900_000)).encode(),
    "a long subfolder": lambda: json.dumps(manifest(repository={"url": "a", "subfolder": "a/" * 450_000})).encode(),
    "a long secret": lambda: json.dumps(
        with_package(environmentVariables=[{"name": "a_" * 200_000, "value": "eyJa.eyJ" * 50_000}])
    ).encode(),
    "almost credentials": lambda: json.dumps(
        with_package(environmentVariables=[{"name": "A", "value": "sk-a-" * 90_000 + "a://b:" * 60_000}])
    ).encode(),
    "a long schema": lambda: json.dumps(manifest(schema="/schemas/" * 100_000)).encode(),
    "many variables": lambda: _in_package("environmentVariables", {"name": "A", "isSecret": True}),
    "many bad variables": lambda: _in_package("environmentVariables", {"name": 1, "value": 2, "format": 3}),
    "many arguments": lambda: _in_package("packageArguments", {"type": "positional", "valueHint": "a"}),
    "many bad arguments": lambda: _in_package("packageArguments", {"type": "neither"}),
    "many packages": lambda: json.dumps(
        manifest(packages=[{"registryType": "oci", "identifier": "a b", "transport": {"type": "sse"}}] * 1900)
    ).encode(),
    "many bad headers": lambda: json.dumps(with_remote(headers=[{"value": "{a}{b}"}] * 4800)).encode(),
    "many choices": lambda: json.dumps(
        with_package(environmentVariables=[{"name": "A", "choices": ["a"] * 9_800}])
    ).encode(),
    "much of the publisher's": lambda: json.dumps(
        manifest(_meta={"io.modelcontextprotocol.registry/publisher-provided": {"a": list(range(9_000))}})
    ).encode(),
}


def _measured(document: bytes, profile: Profile) -> tuple[list[Issue], float, int]:
    """The issues, CPU seconds, and bytes at the peak."""
    start_s = time.process_time()
    issues = validate(document, profile=profile)
    spent_s = time.process_time() - start_s
    tracemalloc.start()
    validate(document, profile=profile)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return issues, spent_s, peak


class TestHostile:
    @pytest.mark.parametrize("make", _WIDE.values(), ids=_WIDE.keys())
    def test_refused_as_text(self, make: Callable[[], bytes]) -> None:
        """
        Depth, width, duplicates, numbers and bytes that are no document are one issue, in little time and memory.
        """
        document = make()

        issues, spent_s, peak = _measured(document, Profile.PRIVATE)

        assert [issue.type for issue in issues] == [IssueType.JSON]
        assert spent_s < _MOST_S
        assert peak < _MOST_MEMORY

    @pytest.mark.parametrize("profile", Profile)
    @pytest.mark.parametrize("make", _LONG.values(), ids=_LONG.keys())
    def test_judged_in_bounded_time(self, make: Callable[[], bytes], profile: Profile) -> None:
        """
        Long texts and as many values as are allowed are judged in bounded time, and the answer stays small.
        """
        document = make()
        assert len(document) <= MOST_BYTES

        issues, spent_s, peak = _measured(document, profile)

        assert spent_s < _MOST_S
        assert peak < _MOST_MEMORY
        assert len(msgspec.json.encode(issues)) < _MIB

    def test_a_body_of_exactly_one_mebibyte_is_too_large(self) -> None:
        """
        The limit is the public registry's: 1,048,575 bytes pass, one more does not.
        """
        document = json.dumps(manifest()).encode()

        assert validate(document.ljust(MOST_BYTES)) == []
        assert [issue.type for issue in validate(document.ljust(MOST_BYTES + 1))] == [IssueType.JSON]


_NAMES: Final = (
    "$schema", "name", "version", "packages", "remotes", "icons", "repository", "_meta", "transport", "type", "url",
    "headers", "variables", "value", "valueHint", "packageArguments", "environmentVariables", "format", "choices",
    "websiteUrl", "title", "identifier", "registryType", "src", "a.b[0]", "",
)  # fmt: skip
_LEAVES: Final[st.SearchStrategy[Any]] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(["stdio", "latest"])
)
_JSON: Final[st.SearchStrategy[Any]] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=25,
)


class TestNeverRaises:
    @settings(deadline=None)
    @given(st.binary(max_size=400), st.sampled_from(Profile))
    def test_any_bytes(self, document: bytes, profile: Profile) -> None:
        """
        Whatever the bytes, there is an answer and no exception.
        """
        assert isinstance(validate(document, profile=profile), list)

    @settings(max_examples=400, deadline=None)
    @given(
        st.dictionaries(st.sampled_from(sorted(manifest())), _JSON, max_size=6), st.booleans(), st.sampled_from(Profile)
    )
    def test_any_json(self, members: dict[str, Any], on_a_sound_one: bool, profile: Profile) -> None:
        """
        Whatever stands where, there is an answer, and it can be sent as it is.
        """
        document = json.dumps((manifest() if on_a_sound_one else {}) | members, allow_nan=True).encode(
            "utf-8", "replace"
        )

        issues = validate(document, profile=profile)

        assert msgspec.json.decode(msgspec.json.encode(issues), type=list[Issue]) == issues

    @settings(deadline=None)
    @given(st.integers(0, 2_000), st.binary(min_size=1, max_size=3))
    def test_any_damage_to_a_sound_document(self, at: int, damage: bytes) -> None:
        """
        A document with some bytes overwritten is judged like any other.
        """
        document = json.dumps(manifest()).encode()

        for profile in Profile:
            assert isinstance(validate(document[:at] + damage + document[at + len(damage) :], profile=profile), list)
