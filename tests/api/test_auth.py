"""What holds for every login: bodies, limits, the record, secrets, keys, and being off (reference §1.2, §1.5, §6)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.api.auth import LIMIT
from registry.auth.registry_tokens import LIFETIME_S
from registry.auth.signing_keys import own_key_file
from registry.policy.principal import Origin, Role
from tests.api.logins import (
    Surroundings,
    events,
    everything_kept,
    login,
    principal,
    refused,
)
from tests.api.publishing import Client, manifest, problem
from tests.api.raw_request import send
from tests.doubles.publisher import Ed25519Key, proof
from tests.running import RunningRegistry

METHODS = {
    "dns": ("domain", "timestamp", "signed_timestamp"),
    "http": ("domain", "timestamp", "signed_timestamp"),
    "github-at": ("github_token",),
    "github-oidc": ("oidc_token",),
    "oidc": ("oidc_token",),
}
CANARY = "canary-3b1f9c"


@pytest.fixture(scope="module")
def registry(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    folder = tmp_path_factory.mktemp("registry")
    with RunningRegistry(folder, around.configuration(), https_port=around.web.port) as running:
        yield running


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One whose configuration says nothing about logins."""
    with RunningRegistry(tmp_path_factory.mktemp("off"), "") as running:
        yield running


class TestOff:
    @pytest.mark.parametrize("prefix", ["/v0", "/v0.1"])
    @pytest.mark.parametrize("method", [*METHODS, "none", "password"])
    def test_an_unknown_path(self, off: RunningRegistry, prefix: str, method: str) -> None:
        """
        reference §1.3: a login that is off is not there.
        """
        answer = send(off.port, f"{prefix}/auth/{method}", "Content-Length: 2", method="POST", body=b"{}")

        nowhere = send(off.port, f"{prefix}/nowhere", "Content-Length: 2", method="POST", body=b"{}")
        assert (answer.status, answer.body) == (404, nowhere.body)

    def test_no_key_is_made(self, off: RunningRegistry) -> None:
        """
        Ours: where nobody can log in there is nothing to sign.
        """
        assert not own_key_file(off.store).exists()

    def test_health_names_no_client(self, off: RunningRegistry) -> None:
        """
        reference §1.3: github_client_id is left out when unset.
        """
        assert "github_client_id" not in send(off.port, "/v0/health").json()


class TestNone:
    @pytest.mark.parametrize("prefix", ["/v0", "/v0.1"])
    def test_as_mcp_publisher_asks(self, registry: RunningRegistry, prefix: str) -> None:
        """
        reference §8 TestNoneHandler: no body; publish below the anonymous namespace. Ours: publish alone.
        """
        registry.clock.advance(LIMIT.every_ns / 1e9)
        answer = send(registry.port, f"{prefix}/auth/none", "Content-Length: 0", method="POST")

        who = principal(registry, answer)
        assert list(answer.json()) == ["registry_token", "expires_at"]
        assert (who.subject, who.namespaces) == ("none:anonymous", ("io.modelcontextprotocol.anonymous/*",))
        assert (set(who.roles), who.origin) == ({Role.PUBLISHER}, Origin.PUBLIC_IDENTITY)

    @pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1", "null", ""])
    def test_no_page_in_a_browser(self, registry: RunningRegistry, origin: str) -> None:
        """
        Ours: a page that somebody looks at could ask a registry on their own machine, and read what it answers.
        """
        granted = len(events(registry))
        answer = send(
            registry.port, "/v0/auth/none", "Content-Length: 0", "Origin: " + origin, method="POST", host="localhost"
        )

        assert (answer.status, answer.json()["title"]) == (403, "Forbidden")
        assert b"registry_token" not in answer.body
        assert len(events(registry)) == granted

    def test_beyond_loopback(self, tmp_path: Path) -> None:
        """
        issue: where others can connect it stops the start, unless a second key says that it is meant.
        """
        stopped = RunningRegistry(tmp_path, "[auth.none]")
        _listen_everywhere(stopped)
        with pytest.raises(AssertionError, match="it ended before"):
            stopped.start()

        stopped.config.write_text(
            stopped.config.read_text().replace("[auth.none]", "[auth.none]\nallow_beyond_loopback = true")
        )
        with stopped:
            answer = send(stopped.port, "/v0/auth/none", "Content-Length: 0", method="POST", host="localhost")

        assert "allow_beyond_loopback" in json.dumps(stopped.log)
        assert answer.status == 200


class TestPublish:
    def test_a_token_that_has_expired_or_is_none(self, registry: RunningRegistry) -> None:
        """
        reference §4.1.3: the words that clients look for, also where logins are on; not which of the two it is.
        """
        registry.clock.advance(LIMIT.every_ns / 1e9)
        token = send(registry.port, "/v0/auth/none", "Content-Length: 0", method="POST").json()["registry_token"]
        registry.clock.advance(LIFETIME_S)

        answers = [Client(registry, each, "/v0").publish(manifest()) for each in (token, token[:-5] + "AAAAA", "x")]

        assert [problem(answer)[:2] for answer in answers] == [(401, "Invalid or expired Registry JWT token")] * 3
        assert len({answer.body for answer in answers}) == 1
        assert problem(answers[0])[2][0].startswith("failed to parse token: ")


class TestBodies:
    @pytest.mark.parametrize(("method", "member"), [(each, name) for each, names in METHODS.items() for name in names])
    def test_a_member_that_is_missing(self, registry: RunningRegistry, method: str, member: str) -> None:
        """
        reference §1.5: the listed members are required.
        """
        body = dict.fromkeys(METHODS[method], CANARY)
        del body[member]

        answer = login(registry, method, body)

        assert (answer.status, answer.json()["detail"]) == (422, "validation failed")
        assert answer.json()["errors"] == [
            {"message": f"expected required property {member} to be present", "location": "body"}
        ]
        assert CANARY.encode() not in answer.body

    @pytest.mark.parametrize("method", METHODS)
    def test_a_member_too_many(self, registry: RunningRegistry, method: str) -> None:
        """
        reference §1.5: nothing else is allowed.
        """
        answer = login(registry, method, dict.fromkeys(METHODS[method], CANARY) | {"more": CANARY})

        assert answer.status == 422
        assert answer.json()["errors"] == [{"message": "unexpected property", "location": "body.more"}]
        assert CANARY.encode() not in answer.body

    @pytest.mark.parametrize("value", [None, 7, True, [CANARY], {"a": CANARY}])
    def test_a_member_of_another_type(self, registry: RunningRegistry, value: object) -> None:
        """
        reference §1.2: with the place; what was sent is not sent back.
        """
        answer = login(registry, "github-at", {"github_token": value})

        assert answer.status == 422
        assert answer.json()["errors"] == [{"message": "expected string", "location": "body.github_token"}]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"{", 400),
            (b'{"github_token":"canary-3b1f9c","github_token":"b"}', 400),
            (b'{"github_token":"canary-3b1f9c"} x', 400),
            (b"\xff", 400),
            (b"[" * 50_000, 400),
            (b'["canary-3b1f9c"]', 422),
            (b'"canary-3b1f9c"', 422),
            (b'{"github_token":"' + b"canary-3b1f9c" * 2000 + b'"}', 422),
            (b'{"github_token":"' + b"x" * 70_000 + b'"}', 413),
        ],
        ids=["empty", "broken", "twice", "more", "not UTF-8", "deep", "array", "text", "long", "large"],
    )
    def test_no_object(self, registry: RunningRegistry, body: bytes, status: int) -> None:
        """
        reference §1.2: as for every body, but for the value, which is not sent back.
        """
        answer = login(registry, "github-at", body)

        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
        assert CANARY.encode() not in answer.body

    def test_another_type(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: a body that says it is something else than JSON.
        """
        lines = ("Content-Type: text/plain", "Content-Length: 2")

        assert send(registry.port, "/v0/auth/oidc", *lines, method="POST", body=b"{}").status == 415

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
    def test_other_methods(self, registry: RunningRegistry, method: str) -> None:
        """
        reference §1.1.5: a wrong method is a 404.
        """
        assert send(registry.port, "/v0.1/auth/dns", method=method).status == 404


class TestLimit:
    def test_too_many(self, tmp_path: Path) -> None:
        """
        Ours: after a burst one source is told to wait, for all methods together.
        """
        with RunningRegistry(tmp_path, "[auth]\nnone = {}\ndns = {}") as registry:
            answers = [
                send(registry.port, f"/v0/auth/{('none', 'dns')[number % 2]}", "Content-Length: 0", method="POST")
                for number in range(LIMIT.burst + 10)
            ]
            late = [answer for answer in answers if answer.status == 429]
            registry.clock.advance(int(late[-1].headers["retry-after"]))
            again = send(registry.port, "/v0/auth/none", "Content-Length: 0", method="POST")

        assert {answer.status for answer in answers[: LIMIT.burst]} == {200, 400}
        assert late
        assert again.status == 200


class TestRecord:
    def test_granted(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: who logged in, how, and what for.
        """
        key = Ed25519Key()
        around.names.texts["acme.example"] = [key.record]
        assert login(registry, "dns", proof(key, "acme.example", registry.clock.now_us())).status == 200

        event = events(registry)[0]
        assert event.pop("source") == "127.0.0.1"
        assert event.pop("request").startswith("req_")
        assert event == {
            "action": "login.granted",
            "actor": "dns:acme.example",
            "roles": ["publisher"],
            "object": "dns",
            "detail": {"namespaces": "example.acme/*, example.acme.*"},
        }

    def test_refused(self, registry: RunningRegistry) -> None:
        """
        Ours: what was tried, and why it failed, with what the caller is not told.
        """
        answer = login(registry, "http", proof(Ed25519Key(), "nobody.example", registry.clock.now_us()))

        event = events(registry)[0]
        assert (event["action"], event["actor"], event["roles"]) == ("login.refused", "anonymous", [])
        assert (event["object"], event["detail"]["claimed"]) == ("http", "nobody.example")
        assert refused(answer, "HTTP authentication failed") in event["detail"]["reason"]
        assert "cannot resolve nobody.example" in event["detail"]["reason"]

    def test_replayed(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: one who comes with a spent proof is recorded as refused, and nothing as granted.
        """
        key = Ed25519Key()
        around.names.texts["acme.example"] = [key.record]
        body = proof(key, "acme.example", registry.clock.now_us())
        login(registry, "dns", body)
        login(registry, "dns", body)

        newest, before = events(registry)[:2]
        assert (newest["action"], newest["detail"]) == (
            "login.refused",
            {"claimed": "dns:acme.example", "reason": "the proof was used before"},
        )
        assert before["action"] == "login.granted"


class TestSecrets:
    def test_nothing_of_others_is_kept(self, around: Surroundings, tmp_path: Path) -> None:
        """
        threats.md: neither tokens of others nor ours reach the store, the log or an answer, granted or not.
        """
        github, unknown = f"gho_{CANARY}_known", f"gho_{CANARY}_unknown"
        around.github.accounts[github] = "Octavia"
        with RunningRegistry(tmp_path, around.configuration()) as registry:
            now_us = registry.clock.now_us()
            workflow = around.key.token(
                around.actions.claims(registry.url, now_us, repository_owner="acme", jti=CANARY)
            )
            colleague = around.key.token(around.issuer.claims("elsewhere", now_us, department="platform"))
            answers = [
                login(registry, "github-at", {"github_token": github}),
                login(registry, "github-at", {"github_token": unknown}),
                login(registry, "github-oidc", {"oidc_token": workflow}),
                login(registry, "oidc", {"oidc_token": colleague}),
                login(registry, "oidc", {"oidc_token": CANARY}),
                login(registry, "dns", {"domain": CANARY, "timestamp": CANARY, "signed_timestamp": CANARY}),
            ]
            kept = everything_kept(tmp_path, registry)

        assert [answer.status for answer in answers] == [200, 401, 200, 401, 401, 401]
        ours = [answer.json()["registry_token"] for answer in answers if answer.status == 200]
        signatures = [token.rpartition(".")[2] for token in (workflow, colleague, *ours)]
        assert [secret for secret in (CANARY, *signatures) if secret in kept] == []
        assert not any(CANARY.encode() in answer.body for answer in answers)


def test_health_names_the_client(registry: RunningRegistry) -> None:
    """
    reference §7: mcp-publisher opens GitHub's page for the client that /v0/health names.
    """
    assert send(registry.port, "/v0/health").json()["github_client_id"] == "Iv1.0123456789abcdef"


def _listen_everywhere(registry: RunningRegistry) -> None:
    text = registry.config.read_text()
    registry.config.write_text(text.replace('[server]\nlisten = "127.0.0.1', '[server]\nlisten = "0.0.0.0'))
