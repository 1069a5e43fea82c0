"""Delivering the record to webhooks, in the process that has the jobs: each in its own time, in the record's order.

The record is the outbox: nothing is written for a delivery before it has been tried. What was taken is noted after the
receiver said so, so whatever ends the process in between has it sent again, under the same id.
"""

from collections.abc import Sequence
from typing import Final

from structlog.typing import FilteringBoundLogger

from registry.audit.chain import SealedEvent
from registry.clock import Clock
from registry.commands.perform import perform
from registry.commands.webhooks import note_failure, pass_events
from registry.errors import Conflict, Invalid, RegistryError, StoreFault, UpstreamFault
from registry.outbox.message import message
from registry.outbox.retry import LONGEST_WAIT_S, wait_s
from registry.outbox.sender import Sender
from registry.outbox.webhook import Webhook, told_of
from registry.store.interface import Store
from registry.store.webhooks import WebhookState

_READ_AT_A_TIME: Final = 200
# So far behind what was looked at the place on record may be: who starts anew looks at that much again.
_MOST_UNNOTED: Final = 500
_REST_NS: Final = 30_000_000_000
_US: Final = 1_000_000


class Deliveries:
    """
    Args:
        webhooks: All that are configured; one that `configure_webhooks` was not called with is left alone.
    """

    def __init__(
        self, store: Store, clock: Clock, webhooks: Sequence[Webhook], *, sender: Sender, log: FilteringBoundLogger
    ) -> None:
        self._store = store
        self._clock = clock
        self._webhooks = webhooks
        self._sender = sender
        self._log = log
        self._looked: dict[str, int] = {}
        self._rests_until_ns: dict[str, int] = {}

    def due(self) -> list[Webhook]:
        """Those that there may be something for."""
        if not self._webhooks:
            return []
        snapshot = self._store.snapshot()
        head = snapshot.audit_head().sequence
        states = {state.name: state for state in snapshot.webhooks()}
        return [
            webhook
            for webhook in self._webhooks
            if (state := states.get(webhook.name)) is not None and self._position(state) < head and self._may(state)
        ]

    async def work(self, webhook: Webhook, fence: tuple[str, int]) -> None:
        """
        Returns when nothing waits, or the receiver does not take what it is sent. No other job suffers for either.

        Raises:
            Conflict: another process has taken over the lease.
        """
        try:
            while await self._advance(webhook, fence):
                pass
        except Conflict:
            raise
        except StoreFault as fault:
            self._rest(webhook)
            self._log.warning(f"webhook {webhook.name} rests for half a minute: {fault}", webhook=webhook.name)
        except Exception:  # noqa: BLE001 - the outermost loop of this webhook: it logs, and the others carry on
            self._rest(webhook)
            self._log.exception(f"webhook {webhook.name} rests for half a minute: a bug in the registry")

    async def _advance(self, webhook: Webhook, fence: tuple[str, int]) -> bool:
        """Deal with the next part of the record; whether there may be more to do at once."""
        state = self._store.snapshot().webhook(webhook.name)
        if state is None or not self._may(state):
            return False
        after = self._position(state)
        events = await self._store.ask(lambda snapshot: snapshot.sealed_events(after=after, limit=_READ_AT_A_TIME))
        if not events:
            return False
        wanted = next((sealed for sealed in events if told_of(webhook.settings, sealed)), None)
        if wanted is not None:
            return await self._deliver(webhook, state, wanted, fence)
        self._looked[webhook.name] = position = events[-1].sequence
        if position - state.position > _MOST_UNNOTED:
            await self._pass(webhook, position, fence, delivered=False)
        return True

    async def _deliver(
        self, webhook: Webhook, state: WebhookState, sealed: SealedEvent, fence: tuple[str, int]
    ) -> bool:
        try:
            await self._sender.send(webhook, message(sealed, public_url=self._sender.public_url))
        except (UpstreamFault, Invalid) as fault:
            return await self._failed(webhook, state, sealed, fault, fence)
        await self._pass(webhook, sealed.sequence, fence, delivered=True)
        return True

    async def _failed(
        self,
        webhook: Webhook,
        state: WebhookState,
        sealed: SealedEvent,
        fault: RegistryError,
        fence: tuple[str, int],
    ) -> bool:
        tries, now_us = state.tries + 1, self._clock.now_us()
        wait = wait_s(tries, fault)
        then = "is given up" if wait is None else f"is sent again in {wait:g} s"
        self._log.warning(
            f"webhook {webhook.name}: event {sealed.sequence} was not taken and {then}: {fault}",
            webhook=webhook.name,
            record=sealed.sequence,
            tries=tries,
        )
        await perform(
            self._store,
            lambda transaction: note_failure(
                transaction,
                webhook.name,
                sequence=sealed.sequence,
                reason=str(fault),
                now_us=now_us,
                next_us=None if wait is None else now_us + round(wait * _US),
                fence=fence,
            ),
        )
        return wait is None

    async def _pass(self, webhook: Webhook, position: int, fence: tuple[str, int], *, delivered: bool) -> None:
        now_us = self._clock.now_us()
        await perform(
            self._store,
            lambda transaction: pass_events(
                transaction, webhook.name, position=position, delivered=delivered, now_us=now_us, fence=fence
            ),
            # What a power cut takes back is sent again.
            durable=False,
        )

    def _position(self, state: WebhookState) -> int:
        return max(state.position, self._looked.get(state.name, 0))

    def _may(self, state: WebhookState) -> bool:
        """Whether it is not to be left alone. No wait is longer than a day: beyond that the clock was set back."""
        if self._clock.monotonic_ns() < self._rests_until_ns.get(state.name, 0):
            return False
        wait_us = 0 if state.next_us is None else state.next_us - self._clock.now_us()
        return not 0 < wait_us <= LONGEST_WAIT_S * _US

    def _rest(self, webhook: Webhook) -> None:
        self._rests_until_ns[webhook.name] = self._clock.monotonic_ns() + _REST_NS
