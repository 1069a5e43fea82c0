"""What an answer other than 2xx says, told without repeating anything that should not be told.

A peer may put our own token into its error page, or terminal escapes, or a novel. What we quote is one text
member of a JSON body, cleaned and cut, and nothing at all when it contains something that we sent. Beside it the error
carries the reasons of a problem document (RFC 9457), each under the same conditions.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from registry.clock import microseconds
from registry.egress.address import parse_host
from registry.errors import Invalid, UpstreamRefused

_QUOTE = 200
_EXPLANATION = 1000
_MOST_REASONS = 20
# Longer wishes are cut to this: a peer must not switch a mirror off for a year.
_LONGEST_WAIT_S = 86_400.0
# Shorter texts ("1", "api") occur in any sentence and are no secrets.
_SECRET_LENGTH = 4


def refusal(
    *, peer: str, status: int, headers: Mapping[str, str], body: bytes, sent: Collection[str], now_us: int
) -> UpstreamRefused:
    """
    The error to raise for an answer.

    Args:
        headers: The answer's, compared without regard to case by the mapping itself.
        body: The answer's beginning, decoded, or nothing.
        sent: Texts that must not come back in the message, in part or whole.
        now_us: The instant, for a Retry-After that is a date.
    """
    message = f"{peer} answered {_titled(status)}"
    detail, reasons = _explained(body, sent)
    if 300 <= status < 400 and "location" in headers:
        message += f" and points to {_host_of(headers['location'])}; redirects are not followed"
    elif detail:
        message += f": {detail[:_QUOTE]}"
    return UpstreamRefused(
        message,
        status=status,
        retry_after_s=retry_after_s(headers, now_us=now_us),
        detail=detail,
        reasons=reasons,
        headers=_Unshown(headers),
    )


class _Unshown(Mapping[str, str]):
    """Headers that whoever handles a refusal may ask for, and that no log shows by accident."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"<{len(self._headers)} headers>"


def retry_after_s(headers: Mapping[str, str], *, now_us: int) -> float | None:
    """Retry-After in seconds from now, 0 to one day; None where absent or unreadable (RFC 9110 §10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return min(max(_seconds_until(aware, now_us), 0.0), _LONGEST_WAIT_S)


def _seconds_until(instant: datetime, now_us: int) -> float:
    return (microseconds(instant) - now_us) / 1_000_000


def _titled(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase.lower()}"
    except ValueError:
        return str(status)


def _host_of(location: str) -> str:
    try:
        host = urlsplit(location).hostname
        if not host:
            return "another path of its own"
        return str(parse_host(f"[{host}]" if ":" in host else host))
    except (ValueError, Invalid):
        return "something that is no URL"


def _explained(body: bytes, sent: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The sentence of a problem, empty if it has none to show, and its reasons."""
    try:
        problem = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ()
    if not isinstance(problem, dict):
        return "", ()
    secrets = _secrets(sent)
    texts = (problem.get(member) for member in ("detail", "error", "message", "title"))
    sentence = next((text for text in texts if isinstance(text, str) and text), "")
    errors = problem.get("errors")
    reasons = [each.get("message") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    shown = (_clean(text, secrets) for text in reasons[:_MOST_REASONS] if isinstance(text, str))
    return _clean(sentence, secrets), tuple(filter(None, shown))


def _clean(text: str, secrets: Collection[str]) -> str:
    if any(part in text for part in secrets):
        return ""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_EXPLANATION]


def _secrets(sent: Collection[str]) -> list[str]:
    parts = [*sent, *(part for text in sent for part in text.replace("&", " ").replace("=", " ").split())]
    return [part for part in parts if len(part) >= _SECRET_LENGTH]
