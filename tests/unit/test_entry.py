"""Names and versions as they are parsed at the edge."""

import hashlib

import pytest

from registry.catalog.entry import ServerName, digest_of, parse_version
from registry.catalog.query import AFTER_EVERY_VERSION
from registry.errors import Invalid

NOT_NAMES = [
    "", "/", "a/", "/b", "ab", "a/b/c", "a//b", "com.acme", "com.acme/payroll\n", "\ncom.acme/payroll", " a/b", "a/b ",
    "a b/c", "com_acme/payroll", "com.acmé/payroll", "com.acme/päyroll", "com.acme/pay:roll", "com.acme/pay%2Froll",
    "com.acme\\payroll", "com.acme/１", "com.acme/pay\x00roll", "a/\ud800", "@scope/name", "com.acme/pay@1",
    "com.acme/pay+roll", "com.acme／payroll",
]  # fmt: skip

NOT_VERSIONS = [
    "", " ", "\t", "latest", "1.0\n", "1.0\x00", "\x1f1", "1\x7f", "1\x80", "1\x85", "1\x9f", "\ud800", "1\udfff",
    "\u2003", AFTER_EVERY_VERSION, AFTER_EVERY_VERSION * 2, f"{AFTER_EVERY_VERSION}1", "x" * 256,
]  # fmt: skip


class TestServerName:
    @pytest.mark.parametrize(
        "text",
        ["a/b", "com.acme/payroll", "Com.Acme/Pay_Roll.v2", "io.github.octavia/weather", "-/-", "./.", "1.2/3-4",
         "a/" + "b" * 198, "n" * 198 + "/s"],
    )  # fmt: skip
    def test_parses(self, text: str) -> None:
        """
        One slash, ASCII letters, digits, dots and hyphens, underscores after the slash, 3 to 200 characters.
        """
        assert ServerName.parse(text) == text

    @pytest.mark.parametrize("text", [*NOT_NAMES, "a/" + "b" * 199, "n" * 199 + "/s"])
    def test_refuses(self, text: str) -> None:
        """
        Anything else is invalid: the pattern is ASCII and ends at the end of the text (reference §10.8).
        """
        with pytest.raises(Invalid, match="not a server name"):
            ServerName.parse(text)

    def test_a_refusal_does_not_repeat_a_megabyte(self) -> None:
        """
        The message of a refusal stays short, whatever was sent.
        """
        with pytest.raises(Invalid) as refused:
            ServerName.parse("x" * 1_000_000)

        assert len(str(refused.value)) < 400

    def test_its_two_parts(self) -> None:
        """
        What stands before the slash is the namespace, what stands after it the slug.
        """
        name = ServerName.parse("com.acme.data/line.age_2")

        assert (name.namespace, name.slug) == ("com.acme.data", "line.age_2")

    def test_compares_by_code_point(self) -> None:
        """
        Upper case sorts before lower case and `-` before `.` before `/`, as bytes do.
        """
        names = ["a/b", "a.b/c", "a-b/c", "A/b", "a/B", "B/a", "a.b/C"]

        ordered = sorted(ServerName.parse(name) for name in names)

        assert ordered == ["A/b", "B/a", "a-b/c", "a.b/C", "a.b/c", "a/B", "a/b"]
        assert ordered == sorted(names, key=str.encode)


class TestParseVersion:
    @pytest.mark.parametrize(
        "text",
        ["1", "1.0.0", "v1", "snapshot", "Latest", "latest ", "a b", "1.0:2", "1/2", "50%", "ünï", "🎉", "x" * 255],
    )
    def test_parses(self, text: str) -> None:
        """
        Any printable text of 1 to 255 characters can be a version.
        """
        assert parse_version(text) == text

    @pytest.mark.parametrize("text", NOT_VERSIONS)
    def test_refuses(self, text: str) -> None:
        """
        Control characters of either set, half surrogates, blanks alone, `latest`, and what sorts after every version.
        """
        with pytest.raises(Invalid, match="not a version"):
            parse_version(text)


class TestDigestOf:
    def test_is_sha256(self) -> None:
        """
        A document is stored under the SHA-256 of exactly its bytes.
        """
        assert digest_of(b'{"a": 1}') == hashlib.sha256(b'{"a": 1}').digest()
        assert digest_of(b'{"a":1}') != digest_of(b'{"a": 1}')
