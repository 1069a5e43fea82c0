"""What a manifest may not carry past its reader: members, names, `_meta`, over HTTP to a running registry."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from registry.policy.principal import Role
from tests.api.attacking import attacker
from tests.api.publishing import Client, manifest, own, problem, taking
from tests.doubles.issued import issue

_NUMBERS = count(1)
_META = "io.modelcontextprotocol.registry"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("attacked")) as registry:
        yield attacker(registry)


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/attacked-{next(_NUMBERS)}"


class TestBodies:
    @pytest.mark.parametrize(
        ("where", "twice"),
        [
            ("packages", '[{"registryType":"npm","registryType":"pypi","identifier":"x","version":"1.0.0",'
             '"transport":{"type":"stdio"}}]'),
            ("packages", '[{"registryType":"npm","identifier":"x","version":"1.0.0",'
             '"transport":{"type":"stdio","type":"sse"}}]'),
            ("remotes", '[{"type":"sse","url":"https://a.example","url":"https://b.example"}]'),
            ("remotes", '[{"type":"sse","url":"https://a.example","headers":[{"name":"a","name":"b"}]}]'),
            ("remotes", '[{"type":"sse","url":"https://a.example","variables":{"v":{"value":"a","value":"b"}}}]'),
            ("remotes", '[{"type":"sse","url":"https://a.example","variables":{"v":{},"v":{}}}]'),
            ("repository", '{"url":"https://github.com/a/b","url":"https://github.com/c/d","source":"github"}'),
            ("icons", '[{"src":"https://a.example/x.png","src":"https://b.example/x.png"}]'),
            ("_meta", f'{{"{_META}/publisher-provided":{{"a":1,"a":2}}}}'),
            ("_meta", f'{{"{_META}/publisher-provided":{{"a":[{{"b":{{"c":1,"c":2}}}}]}}}}'),
            ("_meta", f'{{"{_META}/publisher-provided":{{}},"{_META}/publisher-provided":{{}}}}'),
            ("remotes", '[{"type":"sse","url":"https://a.example","\\u0075rl":"https://b.example"}]'),
            ("remotes", '[{"type":"sse","URL":"https://b.example","url":"https://a.example"}]'),
            ("remotes", '[{"type":"sse","url":"https://a.example","headers":[{"name":"a","isſecret":true}]}]'),
        ],
    )  # fmt: skip
    def test_a_member_stands_once_at_every_depth(self, client: Client, name: str, where: str, twice: str) -> None:
        """
        threats "JSON parser differential": also escaped, also in another case; where a publisher's own data begins,
        names are the publisher's and still stand once.
        """
        body = f'{json.dumps(manifest(name))[:-1]},"{where}":{twice}}}'.encode()

        status, detail, (why,) = problem(client.publish(body))

        assert (status, detail) == (400, "validation failed")
        assert "stands twice" in why or "which some parsers read as" in why
        assert client.read(name).status == 404

    @pytest.mark.parametrize(
        "meta",
        [
            {f"{_META}/official": {"status": "active", "isLatest": True, "publishedAt": "2020-01-01T00:00:00Z"}},
            {"mcp-federated-registry/entry": {"source": "official"}},
            {f"{_META}/Publisher-Provided": {}},
            {f"{_META}/publisher-provided ": {}},
            {f"{_META}/publisher-provided": {}, f"{_META}/official": {}},
            {"": {}},
        ],
        ids=repr,
    )
    def test_nothing_is_smuggled_in_meta(self, client: Client, name: str, meta: dict[str, Any]) -> None:
        """
        Ours: what the registry says of an entry nobody else says; there is one key for publishers, spelt one way.
        """
        answer = client.publish(manifest(name, _meta=meta))

        assert answer.status == 422
        assert {error["message"] for error in answer.json()["errors"]} == {
            f"unexpected property: a publisher's own data stands in {_META}/publisher-provided"
        }
        assert client.read(name).status == 404

    def test_a_publishers_data_stays_inside(self, client: Client, name: str) -> None:
        """
        Ours: what looks like the registry's own words inside of a publisher's data is that data, and no more.
        """
        data = {f"{_META}/official": {"status": "deleted", "isLatest": False}, "_meta": {}, "}": '"},"_meta":{'}

        item = client.publish(manifest(name, _meta={f"{_META}/publisher-provided": data})).json()

        assert item["server"]["_meta"] == {f"{_META}/publisher-provided": data}
        assert item["_meta"][f"{_META}/official"]["status"] == "active"
        assert own(client.read(name)) == item

    @pytest.mark.parametrize("broken", [b"\xef\xbb\xbf", b"\x00", b"\x0b", b"\xa0", b"//\n", b"[", b"{}"])
    def test_nothing_stands_around_it(self, client: Client, name: str, broken: bytes) -> None:
        """
        threats "JSON parser differential": a BOM, a NUL, other blanks, a comment, a second value.
        """
        body = json.dumps(manifest(name)).encode()

        assert client.publish(broken + body).status == 400
        assert client.publish(body + broken).status == 400
        assert client.read(name).status == 404


class TestNames:
    def test_names_that_differ_by_case_only(self, client: Client, name: str) -> None:
        """
        reference §10.12: two names, two servers; a pattern is for one of them, and each is read as its own.
        """
        other = name.replace("partner", "Partner")
        own = Client(client.registry, issue(client.registry, Role.PUBLISHER, owner="own", namespaces=["com.partner"]))

        assert own.publish(manifest(name)).status == 200
        assert own.publish(manifest(other)).status == 403
        assert client.read(other).status == 404
        assert client.publish(manifest(other, description="Another")).status == 200
        assert own.delete(other, "1.0.0").status == 403
        assert client.delete(other, "1.0.0").status == 200
        assert client.read(name).json()["server"]["name"] == name

    @pytest.mark.parametrize("namespace", ["Com.Acme", "COM.ACME", "com.acme.Data"])
    def test_a_claim_holds_in_every_case(self, client: Client, namespace: str) -> None:
        """
        Ours: a claimed namespace is the organisation's in whichever case, so it publishes there.
        """
        name = f"{namespace}/case-{next(_NUMBERS)}"

        assert client.publish(manifest(name)).json()["_meta"]["mcp-federated-registry/entry"]["source"] == "private"

    @pytest.mark.parametrize(
        "name", ["com.partner/x\u0000y", "com.partner/x\n", "com.pаrtner/cyrillic", "com.partner/ﬁ", "com.partner/a b"]
    )
    def test_a_name_is_plain(self, client: Client, name: str) -> None:
        """
        reference §10.8: ASCII, and the whole text is the name.
        """
        answer = client.publish(manifest(name))

        assert answer.status == 422
        assert answer.json()["errors"][0]["location"] == "body.name"
