"""Properties of publishing, over HTTP: what was accepted is read back as it was sent; what was not leaves no trace."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.policy.principal import Role
from schemas.validation.versions import CURRENT_URL
from tests.api.publishing import Client, manifest, taking, token
from tests.running import RunningRegistry

_NUMBERS = count(1)
_DOCUMENTED = {200, 400, 403, 413, 415, 422}
_SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_INPUT = st.fixed_dictionaries(
    {},
    optional={
        "description": _TEXT,
        "isRequired": st.booleans(),
        "isSecret": st.booleans(),
        "default": _TEXT,
        "choices": st.lists(_TEXT, max_size=3),
        "format": st.sampled_from(["string", "number", "boolean", "filepath"]),
    },
)
_PACKAGE = st.builds(
    lambda kind, more, inputs: (
        {
            "registryType": kind,
            "identifier": "tools",
            "version": "1.0.0",
            "transport": {"type": "stdio"},
            "environmentVariables": [{"name": f"V{index}"} | each for index, each in enumerate(inputs)],
        }
        | more
    ),
    st.sampled_from(["npm", "pypi", "nuget", "cargo"]),
    st.fixed_dictionaries({}, optional={"runtimeHint": _TEXT}),
    st.lists(_INPUT, max_size=2),
)
_ACCEPTABLE = st.fixed_dictionaries(
    {"description": st.text('abc é<&>"\\/', min_size=1, max_size=40)},
    optional={
        "title": st.text("Ab é", min_size=1, max_size=20).filter(str.strip),
        "repository": st.just({}),
        "packages": st.lists(_PACKAGE, max_size=2),
        "_meta": st.builds(
            lambda value: {"io.modelcontextprotocol.registry/publisher-provided": value},
            st.dictionaries(_TEXT, _JSON, max_size=4),
        ),
    },
)
_PARTS: list[tuple[str | int, ...]] = [
    ("$schema",), ("name",), ("version",), ("description",), ("title",), ("packages",), ("packages", 0),
    ("packages", 0, "transport"), ("packages", 0, "registryType"), ("remotes",), ("remotes", 0, "url"), ("_meta",),
    ("repository",), ("icons",), ("websiteUrl",),
]  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("properties")) as running:
        yield running


@pytest.fixture(scope="module")
def client(registry: RunningRegistry) -> Client:
    return Client(registry, token(registry, Role.PUBLISHER, Role.READER, namespaces=("com.partner",), team="everyone"))


def _state(client: Client) -> str:
    """Changes whenever anything of the view does."""
    return client.request("GET", "/servers?limit=1").headers["etag"]


class TestProperties:
    @_SETTINGS
    @given(
        document=_ACCEPTABLE,
        version=st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-w]{1,4})?", fullmatch=True),
        indent=st.sampled_from([None, 0, 2]),
        escaped=st.booleans(),
    )
    def test_what_is_accepted_is_read_back(
        self, client: Client, document: dict[str, Any], version: str, indent: int | None, escaped: bool
    ) -> None:
        """
        Byte for byte, by its exact version, however its publisher wrote it.
        """
        name = f"com.partner/p{next(_NUMBERS)}"
        given = {"$schema": CURRENT_URL, "name": name, "version": version} | document
        body = json.dumps(given, indent=indent, ensure_ascii=escaped).encode()

        answer = client.publish(body)

        provided = json.dumps(given.get("_meta", {}), ensure_ascii=False).encode()
        assert answer.status == 200 or (answer.status == 400 and len(provided) > 3000), answer.body
        if answer.status == 200:
            assert answer.body.startswith(b'{"server":' + body + b',"_meta":{')
            assert client.read(name, version).body.startswith(b'{"server":' + body + b',"_meta":{')
            assert client.read(name, version).json()["server"] == given

    @_SETTINGS
    @given(part=st.sampled_from(_PARTS), value=_JSON | st.sampled_from(["latest", "^1.0.0", "a/b/c", "http://a"]))
    def test_whatever_is_sent_is_answered_as_documented(
        self, client: Client, part: tuple[str | int, ...], value: object
    ) -> None:
        """
        With one of the documented answers; and the store is as it was unless that is 200.
        """
        document = manifest(
            f"com.partner/q{next(_NUMBERS)}",
            packages=[{"registryType": "npm", "identifier": "x", "version": "1.0.0", "transport": {"type": "stdio"}}],
            remotes=[{"type": "sse", "url": f"https://q{next(_NUMBERS)}.example/mcp"}],
        )
        place: Any = document
        for step in part[:-1]:
            place = place[step]
        place[part[-1]] = value
        before = _state(client)

        answer = client.publish(document)

        assert answer.status in _DOCUMENTED, answer.body
        assert (_state(client) == before) is (answer.status != 200)

    @_SETTINGS
    @given(body=st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
    def test_no_bytes_are_too_odd(self, client: Client, body: bytes) -> None:
        """
        What is no server.json at all is refused, and leaves no trace.
        """
        before = _state(client)

        answer = client.publish(body)

        assert answer.status in {400, 422}, answer.body
        assert answer.json()["status"] == answer.status
        assert _state(client) == before
