"""Everything that can go wrong, sorted by whose fault it is.

    RegistryError
    ├── CallerFault            the caller can mend it
    │   ├── Invalid            what was sent cannot be understood or breaks a rule
    │   │   ├── InvalidManifest   a server.json that breaks the rules for publishing
    │   │   └── ChangeRefused     a change that what is published here does not admit
    │   ├── Unauthenticated    no credential where one is needed, or a bad one
    │   │   └── MissingCredential  none, where nothing is done without one
    │   ├── Refused            understood, and not allowed
    │   ├── NotFound           not there, or not visible to the caller: the two look alike
    │   ├── Conflict           at odds with what is stored
    │   └── Throttled          too much, too soon
    ├── UpstreamFault          a peer did not do its part
    │   ├── UpstreamUnreachable   no answer: name, address, connection, time
    │   ├── UpstreamRefused       it answered with an error status
    │   └── UpstreamNonsense      it answered with something that cannot be used
    ├── StoreFault             ours: the database
    │   ├── StoreFull          no space left for a write; reads go on
    │   ├── StoreBusy          a write did not get its turn in time
    │   └── StoreTooNew        written by a newer release than this one
    └── ConfigFault            ours, the operator's: the configuration

`str(error)` is always fit to show the caller: lower case, names the thing, says what would help. Secrets and
internals stay in `__cause__`. Only `registry.api.problems` knows HTTP status codes. A bug in our own code raises
ValueError or asserts and is none of these.
"""

from collections.abc import Mapping
from types import MappingProxyType


class RegistryError(Exception):
    """Raised when something other than a bug in our own code went wrong."""


class CallerFault(RegistryError):
    """
    Raised when the caller can mend it.

    Args:
        why: What exactly was wrong, where the message is one of a closed set that programs look for.
    """

    def __init__(self, message: str, *, why: str | None = None) -> None:
        super().__init__(message)
        self.why = why


class Invalid(CallerFault):
    """Raised when what was sent cannot be understood or breaks a rule."""


class InvalidManifest(Invalid):
    """Raised when a server.json of the right form breaks a rule; what `validate` says is not repeated."""


class ChangeRefused(Invalid):
    """
    Raised when what is published here does not admit a change. The message is the reason.

    Args:
        taken_by: Another server that has what was asked for. The message does not name it: not everybody may know.
    """

    def __init__(self, message: str, *, taken_by: str | None = None) -> None:
        super().__init__(message)
        self.taken_by = taken_by


class Unauthenticated(CallerFault):
    """Raised when a credential is needed and absent, or present and bad. `why` helps nobody who guesses."""


class MissingCredential(Unauthenticated):
    """Raised when there is no credential at all, where nothing is done without one."""


class Refused(CallerFault):
    """Raised when the request was understood and is not allowed."""


class NotFound(CallerFault):
    """Raised when something is not there or not visible; the caller cannot tell which."""


class Conflict(CallerFault):
    """Raised when the request is at odds with what is stored."""


class Throttled(CallerFault):
    """Raised when the caller asks too much too soon."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UpstreamFault(RegistryError):
    """Raised when a peer did not do its part."""


class UpstreamUnreachable(UpstreamFault):
    """Raised when no answer came: name resolution, a forbidden address, the connection, or time ran out."""


class UpstreamRefused(UpstreamFault):
    """
    Raised when a peer answered with an error status.

    Args:
        retry_after_s: Its own wish, where it stated one.
        headers: The answer's. Their names compare without regard to case, and they are not for logs.
        detail: The sentence of its answer, of which the message has the beginning; empty if there is none to show.
        reasons: What its answer says beside that. Like `detail` cleaned, bounded, and without what repeats something
            that was sent.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        detail: str = "",
        reasons: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.headers = headers
        self.detail = detail
        self.reasons = reasons


class UpstreamNonsense(UpstreamFault):
    """Raised when a peer's answer cannot be used: not JSON, wrong shape, too large, a loop."""


class StoreFault(RegistryError):
    """Raised when the database did not do its part."""


class StoreFull(StoreFault):
    """Raised when there is no space left to write. Reads go on."""


class StoreBusy(StoreFault):
    """Raised when a write did not get its turn in time. Nothing was written."""


class StoreTooNew(StoreFault):
    """Raised when the file was written by a newer release than this one."""


class ConfigFault(RegistryError):
    """Raised when the configuration cannot be used; the message names file, line and what was expected."""
