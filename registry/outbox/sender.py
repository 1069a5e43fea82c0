"""One message to one receiver, once."""

from typing import Final

from registry.clock import Clock
from registry.egress.client import EgressClient, EgressPolicy, FetchLimits
from registry.outbox.message import Message
from registry.outbox.signature import signed_headers
from registry.outbox.webhook import Webhook

_LIMITS: Final = FetchLimits(connect_s=5, read_s=8, total_s=10, max_decoded_bytes=16 * 1024, max_ratio=100)
_TAKEN: Final = frozenset(range(200, 300))


class Sender:
    """
    Args:
        public_url: How clients reach this instance, for links.
        limits: What one try may cost; tests have no time.
    """

    def __init__(
        self, client: EgressClient, clock: Clock, *, public_url: str, limits: FetchLimits | None = None
    ) -> None:
        self.public_url = public_url
        self._client = client
        self._clock = clock
        self._limits = limits or _LIMITS

    async def send(self, webhook: Webhook, message: Message) -> None:
        """
        Returns when the receiver has taken it: any 2xx. What it says beside that is not read.

        Raises:
            UpstreamFault: it did not take it, cannot be reached, or must not be. Redirects are not followed.
            Invalid: the URL cannot be asked for.
        """
        signed = signed_headers(webhook.key, message.id, message.body, now_us=self._clock.now_us())
        await self._client.request(
            "POST",
            webhook.settings.url,
            headers={"Content-Type": "application/json", **signed},
            content=message.body,
            expected=_TAKEN,
            policy=EgressPolicy(allow_private=webhook.settings.allow_private),
            limits=self._limits,
        )
