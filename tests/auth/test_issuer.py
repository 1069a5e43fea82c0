"""What is read of an issuer's keys, and which claims meet a condition."""

import asyncio
import json

import pytest

from registry.auth.exchange.issuer_keys import FRESH_S, IssuerKeys, parse_key_set
from registry.errors import UpstreamNonsense
from registry.policy.claims import Condition, meets
from registry.settings import Settings
from registry.wiring import egress_client
from tests.doubles.clock import FrozenClock
from tests.doubles.issuer import Issuer, IssuerKey

RSA = IssuerKey("rsa").published
EC = IssuerKey("ec", curve=True).published


def _set(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


class TestParseKeySet:
    def test_each_for_its_algorithm(self) -> None:
        """
        What a key says it is for, else what its kind is for.
        """
        found = parse_key_set(_set(RSA, EC, RSA | {"kid": "pss", "alg": "PS256"}))

        assert {name: key.algorithm_name for name, key in found.items()} == {
            "rsa": "RS256",
            "ec": "ES256",
            "pss": "PS256",
        }

    @pytest.mark.parametrize(
        "odd",
        [
            {"kty": "oct", "kid": "odd", "k": "c2VjcmV0"},
            {**RSA, "kid": "odd", "use": "enc"},
            {**RSA, "kid": "odd", "alg": "HS256"},
            {**RSA, "kid": "odd", "alg": "none"},
            {**RSA, "kid": "odd", "n": 7},
            {**RSA, "kid": 7},
            {"kty": "RSA", "kid": "odd"},
            {"kty": ["RSA"], "kid": "odd"},
            {"kid": "odd"},
            "rsa",
            None,
        ],
        # The key is another one in every run, and its name must not be.
        ids=["secret", "encrypts", "hmac", "none", "n", "kid", "empty", "kty", "kid alone", "text", "nothing"],
    )
    def test_what_is_passed_over(self, odd: object) -> None:
        """
        One that is odd, shared or for something else takes nothing from the others.
        """
        assert list(parse_key_set(_set(odd, EC))) == ["ec"]

    def test_a_name_that_stands_twice(self) -> None:
        """
        Whose it is nobody can say, so it is nobody's.
        """
        assert list(parse_key_set(_set(RSA, EC, RSA | {"n": EC["x"]}))) == ["ec"]

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"{}", b'{"keys":{}}', b'{"keys":null}', b"\xff", _set(*[EC] * 101), b"[" * 9999]
    )
    def test_no_set(self, body: bytes) -> None:
        """
        What is no set, or a senseless one, replaces none.
        """
        with pytest.raises(UpstreamNonsense):
            parse_key_set(body)


class TestMeets:
    @pytest.mark.parametrize(
        ("condition", "said"),
        [
            ("a", "a"),
            ("a", ["b", "a"]),
            (("a", "b"), "b"),
            (("a", "b"), ["c", "b"]),
            (True, True),
            (1, 1),
            ((1, True), [True]),
        ],
        ids=repr,
    )
    def test_met(self, condition: Condition, said: object) -> None:
        """
        One of what is asked for, alone or among others.
        """
        assert meets({"claim": said}, "claim", condition)

    @pytest.mark.parametrize(
        ("condition", "said"),
        [
            ("a", "A"),
            ("a", "ab"),
            ("a", None),
            ("a", []),
            ("a", {"a": "a"}),
            ("a", [["a"]]),
            ("a", ["a", None]),
            ("a", ["a", 1.5]),
            ((), "a"),
            ((), []),
            (True, 1),
            (1, True),
            (1, "1"),
            ("1", 1),
            (1, 1.0),
            (False, None),
        ],
        ids=repr,
    )
    def test_not_met(self, condition: Condition, said: object) -> None:
        """
        Anything else does not, and whatever is odd spoils all of it.
        """
        assert not meets({"claim": said}, "claim", condition)

    def test_a_claim_that_is_not_there(self) -> None:
        """
        Silence meets nothing.
        """
        assert not meets({}, "claim", "a")


@pytest.mark.anyio
async def test_a_renewal_that_hangs() -> None:
    """
    threats.md: an issuer that does not answer keeps nobody waiting whose key is known, but for one who asks it.
    """
    clock = FrozenClock(1_757_376_000_000_000)
    with Issuer(IssuerKey("first", curve=True)) as issuer:
        async with egress_client(Settings(), clock) as client:
            keys = IssuerKeys(issuer.url, jwks_url=None, client=client, clock=clock, allow_private=True)
            known = await keys.key("first")
            clock.advance(FRESH_S)
            issuer.answering.clear()

            async with asyncio.TaskGroup() as group:
                asking = group.create_task(keys.key("first"))
                await asyncio.sleep(0)
                others = [await keys.key("first") for _ in range(3)]
                waited = not asking.done()
                issuer.answering.set()

    assert waited
    assert others == [known] * 3
    assert asking.result() is not known
