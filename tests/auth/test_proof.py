"""The proof of a domain: records, instants and signatures (reference §6.2)."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from registry.auth.exchange.login import LoginRefused
from registry.auth.exchange.proof import WINDOW_US, Claim, Record, published, read_claim, require_signed
from schemas.rfc3339 import format_instant
from tests.doubles.publisher import P384_ORDER, Ed25519Key, P384Key

NOW_US = 1_757_376_000_000_000
AT = format_instant(NOW_US)


def _claim(signature: bytes, signed: str = AT) -> Claim:
    return Claim(instant_us=NOW_US, signed=signed.encode(), signature=signature)


class TestPublished:
    @pytest.mark.parametrize(
        "text",
        ["v=MCPv1; k=ed25519; p=AAAA", "v=MCPv1;k=ed25519;p=AAAA", "v=MCPv1;  k=ed25519;\tp=AAAA",
         "other v=MCPv1; k=ed25519; p=AAAA other", "v=MCPv1; k=ed25519; p=AAAA; x=y"],
    )  # fmt: skip
    def test_a_record(self, text: str) -> None:
        """
        Anywhere in the text, blanks behind a semicolon or not.
        """
        assert published([text]) == [Record(algorithm="ed25519", key="AAAA")]

    @pytest.mark.parametrize(
        "text",
        ["", "v=MCPv1", "v=MCPv2; k=ed25519; p=AAAA", "k=ed25519; v=MCPv1; p=AAAA", "v=MCPv1; p=AAAA; k=ed25519",
         "v=mcpv1; k=ed25519; p=AAAA", "v=MCPv1 ; k=ed25519; p=AAAA", "v=MCPv1; k=ed25519; p=", "v=MCPv1; k=; p=AAAA",
         "v=MCPv1; k=ed25519 p=AAAA"],
    )  # fmt: skip
    def test_no_record(self, text: str) -> None:
        """
        The order is fixed and every part is there.
        """
        assert published([text]) == []

    @given(st.text("v=MCPv1;k= ed25519p/+A", max_size=200))
    def test_any_text(self, text: str) -> None:
        """
        Whatever somebody publishes is read or passed over.
        """
        assert len(published([text])) <= 1


class TestReadClaim:
    @pytest.mark.parametrize("off_us", [0, WINDOW_US, -WINDOW_US])
    def test_within_the_window(self, off_us: int) -> None:
        """
        15 seconds either way, to the microsecond.
        """
        assert read_claim(AT, "ab", now_us=NOW_US + off_us).instant_us == NOW_US

    @pytest.mark.parametrize("off_us", [WINDOW_US + 1, -WINDOW_US - 1])
    def test_outside_the_window(self, off_us: int) -> None:
        """
        Nothing beyond.
        """
        with pytest.raises(LoginRefused, match=r"^timestamp outside valid window \(±15 seconds\)$"):
            read_claim(AT, "ab", now_us=NOW_US + off_us)

    @pytest.mark.parametrize("text", ["", "1757376000", "2025-09-09", "2025-09-09T00:00:00", "2025-09-09 00:00:00Z"])
    def test_no_instant(self, text: str) -> None:
        """
        RFC 3339 with an offset, or nothing.
        """
        with pytest.raises(LoginRefused, match="invalid timestamp"):
            read_claim(text, "ab", now_us=NOW_US)

    @pytest.mark.parametrize("text", ["", "a", "0xab", "zz", "ab ", "ａｂ", "ab" * 257])
    def test_no_signature(self, text: str) -> None:
        """
        Hexadecimal, and no longer than any signature is.
        """
        with pytest.raises(LoginRefused, match="expected hexadecimal"):
            read_claim(AT, text, now_us=NOW_US)

    def test_an_offset(self) -> None:
        """
        What was signed is the text, whatever zone it is written in.
        """
        claim = read_claim("2025-09-09T02:00:00+02:00", "AB", now_us=NOW_US)

        assert (claim.instant_us, claim.signed, claim.signature) == (NOW_US, b"2025-09-09T02:00:00+02:00", b"\xab")


class TestRequireSigned:
    @pytest.mark.parametrize("key", [Ed25519Key(), P384Key()], ids=["ed25519", "p384"])
    def test_signed(self, key: Ed25519Key | P384Key) -> None:
        """
        Over exactly the text of the instant.
        """
        require_signed(_claim(key.sign(AT)), published([key.record]))
        with pytest.raises(LoginRefused, match=r"^signature verification failed"):
            require_signed(_claim(key.sign(AT), AT + " "), published([key.record]))

    def test_mixed_keys(self) -> None:
        """
        A signature of one kind passes over the keys of the other.
        """
        ed25519, p384 = Ed25519Key(), P384Key()
        records = published([p384.record, ed25519.record])

        require_signed(_claim(ed25519.sign(AT)), records)
        require_signed(_claim(p384.sign(AT)), records)

    @pytest.mark.parametrize("length", [0, 1, 63, 65, 95, 97, 256])
    @pytest.mark.parametrize("key", [Ed25519Key(), P384Key()], ids=["ed25519", "p384"])
    def test_other_lengths(self, key: Ed25519Key | P384Key, length: int) -> None:
        """
        The refusal says how many bytes there should have been.
        """
        with pytest.raises(LoginRefused, match=f"the signature has {length} bytes instead of (64|96); log in again"):
            require_signed(_claim(bytes(length)), published([key.record]))

    def test_more_keys_than_anybody_needs(self) -> None:
        """
        Who publishes keys by the dozen does not make this registry try them all.
        """
        keys = [Ed25519Key() for _ in range(11)]
        records = published([key.record for key in keys])

        require_signed(_claim(keys[9].sign(AT)), records[:10])
        with pytest.raises(LoginRefused, match="11 public keys are published there; 10 are the most"):
            require_signed(_claim(keys[0].sign(AT)), records)

    def test_der(self) -> None:
        """
        reference §10.27: R and S as they are, not in DER.
        """
        key = P384Key()

        with pytest.raises(LoginRefused):
            require_signed(_claim(encode_dss_signature(*key.numbers(AT))), published([key.record]))

    @pytest.mark.parametrize("half", [bytes(48), b"\xff" * 48, P384_ORDER.to_bytes(48, "big")])
    def test_numbers_beyond_the_curve(self, half: bytes) -> None:
        """
        Zero, and what is as large as the curve's order, sign nothing.
        """
        with pytest.raises(LoginRefused):
            require_signed(_claim(half * 2), published([P384Key().record]))

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (Record(algorithm="rsa", key="AAAA"), "unsupported public key algorithm: rsa"),
            (Record(algorithm="ed25519", key="A"), "invalid public key: expected standard base64"),
            (Record(algorithm="ed25519", key=base64.b64encode(bytes(31)).decode()), "invalid Ed25519 public key size"),
            (
                Record(algorithm="ecdsap384", key=base64.b64encode(b"\4" + bytes(96)).decode()),
                "invalid ECDSA P-384 public key size",
            ),
            (
                Record(algorithm="ecdsap384", key=base64.b64encode(b"\4" + bytes(48)).decode()),
                "invalid ECDSA P-384 public key: expected a compressed point",
            ),
            (
                Record(algorithm="ecdsap384", key=base64.b64encode(b"\2" + b"\xff" * 48).decode()),
                "invalid ECDSA P-384 public key: expected a compressed point",
            ),
        ],
    )
    def test_bad_keys(self, record: Record, reason: str) -> None:
        """
        Alone, a bad key is told as what it is; beside a good one it is passed over.
        """
        key = Ed25519Key()

        with pytest.raises(LoginRefused) as refused:
            require_signed(_claim(key.sign(AT)), [record])
        require_signed(_claim(key.sign(AT)), [record, *published([key.record])])

        assert str(refused.value) == reason


class TestSpends:
    def test_both_spellings_of_one_signature(self) -> None:
        """
        On P-384 -S signs as well as S: to have spent one is to have spent both.
        """
        key = P384Key()
        seen = key.sign(AT)
        other = seen[:48] + (P384_ORDER - int.from_bytes(seen[48:], "big")).to_bytes(48, "big")
        require_signed(_claim(other), published([key.record]))

        assert _claim(seen).spends == _claim(other).spends

    def test_others(self) -> None:
        """
        Another instant or another signature is another proof.
        """
        key = P384Key()

        digests = {_claim(key.sign(AT)).spends.digest, _claim(key.sign(AT)).spends.digest, _claim(b"x").spends.digest}

        assert len(digests) == 3

    def test_longer_than_the_window(self) -> None:
        """
        It is remembered until after nothing would accept it, by more than a clock is set back.
        """
        assert _claim(b"x").spends.expires_us > NOW_US + WINDOW_US + 300_000_000
