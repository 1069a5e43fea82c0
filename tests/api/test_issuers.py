"""Callers with a token of a trusted issuer, at every door of a running registry of two workers (issue §1)."""

import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from registry.policy.claims import READ, WRITE
from registry.policy.principal import Role
from tests.api.issuers_world import DOORS, LIST, World, issuers_world, token_part
from tests.api.publishing import manifest
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.doubles.issuer import IssuerKey
from tests.doubles.plain_client import Answer
from tests.e2e.command import mcp_registry
from tests.e2e.records import audited


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with issuers_world(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture(autouse=True)
def _rested(world: World) -> None:
    """Nobody is slowed for what another test had refused."""
    world.registry.clock.advance(120)


class TestReading:
    def test_the_home_team(self, world: World) -> None:
        """
        issue §1, §2: the root serves the first team that the mapping yields, and no shared cache keeps the answer.
        """
        answer = world.ask(world.token("backend"))

        names = {each["server"]["name"] for each in answer.json()["servers"]}
        assert answer.status == 200
        assert names
        assert all(name.startswith("io.github.octavia/") for name in names)
        assert answer.headers["cache-control"].startswith("private")
        assert world.ask(world.token("owners")).json()["servers"] == []

    def test_teams_by_their_address(self, world: World) -> None:
        """
        issue §2: every team of the mapping, and of others nobody learns whether they exist.
        """
        token = world.token("backend")

        statuses = [
            world.ask(token, f"/teams/{team}/v0.1/servers").status
            for team in ("backend~prod", "backend%7Eprod", "frontend", "everyone", "nobody-s")
        ]

        assert statuses == [200, 200, 200, 404, 404]

    def test_without_a_team(self, world: World) -> None:
        """
        issue §1: whom no mapping gives a team reads nothing, not even what is read without a credential.
        """
        answer = world.ask(world.token("strangers"))

        assert answer.status == 403
        assert "no team" in answer.json()["detail"]
        assert send(world.registry.port, LIST).status == 200

    @pytest.mark.parametrize("scope", ["openid", "", None, [READ], f"{READ},{WRITE}"], ids=repr)
    def test_without_a_scope(self, world: World, scope: object) -> None:
        """
        issue §1: a token that was issued for neither scope has no role; the answer says which scope it takes.
        """
        answer = world.ask(world.token("backend", scope=scope))

        assert answer.status == 403
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        assert f'scope="{READ}"' in answer.headers["www-authenticate"]

    def test_beside_another_credential(self, world: World) -> None:
        """
        issue §1: two Authorization headers are 400, also where the second is good.
        """
        token = world.token("backend")

        assert world.ask(token, LIST, bearer(token)).status == 400


class TestForged:
    """
    threats.md: fabricated, expired, wrong algorithm, wrong audience: 401 at every door, never the anonymous view.
    """

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://id.acme.example"},
            {"iss": None},
            {"iss": ["acme"]},
            {"aud": "mcp-registry"},
            {"aud": None},
            {"aud": []},
            {"exp": None},
            {"exp": 1},
            {"exp": "never"},
            {"exp": True},
            {"iat": None},
            {"nbf": 99_999_999_999},
            {"sub": None},
            {"sub": ""},
            {"sub": ["00u1"]},
        ],
        ids=repr,
    )
    def test_claims(self, world: World, changes: dict[str, object]) -> None:
        """
        Issuer and audience are pinned, and a token says from when to when it is valid, and whose it is.
        """
        token = world.token("backend", scope=WRITE, **changes)

        assert [world.ask(token, door).status for door in DOORS] == [401] * len(DOORS)

    def test_for_others_too(self, world: World) -> None:
        """
        CVE-2026-44428: a token that another registry takes as well is one that it could use here.
        """
        assert world.ask(world.token("backend", aud=[world.registry.url, "https://other.example"])).status == 401
        assert world.ask(world.token("backend", aud=[world.registry.url])).status == 200

    def test_signatures(self, world: World) -> None:
        """
        None, a secret that is public, a stranger's key under a known name, another algorithm, extensions.
        """
        claims, key_id = world.claims("backend", scope=WRITE), world.key.key_id
        public = world.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        header = {"alg": "HS256", "typ": "JWT", "kid": key_id}
        signed = ".".join(map(token_part, (json.dumps(header).encode(), json.dumps(claims).encode())))
        unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": key_id})
        good = world.key.token(claims)
        forged = {
            "none": unsigned,
            "none, with something": f"{unsigned}AA",
            "hmac": f"{signed}.{token_part(hmac.digest(public, signed.encode(), 'sha256'))}",
            "stranger": IssuerKey(key_id, curve=True).token(claims, algorithm="ES256"),
            "algorithm": world.key.token(claims, algorithm="PS256"),
            "unknown key": world.key.token(claims, kid="nobody-s"),
            "crit": world.key.token(claims, crit=["x"], x=1),
            "cut": good[:-4],
            "other claims": f"{good.split('.')[0]}.{token_part(json.dumps(claims | {'sub': 'x'}).encode())}."
            f"{good.split('.')[2]}",
        }

        answers = {name: world.ask(token) for name, token in forged.items()}

        assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(forged, 401)
        assert world.ask(good).status == 200

    def test_an_issuer_speaks_for_itself(self, world: World) -> None:
        """
        threats.md: what one issuer signs is not believed of another, whoever has the same key.
        """
        claims = world.claims("backend", scope=WRITE, iss=world.away.url)

        assert world.ask(world.key.token(claims)).status == 401

    def test_when_it_ends(self, world: World) -> None:
        """
        What was good is not remembered beyond its end.
        """
        token = world.token("backend")
        before = [world.ask(token).status for _ in range(4)]
        world.registry.clock.advance(600)

        assert (before, {world.ask(token).status for _ in range(4)}) == ([200] * 4, {401})

    def test_guessing_is_slowed(self, world: World) -> None:
        """
        issue §1: per source, as for every other credential.
        """
        bad = world.token("backend", aud="mcp-registry")

        statuses = [world.ask(bad).status for _ in range(80)]

        # Each of the two workers counts for itself, and which one answers is the system's choice.
        assert (statuses[0], 429 in statuses) == (401, True)


class TestActing:
    def test_publishing(self, world: World) -> None:
        """
        issue §1: with the scope for it, in the names of the mapping.
        """
        owner = world.client(world.token("owners", scope=WRITE))
        reader = world.client(world.token("owners"))

        made = owner.publish(manifest("com.partner/tools"))
        elsewhere = owner.publish(manifest("com.other/tools"))
        reading = reader.publish(manifest("com.partner/others"))

        assert (made.status, elsewhere.status, reading.status) == (200, 403, 403)
        assert "insufficient_scope" in reading.headers["www-authenticate"]
        assert f'scope="{WRITE}"' in reading.headers["www-authenticate"]
        assert "www-authenticate" not in elsewhere.headers
        assert [each["server"]["name"] for each in owner.mine().json()["servers"]] == ["com.partner/tools"]
        assert audited(world.registry, "server.published")[-1].actor == "acme:somebody"

    def test_roles_of_two_mappings(self, world: World) -> None:
        """
        issue §1: who publishes in one namespace and administers another does neither in the other's.
        """
        both = world.client(world.token("owners", "governors", scope=WRITE))
        both.publish(manifest("com.partner/kept"))

        edited = both.edit("com.partner/kept", "1.0.0", manifest("com.partner/kept", description="Edited"))
        published = both.publish(manifest("com.other/kept"))
        listed = world.ask(both.token or "", "/v1/audit-events?limit=1")

        assert (edited.status, published.status, listed.status) == (403, 403, 200)

    def test_administration(self, world: World) -> None:
        """
        issue §1: the doors below /v1 are the same ones for a token of an issuer.
        """
        reader, governor = world.token("backend", scope=WRITE), world.token("governors", scope=WRITE)

        assert [world.ask(reader, path).status for path in ("/v1/approvals", "/v1/tokens", "/v1/subjects")] == [403] * 3
        assert [world.ask(governor, path).status for path in ("/v1/approvals", "/v1/tokens", "/v1/subjects")] == [
            *(200, 200),
            403,
        ]


class TestTelling:
    def test_where_to_get_a_token(self, world: World) -> None:
        """
        RFC 9728 and the MCP authorization specification: a 401 leads to the document, which leads to the issuers.
        """
        asked = {
            "read": send(world.registry.port, "/teams/frontend/v0.1/servers"),
            "write": send(world.registry.port, "/v1/tokens", "Content-Length: 0", method="POST"),
            "bad": world.ask("e30.e30.AA"),
        }
        where = f'{world.registry.url}/.well-known/oauth-protected-resource"'

        told = send(world.registry.port, "/.well-known/oauth-protected-resource")

        assert {answer.status for answer in asked.values()} == {401}
        assert {name: answer.headers["www-authenticate"] for name, answer in asked.items()} == {
            "read": f'Bearer realm="mcp-registry", scope="{READ}", resource_metadata="{where}',
            "write": f'Bearer realm="mcp-registry", scope="{WRITE}", resource_metadata="{where}',
            "bad": f'Bearer realm="mcp-registry", error="invalid_token", scope="{READ}", resource_metadata="{where}',
        }
        assert told.status == 200
        assert told.json() == {
            "resource": world.registry.url,
            "authorization_servers": [world.one.url, world.away.url, world.inside.url],
            "scopes_supported": [READ, WRITE],
            "bearer_methods_supported": ["header"],
            "resource_name": "MCP registry",
            "resource_documentation": f"{world.registry.url}/docs",
        }
        assert send(world.registry.port, "/.well-known/oauth-protected-resource/v0.1").status == 404


class TestKeys:
    @pytest.fixture(autouse=True)
    def _as_usual(self, world: World) -> Iterator[None]:
        yield
        world.one.keys[:] = [world.key]
        world.one.away, world.away.away = False, True
        world.registry.clock.advance(700)

    def test_rotation(self, world: World) -> None:
        """
        issue §1: a new key works at once, and what was withdrawn stops working within ten minutes, in both workers.
        """
        assert world.ask(world.token("backend")).status == 200
        fresh = IssuerKey("fresh")
        world.one.keys[:] = [fresh]
        world.registry.clock.advance(61)

        renewed = [world.ask(fresh.token(world.claims("backend"))).status for _ in range(4)]
        world.registry.clock.advance(601)
        old = [world.ask(world.token("backend")).status for _ in range(4)]

        assert (renewed, old) == ([200] * 4, [401] * 4)

    def test_an_outage(self, world: World) -> None:
        """
        issue §1: while the issuer is away known keys go on working, for a day.
        """
        for _ in range(8):
            assert world.ask(world.token("backend")).status == 200
        world.one.away = True
        world.registry.clock.advance(3600)
        later = [world.ask(world.token("backend")).status for _ in range(4)]
        world.registry.clock.advance(24 * 3600)

        assert (later, world.ask(world.token("backend")).status) == ([200] * 4, 401)
        world.registry.wait_for(f"the keys of {world.one.url} cannot be had")

    def test_keys_that_never_came(self, world: World) -> None:
        """
        Nobody is let in whom nobody vouches for, and nobody who waits for the issuer is taken for somebody who guesses.
        """
        token = world.key.token(world.claims("backend", iss=world.away.url))

        refused = {world.ask(token).status for _ in range(70)}

        assert refused == {401}
        assert "try again later" in world.ask(token).json()["errors"][0]["message"]
        assert world.ask(world.token("backend")).status == 200

    def test_an_issuer_inside(self, world: World) -> None:
        """
        threats.md SSRF: keys are fetched from where the configuration lets the registry go, and from nowhere else.
        """
        token = world.key.token(world.claims("backend", iss=world.inside.url))

        assert world.ask(token).status == 401
        assert world.inside.fetches == 0


class TestRevocation:
    def test_of_a_subject(self, world: World) -> None:
        """
        issue §1: whatever the issuer goes on to say, in force in every worker when the command ends; until it ends.
        """
        leaver, other = world.token("backend", sub="00u7"), world.token("backend", sub="00u8")
        before = {world.ask(leaver).status for _ in range(8)}
        words = ("--subject", "acme:00u7", "--reason", "left", "--config", world.registry.config)

        revoked = mcp_registry("token", "revoke", *words)
        fresh = world.token("backend", sub="00u7", scope=WRITE)
        after = [world.ask(token).status for token in (leaver, fresh) for _ in range(8)]
        kept = world.ask(other).status
        reinstated = mcp_registry("token", "reinstate", "acme:00u7", "--config", world.registry.config)

        assert (revoked.status, before, after, kept) == (0, {200}, [401] * 16, 200)
        assert "refused until it is reinstated" in revoked.err
        assert (reinstated.status, world.ask(leaver).status) == (0, 200)
        (event,) = audited(world.registry, "subject.revoked")
        assert (event.object, event.reason, event.actor[:6]) == ("acme:00u7", "left", "local:")
        assert [each.object for each in audited(world.registry, "subject.reinstated")] == ["acme:00u7"]

    def test_by_an_administrator(self, world: World) -> None:
        """
        The same on a running server, by administrators of every name; who is revoked is listed.
        """
        root = issue(world.registry, Role.ADMIN, owner="root", namespaces=["*"])
        small = issue(world.registry, Role.ADMIN, owner="small", namespaces=["com.partner/*"])
        body = {"subject": "acme:00u9", "reason": "a laptop was stolen"}

        refused = world.ask(small, "/v1/subjects/revoke", method="POST", body=body)
        twice = [world.ask(root, "/v1/subjects/revoke", method="POST", body=body).status for _ in range(2)]
        listed = world.ask(root, "/v1/subjects").json()["items"]
        nobody = world.ask(root, "/v1/subjects/revoke", method="POST", body={"subject": "payroll-ci"})
        back = [world.ask(root, "/v1/subjects/reinstate", method="POST", body=body).status for _ in range(2)]

        assert (refused.status, twice, nobody.status, back) == (403, [200, 200], 400, [200, 404])
        assert [(each["subject"], each["revoked_by"]) for each in listed] == [("acme:00u9", "root")]

    def test_of_a_login(self, world: World) -> None:
        """
        issue §1: tokens that a login answered with are refused, and so is the login.
        """

        def login() -> Answer:
            return send(world.registry.port, "/v0.1/auth/none", "Content-Length: 0", method="POST")

        root = issue(world.registry, Role.ADMIN, owner="root", namespaces=["*"])
        held: dict[str, Any] = login().json()
        before = world.client(held["registry_token"]).mine().status
        world.ask(root, "/v1/subjects/revoke", method="POST", body={"subject": "none:anonymous"})

        answers = [world.client(held["registry_token"]).mine().status, login().status]
        world.ask(root, "/v1/subjects/reinstate", method="POST", body={"subject": "none:anonymous"})

        assert (before, answers, login().status) == (200, [401, 401], 200)


def test_no_token_is_kept(world: World) -> None:
    """
    threats.md: tokens are in no log, and in no file of the registry.
    """
    folder = world.registry.store.parent
    kept = json.dumps(world.registry.log) + "".join(
        each.read_bytes().decode("latin-1") for each in folder.iterdir() if each.is_file()
    )

    signatures = {token.rpartition(".")[2] for token in world.sent if token.count(".") == 2}
    assert signatures
    assert not [signature for signature in signatures if len(signature) > 20 and signature in kept]
