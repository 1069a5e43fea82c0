"""What we say about an answer that is not the one we wanted."""

from collections.abc import Mapping

import pytest

from registry.clock import microseconds, utc
from registry.egress.refusal import refusal, retry_after_s
from registry.errors import UpstreamRefused

NOON_US = 1_767_614_400_000_000  # 2026-01-05T12:00:00Z
PEER = "https://registry.upstream.example"


def refused(
    status: int, *, body: bytes = b"", sent: tuple[str, ...] = (), headers: Mapping[str, str] | None = None
) -> UpstreamRefused:
    """The error for an answer."""
    return refusal(peer=PEER, status=status, headers=headers or {}, body=body, sent=sent, now_us=NOON_US)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0.0),
            ("120", 120.0),
            (" 7 ", 7.0),
            ("86401", 86_400.0),
            ("9" * 5000, 86_400.0),
            ("Mon, 05 Jan 2026 12:00:30 GMT", 30.0),
            ("Monday, 05-Jan-26 12:01:00 GMT", 60.0),
            ("Mon Jan  5 12:02:00 2026", 120.0),
            ("Mon, 05 Jan 2026 11:00:00 GMT", 0.0),
            ("Tue, 05 Jan 2027 12:00:00 GMT", 86_400.0),
            ("Mon, 05 Jan 2026 12:00:30 -0000", 30.0),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("٣", None),
            ("Mon, 99 Jan 2026 12:00:30 GMT", None),
            ("Mon, 05 Jan 99999 12:00:30 GMT", None),
        ],
    )
    def test_seconds_and_dates_are_read_and_bounded(self, value: str, seconds: float | None) -> None:
        """
        Both forms of RFC 9110 §10.2.3, never negative, never more than a day, never a failure of ours.
        """
        actual = retry_after_s({"retry-after": value}, now_us=NOON_US)

        assert actual == seconds

    def test_noon_is_noon(self) -> None:
        """
        The instant that the table above counts from is the one it says.
        """
        assert utc(NOON_US).isoformat() == "2026-01-05T12:00:00+00:00"
        assert microseconds(utc(NOON_US)) == NOON_US

    def test_the_wish_travels_with_the_error(self) -> None:
        """
        Whoever retries learns the status and for how long to wait.
        """
        error = refused(429, headers={"retry-after": "12"})

        assert (error.status, error.retry_after_s, str(error)) == (
            429,
            12.0,
            f"{PEER} answered 429 too many requests",
        )


class TestQuote:
    @pytest.mark.parametrize(
        ("body", "quote"),
        [
            (b'{"title":"Bad Request","status":400,"detail":"invalid cursor"}', ": invalid cursor"),
            (b'{"error":"slow down"}', ": slow down"),
            (b'{"message":"no"}', ": no"),
            (b'{"title":"Gone"}', ": Gone"),
            (b'{"detail":{"a":1},"title":"Odd"}', ": Odd"),
            (b'{"detail":""}', ""),
            (b'{"detail":null}', ""),
            (b"[1]", ""),
            (b"<html><h1>502</h1></html>", ""),
            (b'{"detail":"cut off', ""),
            (b'{"detail":"\xff"}', ""),
            (b"[" * 16_000, ""),
            (b"", ""),
        ],
    )
    def test_one_text_of_a_json_body_is_quoted(self, body: bytes, quote: str) -> None:
        """
        The first of detail, error, message, title that is text; nothing of pages, fragments and riddles.
        """
        error = refused(400, body=body)

        assert str(error) == f"{PEER} answered 400 bad request{quote}"

    def test_a_quote_is_clean_and_short(self) -> None:
        """
        Terminal escapes, line breaks, text direction marks and novels do not reach a log.
        """
        error = refused(500, body=b'{"detail":"\\u001b[31mred\\r\\nline \\u202e two\\u0000 ' + b"x" * 5000 + b'"}')

        quote = str(error).partition("error: ")[2]

        assert quote.startswith("[31mred line two x")
        assert quote.isprintable()
        assert len(quote) == 200

    @pytest.mark.parametrize(
        "echo",
        [
            "Bearer canary-token",
            "canary-token",
            "the token canary-token is bad",
            "cursor=abcdef",
            "key abcdef",
        ],
    )
    def test_a_peer_that_repeats_what_we_sent_is_not_quoted(self, echo: str) -> None:
        """
        Credentials and query values do not come back through an error page, whole or in part.
        """
        error = refused(401, body=b'{"detail":"' + echo.encode() + b'"}', sent=("Bearer canary-token", "cursor=abcdef"))

        assert str(error) == f"{PEER} answered 401 unauthorized"

    def test_an_unknown_status_is_only_a_number(self) -> None:
        """
        The peer's own reason phrase is never repeated.
        """
        assert str(refused(599)) == f"{PEER} answered 599"


class TestExplained:
    def test_sentence_and_reasons(self) -> None:
        """
        What a problem document says travels whole with the error, beside the message that quotes its beginning.
        """
        error = refused(
            400,
            body=b'{"detail":"' + b"a" * 300 + b'","errors":[{"message":"b\\n c"},{"message":""},{"x":1},7,"d",'
            b'{"message":9},{"location":"body.x","message":"e"}]}',
        )

        assert (error.detail, error.reasons) == ("a" * 300, ("b c", "e"))
        assert str(error) == f"{PEER} answered 400 bad request: {'a' * 200}"

    def test_what_repeats_what_we_sent_is_left_out(self) -> None:
        """
        Each text for itself: one with a credential in it does not hide the others.
        """
        body = b'{"detail":"the token canary-token is bad","errors":[{"message":"canary-token"},{"message":"expired"}]}'

        error = refused(401, body=body, sent=("Bearer canary-token",))

        assert (error.detail, error.reasons) == ("", ("expired",))
        assert str(error) == f"{PEER} answered 401 unauthorized"

    def test_is_bounded(self) -> None:
        """
        A peer cannot fill a screen.
        """
        reason = b'{"message":"' + b"x" * 2000 + b'"}'

        error = refused(422, body=b'{"detail":"bad","errors":[' + b",".join([reason] * 50) + b"]}")

        assert (error.detail, error.reasons) == ("bad", ("x" * 1000,) * 20)


class TestRedirect:
    @pytest.mark.parametrize(
        ("location", "whither"),
        [
            ("https://other.example/v0.1/servers?token=canary", "other.example"),
            ("https://user:canary@other.example:8443/", "other.example"),
            ("//other.example/canary", "other.example"),
            ("http://[::1]/canary", "::1"),
            ("http://169.254.169.254/latest/canary", "169.254.169.254"),
            ("/elsewhere?canary", "another path of its own"),
            ("", "another path of its own"),
            ("https://\x1b[31m/canary", "something that is no URL"),
            ("http://[canary", "something that is no URL"),
        ],
    )
    def test_a_redirect_names_its_host_and_no_more(self, location: str, whither: str) -> None:
        """
        The operator learns where it pointed, without path, query, port and user.
        """
        error = refused(302, headers={"location": location})

        assert str(error) == (f"{PEER} answered 302 found and points to {whither}; redirects are not followed")
