"""Addresses as Go parses them, which is not as Python does."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.validation.go_url import GoUrlError, parse
from schemas.validation.url_template import filled, undefined

# address, scheme, host, hostname, user
PARSED: Final = [
    ("", "", "", "", ""),
    ("relative/path", "", "", "", ""),
    ("/absolute", "", "", "", ""),
    ("///three", "", "", "", ""),
    ("*", "", "", "", ""),
    ("#fragment:with:colons", "", "", "", ""),
    ("./a:b", "", "", "", ""),
    ("?q=a:b", "", "", "", ""),
    ("https://acme.example", "https", "acme.example", "acme.example", ""),
    ("HTTPS://Acme.example/", "https", "Acme.example", "Acme.example", ""),
    ("https://acme.example:", "https", "acme.example:", "acme.example", ""),
    ("https://acme.example:99999/a b?c d#e f", "https", "acme.example:99999", "acme.example", ""),
    ("https://u:p@acme.example", "https", "acme.example", "acme.example", "u:p"),
    ("https://u@v@acme.example", "https", "acme.example", "acme.example", "u@v"),
    ("//acme.example/a", "", "acme.example", "acme.example", ""),
    ("https://[::1]:8080/", "https", "[::1]:8080", "::1", ""),
    ("https://[fe80::1%25en0]/", "https", "[fe80::1%25en0]", "fe80::1%25en0", ""),
    ("https://äcme.example", "https", "äcme.example", "äcme.example", ""),
    ("https://%C3%A4cme.example", "https", "%C3%A4cme.example", "%C3%A4cme.example", ""),
    ("https:///path", "https", "", "", ""),
    ("http:opaque%zz", "http", "", "", ""),
    ("mailto:a@acme.example", "mailto", "", "", ""),
    ("a+b.c-1:x", "a+b.c-1", "", "", ""),
    ("https://acme.example/?q=%zz", "https", "acme.example", "acme.example", ""),
    ("https://acme.example/{var}", "https", "acme.example", "acme.example", ""),
]
REFUSED: Final = [
    ("https://acme.example/\n", "control character"), ("\x7f", "control character"), ("a\x00b", "control character"),
    (":no", "missing protocol scheme"), ("1a:b", "first path segment"), ("a b:c", "first path segment"),
    ("ä:b", "first path segment"), ("https://acme.example/%", "escape"), ("https://acme.example/%zz", "escape"),
    ("/%a", "escape"), ("#%zz", "escape"), ("http:x#%zz", "escape"), ("https://acme.example:8x/", "invalid port"),
    ("https://acme.example:{port}/", "invalid port"), ("https://acme.example:-1", "invalid port"),
    ("https://acme.example:８０", "invalid port"), ("https://a b/", 'invalid character " " in host'),
    ("https://{host}/", 'invalid character "{" in host'), ("https://a\\b/", "in host"), ("https://a%2fb/", "escape"),
    ("https://a%zz/", "escape"), ("https://[::1/", "missing ']'"), ("https://[::g]/", "IPv6"),
    ("https://[::1]x/", "invalid port"), ("https://a[::1]/", "invalid port"), ("https://::1/", "invalid port"),
    ("https://u<p@acme.example/", "userinfo"), ("https://u%zz@acme.example/", "escape"), ("https://a|b/", "in host"),
]  # fmt: skip


class TestParse:
    @pytest.mark.parametrize(("address", "scheme", "host", "hostname", "user"), PARSED)
    def test_parsed(self, address: str, scheme: str, host: str, hostname: str, user: str) -> None:
        """
        Relative references, opaque and empty ones parse; schemes are folded, hosts are not.
        """
        url = parse(address)

        assert (url.scheme, url.host, url.hostname, url.user) == (scheme, host, hostname, user)

    @pytest.mark.parametrize(("address", "reason"), REFUSED)
    def test_refused(self, address: str, reason: str) -> None:
        """
        Control characters, broken escapes, ports that are no numbers and blanks in hosts fail, with Go's reason.
        """
        with pytest.raises(GoUrlError, match=reason.replace("[", r"\[").replace("{", r"\{")):
            parse(address)

    @given(st.text("ab:/?#[]@%1{}. \nä*", max_size=30))
    def test_any_text_parses_or_fails(self, address: str) -> None:
        """
        No text makes the parser fail in any other way, and what has a host has a hostname.
        """
        try:
            url = parse(address)
        except GoUrlError:
            return

        assert url.hostname in url.host


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "host"),
        [
            ("https://{host}/mcp", "host.example"),
            ("https://{host}:{port}/mcp", "host.example:8080"),
            ("https://{region}.acme.example:{p}", "word.acme.example:8080"),
            ("{protocol}://acme.example/{path}", "acme.example"),
            ("{scheme}://acme.example", "acme.example"),
            ("http://acme.example:{a}/{b}:{c}", "acme.example:8080"),
        ],
    )
    def test_variables_get_plausible_values(self, template: str, host: str) -> None:
        """
        A template is an address if it is one with likely values in place of its variables.
        """
        url = filled(template)

        assert url is not None
        assert url.host == host

    @pytest.mark.parametrize(
        "template", ["{baseUrl}/mcp", "https://{}/", "https://{a/", "ftp://{host}/", "https://acme.example:{a}b/", ""]
    )
    def test_what_is_no_address_even_so(self, template: str) -> None:
        """
        A template without a scheme, with broken braces or of another scheme than http and https is none.
        """
        assert filled(template) is None

    def test_unknown_variables_are_named(self) -> None:
        """
        The complaint quotes the template and lists what there is.
        """
        complaint = undefined("https://{a}/{b}", ["b", "c"])

        assert complaint == (
            "template variables in URL https://{a}/{b} reference undefined variables. Available variables: [b c]"
        )
        assert undefined("https://{a}/{b}", ["a", "b"]) is None
