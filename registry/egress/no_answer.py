"""What it means, in our own errors and in words, that an exchange failed before it was answered."""

import os
import ssl
from collections.abc import Iterable

import httpx

from registry.egress.target import Target
from registry.egress.terms import FetchLimits
from registry.errors import Invalid, UpstreamNonsense, UpstreamUnreachable


def no_answer(
    error: httpx.TransportError, target: Target, limits: FetchLimits
) -> Invalid | UpstreamUnreachable | UpstreamNonsense:
    """What it means that an exchange failed before the answer's head had arrived."""
    peer = target.origin
    match error:
        case httpx.PoolTimeout():
            return UpstreamUnreachable(f"too many requests are under way to ask {peer} as well")
        case httpx.ConnectTimeout():
            return UpstreamUnreachable(f"cannot connect to {peer}: no answer within {limits.connect_s:g} s")
        case httpx.ConnectError():
            return UpstreamUnreachable(f"cannot connect to {peer}: {_reason(error)}")
        case httpx.TimeoutException():
            return UpstreamUnreachable(f"{peer} did not answer within {limits.read_s:g} s")
        case httpx.LocalProtocolError():
            return Invalid(f"a header for {peer} cannot be written: line breaks and control characters are illegal")
        # httpcore 1.0 has one class for "closed without a word" and "not HTTP"; only the text differs.
        case httpx.RemoteProtocolError() if "without sending a response" not in str(error):
            return UpstreamNonsense(f"{peer} did not answer in HTTP")
        case _:
            return UpstreamUnreachable(f"{peer} closed the connection before it had answered")


def _reason(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message.lower()}"
        if isinstance(cause, ssl.SSLError):
            return "no TLS connection could be agreed on"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "the connection could not be made"


def _causes(error: BaseException) -> Iterable[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
