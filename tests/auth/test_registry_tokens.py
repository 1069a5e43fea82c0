"""Tokens of this instance: what is believed, and what is not (reference §6.1; threats.md)."""

import base64
import hmac
import json
from typing import Any

import jwt
import msgspec
import pytest

from registry.auth.registry_tokens import LIFETIME_S, Action, Method, Permission, RegistryTokens
from registry.auth.signing_keys import SigningKey
from registry.errors import Unauthenticated
from registry.policy.principal import Origin, Role
from tests.doubles.clock import FrozenClock

NOW_US = 1_757_376_000_000_000
URL = "https://registry.acme.example"
KEY = SigningKey(b"k" * 32)
PUBLISH = Permission(action=Action.PUBLISH, resource="com.acme/*")
EDIT = Permission(action=Action.EDIT, resource="com.acme/*")

Claims = dict[str, Any]  # Any: claims of any type, most of them wrong


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW_US)


@pytest.fixture
def tokens(clock: FrozenClock) -> RegistryTokens:
    return RegistryTokens([KEY], public_url=URL, clock=clock)


def _claims(**changes: object) -> Claims:
    now_s = NOW_US // 1_000_000
    usual = {
        "iss": URL,
        "aud": URL,
        "sub": "dns:acme.com",
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + LIFETIME_S,
        "jti": "tok_1",
        "auth_method": "dns",
        "auth_method_sub": "acme.com",
        "permissions": [{"action": "publish", "resource": "com.acme/*"}],
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def _signed(claims: object, *, key: SigningKey = KEY, **header: object) -> str:
    said: dict[str, Any] = {"kid": key.key_id, **header}  # Any: PyJWT's own type
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key.private, algorithm="EdDSA", headers=said)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class TestIssued:
    @pytest.mark.parametrize("method", [each for each in Method if each is not Method.OIDC])
    def test_a_public_identity(self, tokens: RegistryTokens, method: Method) -> None:
        """
        Who merely proved something that anybody may have publishes, and that is known of them.
        """
        who = tokens.verify(tokens.issue(method, "somebody", [PUBLISH])[0])

        assert (who.subject, who.origin) == (f"{method}:somebody", Origin.PUBLIC_IDENTITY)
        assert (set(who.roles), who.namespaces) == ({Role.PUBLISHER}, ("com.acme/*",))
        assert (who.anonymous, who.home_team) == (False, None)

    def test_the_organisation(self, tokens: RegistryTokens) -> None:
        """
        Its own issuer's members may be administrators as well.
        """
        who = tokens.verify(tokens.issue(Method.OIDC, "colleague", [PUBLISH, EDIT])[0])

        assert (who.origin, set(who.roles)) == (Origin.ORGANISATION, {Role.PUBLISHER, Role.ADMIN})
        assert who.namespaces == ("com.acme/*",)

    def test_a_lifetime(self, tokens: RegistryTokens, clock: FrozenClock) -> None:
        """
        Five minutes, to the second, without leeway at either end.
        """
        token, expires_s = tokens.issue(Method.DNS, "acme.com", [PUBLISH])
        assert expires_s == NOW_US // 1_000_000 + 300

        clock.advance(299)
        tokens.verify(token)
        clock.advance(1)
        with pytest.raises(Unauthenticated):
            tokens.verify(token)
        clock.step_to(NOW_US - 1)
        with pytest.raises(Unauthenticated):
            tokens.verify(token)

    def test_no_two_are_alike(self, tokens: RegistryTokens) -> None:
        """
        Each has an id of its own.
        """
        assert tokens.issue(Method.NONE, "a", [PUBLISH]) != tokens.issue(Method.NONE, "a", [PUBLISH])

    def test_without_permissions(self, tokens: RegistryTokens) -> None:
        """
        Who was given nothing may do nothing.
        """
        who = tokens.verify(tokens.issue(Method.OIDC, "a", [])[0])

        assert (who.roles, who.namespaces) == (frozenset(), ())


class TestRefused:
    def test_the_template_is_right(self, tokens: RegistryTokens) -> None:
        """
        What the cases below change is accepted as it stands.
        """
        assert tokens.verify(_signed(_claims())).subject == "dns:acme.com"

    @pytest.mark.parametrize(
        "changes",
        [
            *({name: ...} for name in _claims()),
            {"iss": "mcp-registry"},
            {"iss": URL + "/"},
            {"aud": "https://registry.example"},
            {"aud": [URL]},
            {"aud": URL.upper()},
            {"aud": None},
            {"exp": NOW_US // 1_000_000},
            {"exp": NOW_US // 1_000_000 + LIFETIME_S + 1},
            {"exp": str(NOW_US // 1_000_000 + LIFETIME_S)},
            {"exp": None},
            {"exp": True},
            {"exp": 1e300},
            {"nbf": NOW_US // 1_000_000 + 1},
            {"iat": NOW_US // 1_000_000 + 1},
            {"nbf": None},
            {"sub": "dns:other.example"},
            {"sub": 7},
            {"jti": 7},
            {"auth_method": "github-at"},
            {"auth_method": "password", "sub": "password:acme.com"},
            {"permissions": None},
            {"permissions": {}},
            {"permissions": ["publish"]},
            {"permissions": [{"action": "admin", "resource": "*"}]},
            {"permissions": [{"action": "publish"}]},
            {"permissions": [{"action": "publish", "resource": "com.acme"}]},
            {"permissions": [{"action": "publish", "resource": "com.acme*"}]},
            {"permissions": [{"action": "publish", "resource": "**"}]},
            {"permissions": [{"action": "publish", "resource": ["*"]}]},
            {"permissions": [{"action": "publish", "resource": "com.acme/*", "more": 1}]},
            {"permissions": [{"action": "edit", "resource": "com.acme/*"}]},
            {
                "auth_method": "oidc",
                "sub": "oidc:acme.com",
                "permissions": [{"action": "edit", "resource": "com.acme/*"}, {"action": "publish", "resource": "*"}],
            },
            {"roles": ["admin"]},
        ],
        ids=repr,
    )
    def test_claims(self, tokens: RegistryTokens, changes: Claims) -> None:
        """
        Every claim is there, has its type, and is exactly right; an unknown one is not ours.
        """
        with pytest.raises(Unauthenticated, match=r"^Invalid or expired Registry JWT token$"):
            tokens.verify(_signed(_claims(**changes)))

    @pytest.mark.parametrize("claims", [[], "text", 7, None, [_claims()]], ids=repr)
    def test_no_claims(self, tokens: RegistryTokens, claims: object) -> None:
        """
        A payload that is no object.
        """
        with pytest.raises(Unauthenticated):
            tokens.verify(_signed(claims))

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "nobody's"},
            {"kid": 7},
            {"kid": None},
            {"typ": "at+jwt"},
            {"jku": "https://elsewhere.example"},
            {"crit": ["exp"]},
            {"jwk": {"kty": "OKP"}},
        ],
        ids=repr,
    )
    def test_headers(self, tokens: RegistryTokens, header: Claims) -> None:
        """
        A key of ours, by its name, and nothing else in the header.
        """
        try:
            token = _signed(_claims(), **header)
        except jwt.InvalidTokenError:
            said = {"alg": "EdDSA", "typ": "JWT", "kid": KEY.key_id} | header
            signed = f"{_part(said)}.{_part(_claims())}"
            signature = base64.urlsafe_b64encode(KEY.private.sign(signed.encode())).rstrip(b"=").decode()
            token = f"{signed}.{signature}"

        with pytest.raises(Unauthenticated):
            tokens.verify(token)

    def test_another_instances_key(self, tokens: RegistryTokens) -> None:
        """
        Another key, also under the name of ours.
        """
        other = SigningKey(b"o" * 32)

        for token in (_signed(_claims(), key=other), _signed(_claims(), key=other, kid=KEY.key_id)):
            with pytest.raises(Unauthenticated):
                tokens.verify(token)

    def test_the_public_key_as_a_secret(self, tokens: RegistryTokens) -> None:
        """
        HS256 with what is no secret, and no signature at all.
        """
        public = KEY.public.public_bytes_raw()
        for algorithm, secret in (("HS256", public), ("none", b""), ("NONE", b""), ("EdDSA", b"")):
            signed = f"{_part({'alg': algorithm, 'typ': 'JWT', 'kid': KEY.key_id})}.{_part(_claims())}"
            mac = hmac.digest(secret, signed.encode(), "sha256") if secret else b"\0" * 64
            forged = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
            with pytest.raises(Unauthenticated):
                tokens.verify(forged)
            with pytest.raises(Unauthenticated):
                tokens.verify(f"{signed}.")

    @pytest.mark.parametrize(
        "text", ["", ".", "..", "a.b.c", "Bearer x", "mcpr_01234567_" + "x" * 43, "é.é.é", "a" * 30_000, "e30.e30.AAAA"]
    )
    def test_other_text(self, tokens: RegistryTokens, text: str) -> None:
        """
        What is no token at all, among it a token of another kind.
        """
        with pytest.raises(Unauthenticated):
            tokens.verify(text)

    def test_any_bit(self, tokens: RegistryTokens) -> None:
        """
        Nothing about a token can be changed.
        """
        token = tokens.issue(Method.DNS, "acme.com", [PUBLISH])[0]

        for at in range(0, len(token), 7):
            other = "A" if token[at] != "A" else "B"
            with pytest.raises(Unauthenticated):
                tokens.verify(token[:at] + other + token[at + 1 :])
        for changed in (token + "=", token + "\n", " " + token, token + "A", token[:-1]):
            with pytest.raises(Unauthenticated):
                tokens.verify(changed)


def test_a_key_never_shows_itself() -> None:
    """
    What is logged by mistake is the name of a key.
    """
    assert repr(KEY) == f"SigningKey('{KEY.key_id}')"
    assert msgspec.json.encode(KEY.key_id) != b""
