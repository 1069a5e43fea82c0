"""Capability addresses: their form, what of them is shown, and from where they are good."""

import re

import pytest

from registry.auth.capabilities import draw_capability, within_networks
from registry.policy.capability import capability_digest, compose_capability
from registry.policy.token import without_secrets

SECRET = "0123456789abcdefghijklmnopqrstuv"


class TestForm:
    def test_many_bits(self) -> None:
        """
        32 characters of an alphabet of 36 are more than 128 bits; none is drawn twice.
        """
        drawn = {draw_capability("backend", 0).text for _ in range(100)}

        assert len(drawn) == 100
        assert 36**32 > 1 << 128
        assert all(re.fullmatch(r"backend\.[0-9a-z]{32}", text) for text in drawn)

    def test_what_is_stored(self) -> None:
        """
        The digest is of team and secret: one secret is good for one team. No repr shows it.
        """
        drawn = draw_capability("backend", 0)

        assert drawn.digest == capability_digest(drawn.text)
        assert drawn.digest != capability_digest(drawn.text.replace("backend", "backend~prod"))
        assert drawn.text.partition(".")[2] not in repr(drawn)

    @pytest.mark.parametrize("secret", ["", SECRET[:31], SECRET + "w", SECRET.upper(), SECRET[:31] + "-"])
    def test_no_other_secret(self, secret: str) -> None:
        """
        What is composed is what is hidden: another form is a bug.
        """
        with pytest.raises(ValueError, match="no secret of a capability"):
            compose_capability("backend", secret)


class TestHidden:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (f"/t/backend.{SECRET}/v0.1/servers", "/t/backend.…/v0.1/servers"),
            (f"/t/backend~prod.{SECRET}", "/t/backend~prod.…"),
            (f"//t//backend.{SECRET}x/", "//t//backend.…/"),
            (f"/t/backend.{SECRET[:9]}/v0", "/t/backend.…/v0"),
            ("/t/what-else/v0", "/t/…/v0"),
            (f"/t/Backend.{SECRET}/v0", "/t/…/v0"),
            (f"/v0.1/t/backend.{SECRET}/servers", "/v0.1/t/backend.…/servers"),
            (f"/backend.{SECRET}/servers", "/backend.…/servers"),
            (f"see https://registry.example/t/backend.{SECRET}", "see https://registry.example/t/backend.…"),
        ],
    )
    def test_the_secret(self, text: str, shown: str) -> None:
        """
        Wherever it stands in a text, whole, cut or misplaced; the team stays.
        """
        assert without_secrets(text) == shown

    @pytest.mark.parametrize(
        "text", ["/v0.1/servers/com.acme%2Fpayroll/versions", "/teams/t/v0.1/servers", "/t/", "/t"]
    )
    def test_nothing_else(self, text: str) -> None:
        """
        What holds none stays as it is.
        """
        assert without_secrets(text) == text


class TestNetworks:
    @pytest.mark.parametrize(
        ("address", "inside"),
        [
            ("10.1.2.3", True),
            ("::ffff:10.1.2.3", True),
            ("11.1.2.3", False),
            ("fd00::1", True),
            ("fe80::1", False),
            ("", False),
            ("10.1.2", False),
            ("unknown", False),
        ],
    )
    def test_from_where(self, address: str, inside: bool) -> None:
        """
        An address lies in one of the networks, also where IPv6 carries it; what is none lies nowhere.
        """
        assert within_networks(address, ("10.0.0.0/8", "fd00::/8")) is inside
