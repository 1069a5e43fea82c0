"""`[[webhook]]`: who is told of what happens, over HTTP."""

from typing import Annotated

from msgspec import Meta, Struct

from registry.audit.topic import Topic
from registry.settings.secret import SecretRef
from registry.settings.values import EXACT_URL, Flag, Slug, bracketed_addresses_are_real

ReceiverUrl = Annotated[
    str,
    Meta(
        pattern=EXACT_URL,
        description="an http or https URL without user, query or fragment",
        extra={"parse": bracketed_addresses_are_real},
    ),
]
"""Asked for exactly as it is written, so a slash at its end stays."""

ViewName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}(?:~[a-z0-9][a-z0-9-]{0,39})?\Z",
        description='a team such as "backend", or an environment of one such as "backend~prod"',
    ),
]


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One `[[webhook]]`. An empty list of events or teams is told of nothing; `teams` None: whatever team it concerns.
    """

    name: Slug
    url: ReceiverUrl
    secret: SecretRef
    """24 to 64 bytes in base64, with or without `whsec_` before them."""
    events: tuple[Topic, ...] = tuple(Topic)
    teams: tuple[ViewName, ...] | None = None
    allow_private: Flag = False
