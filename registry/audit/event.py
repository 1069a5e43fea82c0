"""What happened, as the record says it.

The bytes of an event are made once, when it is appended, and kept: whoever verifies reads those bytes and never makes
them again. So a field may be added here, with a default, and every event of before stays what it was.
"""

from enum import StrEnum
from typing import Final

import msgspec

Facts = dict[str, str | int | None]


class Outcome(StrEnum):
    """`refused`: understood, and not allowed. `failed`: allowed, and it did not come about."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What happened, past tense. Names of actions are permanent.

    Attributes:
        actor: A subject, `local:<user>`, or `system:sync`.
        roles: Those the actor acted with.
        detail: Facts about it, never bodies or secrets.
        digest: Of the document it is about, hexadecimal.
        before: What was so until then, of what this changed; None where nothing was.
        after: What is so since.
        reason: Why, in the words of whoever did or refused it.
        source: The address it was asked from; None where nobody asked over the network.
        request: The id of the request that asked for it, as the answer and the access log have it.
        decided_by: The rule, grant or check that decided; None where the roles did.
    """

    action: str
    actor: str
    roles: tuple[str, ...]
    object: str
    detail: Facts
    outcome: Outcome = Outcome.DONE
    digest: str | None = None
    before: Facts | None = None
    after: Facts | None = None
    reason: str | None = None
    source: str | None = None
    request: str | None = None
    decided_by: str | None = None


encode_event: Final = msgspec.json.Encoder().encode
"""The bytes under which an event is sealed and kept."""
_decode: Final = msgspec.json.Decoder(AuditEvent).decode


def decode_event(record: bytes) -> AuditEvent:
    """The event in bytes that were kept. Raises ValueError if they are none."""
    try:
        return _decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not an event: {error}") from error
