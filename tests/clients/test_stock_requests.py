"""The double of mcp-publisher sends what was recorded of mcp-publisher 1.8.9, to the byte.

The recordings were made between the program and a running registry; 1.7.0 differs in one thing only, the place of
`value` and `valueHint` among the members of an argument.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.validation.versions import CURRENT_URL
from tests.clients.go_json import encoded, reserialised
from tests.clients.recorder import Recorder
from tests.clients.stock_publisher import Failure, StockPublisher, audience

_REGISTRY = b"127.0.0.1:PORT"
_TOKEN = "mcpr_ab12cd34_secret"
_FILE = {
    "$schema": CURRENT_URL,
    "name": "com.partner/tools",
    "description": "Tools of a partner",
    "version": "1.0.0+b.1",
    "title": "Tools <&> é \u2028",
    "packages": [
        {
            "registryType": "npm",
            "identifier": "@partner/tools",
            "version": "1.2.3",
            "transport": {"type": "stdio"},
            "environmentVariables": [
                {"name": "API_TOKEN", "isSecret": True, "isRequired": False, "description": "a"},
            ],
            "packageArguments": [{"type": "positional", "valueHint": "x", "value": "1"}],
        }
    ],
    "remotes": [{"type": "sse", "url": "https://x.example/{a}", "variables": {"b": {}, "a": {"default": "1"}}}],
    "_meta": {
        "io.modelcontextprotocol.registry/publisher-provided": {
            "z": 1,
            "a": [1.5, 1e21, 12345678901234567890, 1e-7, 100, True, None, "<"],
        }
    },
    "unknown": {"a": 1},
    "repository": {"url": "https://git.example/a/b", "source": "github"},
    "websiteUrl": "",
    "icons": [{"src": "https://x.example/i.png", "sizes": ["48x48"], "theme": "light"}],
}
_SENT = (
    '{"$schema":"' + CURRENT_URL + '","name":"com.partner/tools","description":"Tools of a partner",'
    '"title":"Tools \\u003c\\u0026\\u003e é \\u2028","repository":{"url":"https://git.example/a/b","source":"github"},'
    '"version":"1.0.0+b.1","icons":[{"src":"https://x.example/i.png","sizes":["48x48"],"theme":"light"}],'
    '"packages":[{"registryType":"npm","identifier":"@partner/tools","version":"1.2.3","transport":{"type":"stdio"},'
    '"packageArguments":[{"type":"positional","value":"1","valueHint":"x"}],'
    '"environmentVariables":[{"description":"a","isSecret":true,"name":"API_TOKEN"}]}],'
    '"remotes":[{"type":"sse","url":"https://x.example/{a}","variables":{"a":{"default":"1"},"b":{}}}],'
    '"_meta":{"io.modelcontextprotocol.registry/publisher-provided":'
    '{"a":[1.5,1e+21,12345678901234567000,1e-7,100,true,null,"\\u003c"],"z":1}}}'
).encode()
_ITEM = {
    "server": {"name": "com.partner/tools", "version": "1.0.0+b.1"},
    "_meta": {"io.modelcontextprotocol.registry/official": {"status": "active"}},
}
_LOGIN = (200, b'{"registry_token":"a.b.c","expires_at":1}')


def _post(target: str, body: bytes, *lines: str) -> bytes:
    return _request("POST", target, body, *lines)


def _request(method: str, target: str, body: bytes | None, *lines: str) -> bytes:
    length = () if body is None else (f"Content-Length: {len(body)}",)
    head = (f"{method} {target} HTTP/1.1", f"Host: {_REGISTRY.decode()}", "User-Agent: Go-http-client/1.1", *length)
    return "\r\n".join((*head, *lines, "Accept-Encoding: gzip", "", "")).encode() + (body or b"")


_BEARER = f"Authorization: Bearer {_TOKEN}"
_JSON = "Content-Type: application/json"
_ACCEPT = "Accept: application/json"


@pytest.fixture
def client(tmp_path: Path) -> StockPublisher:
    return StockPublisher(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "server.json"
    written.write_text(json.dumps(_FILE, ensure_ascii=False))
    return written


def _recorded(
    client: StockPublisher, answers: list[tuple[int, bytes]], do: Callable[[Recorder], object]
) -> list[bytes]:
    """What was sent over each connection."""
    with Recorder(answers) as recorder:
        client.token_file.parent.mkdir(parents=True)
        client.token_file.write_text(json.dumps({"token": _TOKEN, "method": "token", "registry": recorder.url}))
        do(recorder)
    return [sent.replace(recorder.url.removeprefix("http://").encode(), _REGISTRY) for sent in recorder.connections]


class TestRequests:
    def test_publish(self, client: StockPublisher, file: Path) -> None:
        """
        One request, its body written anew.
        """
        sent = _recorded(client, [(200, json.dumps(_ITEM).encode())], lambda _: client.publish(file))

        assert sent == [_post("/v0/publish", _SENT, _BEARER, _JSON)]

    def test_publish_what_is_not_valid(self, client: StockPublisher, file: Path) -> None:
        """
        After a 422 the same body is validated, over the same connection and without the token.
        """
        verdict = b'{"valid":false,"issues":[]}'

        def publish(_: Recorder) -> None:
            with pytest.raises(Failure):
                client.publish(file)

        sent = _recorded(client, [(422, b"{}"), (200, verdict)], publish)

        assert sent == [_post("/v0/publish", _SENT, _BEARER, _JSON) + _post("/v0/validate", _SENT, _JSON)]

    def test_status_of_one(self, client: StockPublisher) -> None:
        """
        Read with the token, then changed.
        """
        item = json.dumps(_ITEM).encode()

        def change(_: Recorder) -> None:
            client.set_status("com.partner/tools", "1.0.0+b.1", "deprecated", message="use <b>")

        sent = _recorded(client, [(200, item), (200, item)], change)

        target = "/v0/servers/com.partner%2Ftools/versions/1.0.0+b.1"
        body = b'{"status":"deprecated","statusMessage":"use \\u003cb\\u003e"}'
        assert sent == [
            _request("GET", f"{target}?include_deleted=true", None, _BEARER)
            + _request("PATCH", f"{target}/status", body, _BEARER, _JSON)
        ]

    def test_status_of_all(self, client: StockPublisher) -> None:
        """
        The history is read with the token, then all are changed.
        """
        history = json.dumps({"servers": [_ITEM]}).encode()

        def change(_: Recorder) -> None:
            client.set_all_statuses("com.partner/tools", "deleted", confirm=lambda _: True)

        sent = _recorded(client, [(200, history), (200, b'{"updatedCount":1}')], change)

        assert sent == [
            _request("GET", "/v0/servers/com.partner%2Ftools/versions?include_deleted=true", None, _BEARER)
            + _request("PATCH", "/v0/servers/com.partner%2Ftools/status", b'{"status":"deleted"}', _BEARER, _JSON)
        ]

    def test_logins(self, client: StockPublisher) -> None:
        """
        Each method, a connection each; the proof has its members by name.
        """

        def log_in(recorder: Recorder) -> None:
            client.login_none(recorder.url)
            client.login_github(f"{recorder.url}/", "ghtok")
            client.login_github_oidc(recorder.url, "e30.e30.AA")
            client.login_signed(
                "dns",
                recorder.url,
                domain="acme.example",
                timestamp="2026-11-27T18:28:01Z",
                sign=lambda text: b"\x25\x56" + text[:1],
            )
            client.github_client_id(recorder.url)

        sent = _recorded(client, [_LOGIN] * 4 + [(200, b'{"status":"ok","github_client_id":"Iv1"}')], log_in)

        proof = b'{"domain":"acme.example","signed_timestamp":"255632","timestamp":"2026-11-27T18:28:01Z"}'
        assert sent == [
            _post("/v0/auth/none", b""),
            _post("/v0/auth/github-at", b'{"github_token":"ghtok"}', _ACCEPT, _JSON),
            _post("/v0/auth/github-oidc", b'{"oidc_token":"e30.e30.AA"}', _ACCEPT, _JSON),
            _post("/v0/auth/dns", proof, _ACCEPT, _JSON),
            _request("GET", "/v0/health", None),
        ]

    def test_where_a_login_stays(self, client: StockPublisher) -> None:
        """
        The file that `token create --publisher-file` writes as well; the registry without a slash at its end.
        """
        with Recorder([_LOGIN]) as recorder:
            client.login_none(f"{recorder.url}//")

        assert json.loads(client.token_file.read_text()) == {
            "token": "a.b.c",
            "method": "none",
            "registry": recorder.url,
        }
        assert client.token_file.stat().st_mode & 0o777 == 0o600

    def test_audience(self) -> None:
        """
        The token of GitHub Actions is asked for the origin alone: a registry below a path is not told apart.
        """
        assert audience("https://Registry.Acme.example:8443/mcp/") == "https://registry.acme.example:8443"


class TestBody:
    @pytest.mark.parametrize(
        ("changes", "sent"),
        [
            ({"repository": {}, "_meta": {}}, b'"repository":{},"version":"1","_meta":{}}'),
            ({"repository": None, "_meta": None, "packages": [], "title": ""}, b'"version":"1"}'),
            ({"_meta": {"io.modelcontextprotocol.registry/publisher-provided": {}, "x": 1}}, b'"1","_meta":{}}'),
            ({"icons": [{"src": "s", "mimeType": "", "sizes": []}]}, b'"icons":[{"src":"s","mimeType":""}]}'),
            ({"packages": [{}]}, b'"packages":[{"registryType":"","identifier":"","transport":{"type":""}}]}'),
            (
                {"packages": [{"packageArguments": [{"value": "", "valueHint": None, "isRepeated": False}]}]},
                b'"transport":{"type":""},"packageArguments":[{"type":"","value":""}]}]}',
            ),
        ],
        ids=["empty objects", "nothing", "nothing provided", "icon", "package", "argument"],
    )  # fmt: skip
    def test_members(self, changes: dict[str, object], sent: bytes) -> None:
        """
        What is left out, what is added, and what stays though it is empty; agrees with the program's own types.
        """
        body = reserialised(json.dumps({"name": "a/b", "version": "1", **changes}).encode())

        assert body.startswith(b'{"$schema":"","name":"a/b","description":"",')
        assert body.endswith(sent)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0, "0"), (-0.0, "-0"), (100, "100"), (1.50, "1.5"), (1e-6, "0.000001"), (9.5e-7, "9.5e-7"),
            (1e20, "100000000000000000000"), (1e21, "1e+21"), (-1.25e100, "-1.25e+100"), (5e-324, "5e-324"),
            (2**53 + 1, "9007199254740992"),
        ],
    )  # fmt: skip
    def test_numbers(self, value: float, text: str) -> None:
        """
        Doubles, as Go writes them.
        """
        assert encoded(value) == text.encode()

    def test_texts(self) -> None:
        """
        What HTML and JavaScript would take for their own is escaped; the rest is UTF-8.
        """
        assert encoded('\x00\x1f\b\f\n\r\t"\\<>&\u2028\u2029\x7fé😀') == (
            '"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\\\u003c\\u003e\\u0026\\u2028\\u2029\x7fé😀"'.encode()
        )

    @pytest.mark.parametrize("text", ['{"name": 7}', "[]", "{", '{"packages": {}}', '{"title": "\\ud800"}'])
    def test_what_is_none(self, client: StockPublisher, tmp_path: Path, text: str) -> None:
        """
        What it cannot read into its types is never sent.
        """
        (tmp_path / "server.json").write_text(text)

        with pytest.raises(Failure, match=r"is no server\.json"):
            client.publish(tmp_path / "server.json")

        assert client.calls == []
