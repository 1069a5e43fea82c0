"""`/auth/oidc`, against an issuer on loopback (reference §6.3)."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from registry.policy.principal import Origin, Role
from tests.api.logins import Surroundings, login, principal, refused
from tests.doubles.issuer import IssuerKey
from tests.running import RunningRegistry

FAILED = "Token exchange failed"


@pytest.fixture(scope="module")
def registry(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    folder = tmp_path_factory.mktemp("registry")
    with RunningRegistry(folder, around.configuration()) as running:
        yield running


@pytest.fixture(autouse=True)
def _as_usual(around: Surroundings, registry: RunningRegistry) -> Iterator[None]:
    yield
    around.issuer.keys[:] = [around.key]
    around.issuer.away = False
    around.issuer.described = {"issuer": around.issuer.url, "jwks_uri": f"{around.issuer.url}/.well-known/jwks"}


def claims(around: Surroundings, registry: RunningRegistry, **changes: object) -> dict[str, object]:
    """Those of a colleague who meets every condition."""
    usual: dict[str, object] = {"sub": "00u1", "department": "platform", "groups": ["all", "publishers"]}
    return around.issuer.claims(registry.url, registry.clock.now_us(), **(usual | changes))


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class TestGranted:
    def test_as_configured(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §8 TestOIDCHandler: what it gives stands in the configuration, not in the token.
        """
        token = around.key.token(claims(around, registry, roles=["operator"], namespaces=["*"]))

        who = principal(registry, login(registry, "oidc", {"oidc_token": token}, prefix="/v0"))

        assert (who.subject, who.origin) == ("oidc:00u1", Origin.ORGANISATION)
        assert who.namespaces == ("com.acme/*", "com.acme.*")
        assert who.roles == {Role.PUBLISHER, Role.ADMIN}

    @pytest.mark.parametrize(
        "changes",
        [
            {"department": None},
            {"department": "sales"},
            {"department": "Platform"},
            {"department": ["platform", {}]},
            {"department": {"platform": True}},
            {"department": 1},
            {"groups": None},
            {"groups": []},
            {"groups": ["all"]},
            {"groups": "all publishers"},
            {"groups": [["publishers"]]},
            {"groups": True},
        ],
        ids=repr,
    )
    def test_a_condition_that_is_not_met(
        self, around: Surroundings, registry: RunningRegistry, changes: dict[str, object]
    ) -> None:
        """
        Ours: every key must match, of an array one element, and an odd type matches nothing.
        """
        token = around.key.token(claims(around, registry, **changes))

        reason = refused(login(registry, "oidc", {"oidc_token": token}), FAILED)

        assert reason == f"the token's claim {next(iter(changes))!r} is not what this registry asks for"

    @pytest.mark.parametrize("groups", ["owners", ["owners"], ["x", "publishers", "y"]], ids=repr)
    def test_a_condition_that_is_met(self, around: Surroundings, registry: RunningRegistry, groups: object) -> None:
        """
        Ours: one of what is asked for is enough, alone or in a list.
        """
        token = around.key.token(claims(around, registry, groups=groups))

        assert login(registry, "oidc", {"oidc_token": token}).status == 200


class TestForged:
    def test_the_public_key_as_a_secret(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        threats.md: HS256 with what everybody knows.
        """
        public = around.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        # No library makes this one.
        header = {"alg": "HS256", "typ": "JWT", "kid": around.key.key_id}
        signed = ".".join(map(_part, (json.dumps(header).encode(), json.dumps(claims(around, registry)).encode())))
        token = f"{signed}.{_part(hmac.digest(public, signed.encode(), 'sha256'))}"

        assert "signed in a way that is not accepted" in refused(login(registry, "oidc", {"oidc_token": token}), FAILED)

    def test_no_signature(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        threats.md: alg none.
        """
        token = jwt.encode(claims(around, registry), "", algorithm="none", headers={"kid": around.key.key_id})

        # Without its empty last part it is no compact token at all.
        assert login(registry, "oidc", {"oidc_token": token}).status == 401
        assert login(registry, "oidc", {"oidc_token": token + "AA"}).status == 401

    def test_another_algorithm_than_the_keys(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: a key is for one algorithm, also where another would fit it.
        """
        token = around.key.token(claims(around, registry), algorithm="PS256")

        assert "not signed by" in refused(login(registry, "oidc", {"oidc_token": token}), FAILED)

    @pytest.mark.parametrize(
        "header",
        [{"kid": None}, {"kid": "nobody's"}, {"kid": ""}, {"kid": "x" * 300}, {"crit": ["x"], "x": 1}],
        ids=repr,
    )
    def test_headers(
        self,
        around: Surroundings,
        registry: RunningRegistry,
        header: dict[str, Any],  # Any: members of a header
    ) -> None:
        """
        threats.md: a key that the issuer does not publish, none at all, or extensions nobody here understands.
        """
        token = around.key.token(claims(around, registry), **header)

        assert login(registry, "oidc", {"oidc_token": token}).status == 401

    def test_what_a_header_offers(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        threats.md SSRF: a key that the token brings along, or says where to find, is not looked at.
        """
        stranger = IssuerKey("stranger")
        token = stranger.token(
            claims(around, registry),
            jwk=stranger.published,
            jku=f"{around.issuer.url}/stranger",
            x5u="http://127.0.0.1:1",
        )

        reason = refused(login(registry, "oidc", {"oidc_token": token}), FAILED)

        assert reason == f"the token is signed with a key that {around.issuer.url} does not publish"

    def test_a_weak_key(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: an RSA key of 1024 bits proves nothing, whoever publishes it.
        """
        weak = IssuerKey("weak", bits=1024)
        around.issuer.keys.append(weak)
        registry.clock.advance(61)

        assert login(registry, "oidc", {"oidc_token": weak.token(claims(around, registry))}).status == 401


class TestKeys:
    def test_rotation(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: a new key works at once, and what was withdrawn stops working within ten minutes.
        """
        registry.clock.advance(61)
        fresh = IssuerKey("fresh", curve=True)
        around.issuer.keys[:] = [fresh]
        made = fresh.token(claims(around, registry), algorithm="ES256")

        granted = login(registry, "oidc", {"oidc_token": made})
        registry.clock.advance(601)
        old = login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))})

        assert granted.status == 200
        assert "does not publish" in refused(old, FAILED)

    def test_unknown_keys_ask_once_a_minute(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: who makes up names of keys cannot make the registry ask and ask.
        """
        registry.clock.advance(61)
        before = around.issuer.fetches

        for number in range(10):
            token = around.key.token(claims(around, registry), kid=f"made-up-{number}")
            assert login(registry, "oidc", {"oidc_token": token}).status == 401

        assert around.issuer.fetches - before == 1

    def test_an_outage(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: while the issuer is away known keys go on working, for a day; and again when it is back.
        """
        registry.clock.advance(61)
        assert login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))}).status == 200
        around.issuer.away = True
        registry.clock.advance(23 * 3600)
        later = login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))})
        registry.clock.advance(2 * 3600)

        too_late = login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))})
        around.issuer.away = False
        registry.clock.advance(6)
        back = login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))})

        assert (later.status, back.status) == (200, 200)
        assert refused(too_late, FAILED) == f"the keys of {around.issuer.url} cannot be had; try again later"

    @pytest.mark.parametrize(
        "described",
        [
            {"issuer": "https://other.example"},
            {"issuer": None},
            {"jwks_uri": None},
            {"jwks_uri": "http://169.254.169.254/keys"},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": 7},
        ],
        ids=repr,
    )
    def test_a_discovery_that_is_not_right(
        self, around: Surroundings, tmp_path_factory: pytest.TempPathFactory, described: dict[str, object]
    ) -> None:
        """
        threats.md SSRF: the issuer calls itself what it was asked as, and its keys are at an address that is allowed.
        """
        around.issuer.described = around.issuer.described | described
        with RunningRegistry(tmp_path_factory.mktemp("registry"), around.configuration()) as registry:
            answer = login(registry, "oidc", {"oidc_token": around.key.token(claims(around, registry))})

        assert "cannot be had" in refused(answer, FAILED)
