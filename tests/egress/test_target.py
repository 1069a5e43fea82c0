"""Which URLs are read, and as what."""

import pytest

from registry.egress.target import Target, parse_target
from registry.errors import Invalid

CANARY = "canary-secret"


class TestTarget:
    @pytest.mark.parametrize(
        ("url", "origin", "raw_path"),
        [
            ("https://registry.upstream.example", "https://registry.upstream.example", b"/"),
            ("HTTPS://Registry.Upstream.Example:443/v0.1", "https://registry.upstream.example", b"/v0.1"),
            ("http://registry.upstream.example:80?limit=1", "http://registry.upstream.example", b"/?limit=1"),
            (
                "http://registry.upstream.example:8080/a%2Fb?c=d#e",
                "http://registry.upstream.example:8080",
                b"/a%2Fb?c=d",
            ),
            ("http://127.0.0.1:443/", "http://127.0.0.1:443", b"/"),
            ("https://[2A01::1]:8443/x", "https://[2a01::1]:8443", b"/x"),
            ("https://[2a01:0::1]/x", "https://[2a01::1]", b"/x"),
            (
                "https://registry.upstream.example//other.example/",
                "https://registry.upstream.example",
                b"//other.example/",
            ),
        ],
    )
    def test_a_url_becomes_origin_and_path(self, url: str, origin: str, raw_path: bytes) -> None:
        """
        Scheme and host are lowered, the scheme's own port left out, the path kept as it is.
        """
        target = parse_target(url)

        assert (target.origin, target.raw_path) == (origin, raw_path)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            CANARY,
            f"/{CANARY}",
            f"//registry.upstream.example/{CANARY}",
            f"ftp://registry.upstream.example/{CANARY}",
            f"file:///{CANARY}",
            f"javascript:{CANARY}",
            f"https:/{CANARY}",
            f"https:///{CANARY}",
            f"https://acme:{CANARY}@registry.upstream.example/",
            f"https://{CANARY}@registry.upstream.example/",
            "https://@registry.upstream.example/",
            f"https://registry.upstream.example:{CANARY}/",
            f"https://registry.upstream.example:0/{CANARY}",
            f"https://registry.upstream.example:65536/{CANARY}",
            f"https://registry.upstream.example:-1/{CANARY}",
            f"https://registry.upstream.example\\@other.example/{CANARY}",
            f"https://registry.upstream.example/a b{CANARY}",
            f"https://registry.upstream.example/\r\nHost: {CANARY}",
            f"https://registry.upstream.example/\t{CANARY}",
            f" https://registry.upstream.example/{CANARY}",
            f"https://registry.upstream.example/é{CANARY}",
            f"https://bücher.example/{CANARY}",
            f"https://2130706433/{CANARY}",
            f"https://0x7f.1/{CANARY}",
            f"https://127.1/{CANARY}",
            f"https://registry.upstream.example./{CANARY}",
            f"https://registry%2eupstream.example/{CANARY}",
            f"https://[fe80::1%25eth0]/{CANARY}",
            f"https://[::1/{CANARY}",
            f"https://[::1]x/{CANARY}",
            f"https://2a01::1/{CANARY}",
            f"https://registry.upstream.example/{CANARY * 1000}",
        ],
    )
    def test_an_unusable_url_is_refused_without_repeating_it(self, url: str) -> None:
        """
        Other schemes, user names, odd hosts and unescaped characters never reach the network or a message.
        """
        with pytest.raises(Invalid) as refused:
            parse_target(url)

        assert CANARY not in str(refused.value)

    def test_what_must_not_be_quoted_is_known(self) -> None:
        """
        The query, the whole path, and every segment long enough to be a capability.
        """
        target: Target = parse_target("https://hooks.example/services/T00000000/0123456789abcdef0123?a=b")

        assert target.confidential == (
            "a=b",
            "/services/T00000000/0123456789abcdef0123",
            "0123456789abcdef0123",
        )
