"""The tokens that logins answer with, and the keys that sign them (reference §6.1)."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.auth.registry_tokens import RegistryTokens
from registry.auth.signing_keys import SigningKey, own_key_file
from registry.clock import SystemClock
from registry.errors import Unauthenticated
from tests.api.logins import claims_of, login, principal
from tests.running import RunningRegistry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with RunningRegistry(tmp_path_factory.mktemp("registry"), "[auth.none]") as running:
        yield running


class TestRegistryToken:
    def test_claims(self, registry: RunningRegistry) -> None:
        """
        reference §6.1, and ours: this instance is issuer and audience, and the key has a name.
        """
        answer = login(registry, "none", {})

        claims = claims_of(answer)
        assert list(claims) == [
            "iss", "aud", "sub", "iat", "nbf", "exp", "jti", "auth_method", "auth_method_sub", "permissions",
        ]  # fmt: skip
        assert claims["iss"] == claims["aud"] == registry.url
        assert claims["exp"] - claims["iat"] == 300
        assert claims["exp"] == answer.json()["expires_at"]
        assert (claims["auth_method"], claims["auth_method_sub"]) == ("none", "anonymous")
        assert claims["permissions"] == [{"action": "publish", "resource": "io.modelcontextprotocol.anonymous/*"}]
        header = jwt.get_unverified_header(answer.json()["registry_token"])
        assert header.keys() == {"alg", "kid", "typ"}
        assert header["alg"] == "EdDSA"

    def test_it_expires(self, registry: RunningRegistry) -> None:
        """
        reference §6.1: after five minutes it is nobody's.
        """
        answer = login(registry, "none", {})
        registry.clock.advance(301)

        with pytest.raises(Unauthenticated):
            principal(registry, answer)


class TestKeys:
    def test_one_is_made(self, tmp_path: Path) -> None:
        """
        Ours: a key that nobody configured is made beside the store, for its owner alone, and named in the log.
        """
        with RunningRegistry(tmp_path, "[auth.none]", workers=2) as registry:
            first = login(registry, "none", {})
            made = own_key_file(registry.store)
            content = made.read_text().strip()
        with registry:
            second = login(registry, "none", {})
            who = principal(registry, first), principal(registry, second)

        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert len(bytes.fromhex(content)) == 32
        assert str(made) in json.dumps(registry.log)
        assert content not in json.dumps(registry.log)
        assert who[0] == who[1]
        assert registry.count("made the key that signs registry tokens") == 1

    def test_rotation(self, tmp_path: Path) -> None:
        """
        Ours: the first key signs and all verify, so a new one goes in front and the old one stays for five minutes.
        """
        old, new = _key(tmp_path / "old"), _key(tmp_path / "new")
        with RunningRegistry(tmp_path, f'[auth]\nsigning_keys = [{{ file = "{old}" }}]\nnone = {{}}') as registry:
            before = login(registry, "none", {}).json()["registry_token"]
        registry.config.write_text(
            registry.config.read_text().replace(
                f'[{{ file = "{old}" }}]', f'[{{ file = "{new}" }}, {{ file = "{old}" }}]'
            )
        )
        with registry:
            after = login(registry, "none", {}).json()["registry_token"]

        names = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
        keys = [SigningKey(bytes.fromhex(path.read_text())) for path in (new, old)]
        assert names == [keys[1].key_id, keys[0].key_id]
        both = RegistryTokens(keys, public_url=registry.url, clock=_Later(registry))
        newest = RegistryTokens(keys[:1], public_url=registry.url, clock=_Later(registry))
        assert both.verify(before) == both.verify(after) == newest.verify(after)
        with pytest.raises(Unauthenticated):
            newest.verify(before)
        assert not own_key_file(registry.store).exists()

    def test_a_key_that_nobody_needs(self, tmp_path: Path) -> None:
        """
        Ours: what is configured and missing stops the start, also while no login is on.
        """
        registry = RunningRegistry(tmp_path, '[auth]\nsigning_keys = [{ env = "NOT_SET_ANYWHERE" }]')

        with pytest.raises(AssertionError, match="NOT_SET_ANYWHERE that holds a secret is not set"):
            registry.start()

    @pytest.mark.parametrize(
        ("content", "mode", "said"),
        [
            (None, 0o600, "cannot read the secret file"),
            ("ab" * 32, 0o644, "is open to others"),
            ("ab" * 31, 0o600, "holds no signing key: expected 64 hexadecimal characters"),
            ("zz" * 32, 0o600, "holds no signing key: expected 64 hexadecimal characters"),
        ],
    )
    def test_a_key_that_cannot_be_used(self, tmp_path: Path, content: str | None, mode: int, said: str) -> None:
        """
        Ours: a key that is configured and missing, open to others or none at all stops the start, and is not shown.
        """
        path = tmp_path / "key"
        if content is not None:
            path.write_text(content)
            path.chmod(mode)
        registry = RunningRegistry(tmp_path, f'[auth]\nsigning_keys = [{{ file = "{path}" }}]\nnone = {{}}')

        with pytest.raises(AssertionError, match="it ended before"):
            registry.start()

        log = json.dumps(registry.log)
        assert said in log
        assert content is None or content not in log


class _Later(SystemClock):
    """The clock of a registry that a test has moved."""

    def __init__(self, registry: RunningRegistry) -> None:
        self._registry = registry

    def now_us(self) -> int:
        return self._registry.clock.now_us()


def _key(path: Path) -> Path:
    path.write_text(Ed25519PrivateKey.generate().private_bytes_raw().hex())
    path.chmod(0o600)
    return path
