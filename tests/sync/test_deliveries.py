"""What is on record reaches those who are told of it: signed, in order, at least once, and for as long as it takes."""

import asyncio
from typing import Any, Final

import pytest
import structlog

from registry.audit.question import Question
from registry.catalog.entry import ServerName
from registry.commands.actor import local
from registry.commands.perform import perform
from registry.commands.rules import block
from registry.commands.webhooks import configure_webhooks
from registry.egress.client import FetchLimits
from registry.outbox.report import WebhookReport, webhook_reports
from registry.outbox.retry import WAITS_S
from registry.outbox.sender import Sender
from registry.outbox.signature import key_in
from registry.outbox.webhook import Webhook
from registry.settings.secret import SecretRef
from registry.settings.webhooks import WebhookSettings
from sync.deliveries import Deliveries
from sync.schedule import Jobs
from tests.doubles.receiver import SECRET, Received, Receiver, Reply
from tests.sync.world import World

pytestmark = pytest.mark.anyio

_ANN: Final = local("ann")
_LIMITS: Final = FetchLimits(connect_s=2, read_s=2, total_s=2, max_decoded_bytes=4096, max_ratio=10)


def _webhook(receiver: Receiver, name: str = "chat", **settings: Any) -> Webhook:  # Any: keys of WebhookSettings
    fields: dict[str, Any] = {"url": receiver.url, "secret": SecretRef(env="CHAT"), "allow_private": True} | settings
    return Webhook(settings=WebhookSettings(name=name, **fields), key=key_in(SECRET))


async def _told(world: World, *webhooks: Webhook) -> Jobs:
    """The jobs of one more process, which tells these and no others."""
    names = [webhook.name for webhook in webhooks]
    await perform(world.store, lambda transaction: configure_webhooks(transaction, names))
    sender = Sender(world.client, world.clock, public_url="https://registry.example", limits=_LIMITS)
    log = structlog.get_logger()
    return world.jobs(deliveries=Deliveries(world.store, world.clock, webhooks, sender=sender, log=log))


async def _happens(world: World, *slugs: str) -> None:
    """One decision each."""
    for slug in slugs:
        name = ServerName(f"com.acme/{slug}")
        await perform(world.store, lambda t, name=name: block(t, name, None, reason="it leaks", actor=_ANN))  # type: ignore[misc]  # bound per round


def _objects(receiver: Receiver) -> list[str]:
    return [each.said["data"]["object"].partition("/")[2] for each in receiver.received]


def _report(world: World, webhook: Webhook) -> WebhookReport:
    return webhook_reports(world.store.snapshot(), [webhook.settings])[0]


class TestDelivery:
    async def test_what_happens_from_then_on(self, world: World) -> None:
        """
        In the order of the record, each once and signed; nothing of before, nothing it is not told of.
        """
        await _happens(world, "before")
        with Receiver() as receiver:
            webhook = _webhook(receiver)
            jobs = await _told(world, webhook)
            await _happens(world, "one", "two", "three")
            await jobs.tick()
            await jobs.tick()

            assert _objects(receiver) == ["one", "two", "three"]
        assert receiver.forged == []
        assert set(receiver.types) == {"server.blocked"}
        assert len(set(receiver.ids)) == 3
        report = _report(world, webhook)
        assert (report.state, report.waiting, report.delivered, report.dead) == ("ok", 0, 3, 0)
        assert report.url == receiver.url.removesuffix("/hooks/very-long-capability-path")

    async def test_another_process_goes_on(self, world: World) -> None:
        """
        What was taken is not sent again by whoever does the jobs next, and what came meanwhile is.
        """
        with Receiver() as receiver:
            jobs = await _told(world, _webhook(receiver))
            await _happens(world, "one")
            await jobs.tick()
            await jobs.stop()
            await _happens(world, "two")
            await (await _told(world, _webhook(receiver))).tick()

            assert _objects(receiver) == ["one", "two"]

    async def test_what_is_configured_anew_begins_anew(self, world: World) -> None:
        """
        One that was taken out of the configuration is not told afterwards of what happened meanwhile.
        """
        with Receiver() as receiver:
            await _told(world, _webhook(receiver))
            await _told(world)
            await _happens(world, "meanwhile")
            jobs = await _told(world, _webhook(receiver))
            await jobs.tick()

            assert receiver.received == []
        changes = world.store.snapshot().found_events(Question(action="webhooks.configured"), before=None, limit=9)
        assert [each.event.detail for each in changes.events[::-1]] == [
            {"added": "chat", "removed": ""},
            {"added": "", "removed": "chat"},
            {"added": "chat", "removed": ""},
        ]

    async def test_one_that_no_start_knew(self, world: World) -> None:
        """
        A process whose configuration is not in force tells nobody that is not.
        """
        with Receiver() as receiver:
            jobs = await _told(world, _webhook(receiver))
            await _told(world)
            await _happens(world, "one")
            await jobs.tick()

            assert receiver.received == []

    async def test_a_long_record_of_other_things(self, world: World) -> None:
        """
        However much nobody is told of lies between, what comes behind it arrives, and is not looked for again.
        """

        def much(transaction: Any) -> None:  # Any: a Transaction
            for number in range(900):
                transaction.append_audit(_ANN.event("token.issued", f"mcpr_{number}", {}))

        with Receiver() as receiver:
            webhook = _webhook(receiver)
            jobs = await _told(world, webhook)
            await world.store.transact(much)
            await jobs.tick()
            looked = world.store.snapshot().webhook("chat")
            await _happens(world, "one")
            await jobs.tick()

            assert _objects(receiver) == ["one"]
        assert looked is not None
        assert world.store.snapshot().audit_head().sequence - looked.position < 500


class TestRetry:
    async def test_until_it_is_taken(self, world: World) -> None:
        """
        The same message under the same id, signed anew, when its time has come; what follows waits for it.
        """
        answers = iter([Reply(status=503), Reply(status=302, headers={"Location": "/elsewhere"}), Reply(), Reply()])
        with Receiver(lambda _: next(answers)) as receiver:
            webhook = _webhook(receiver)
            jobs = await _told(world, webhook)
            await _happens(world, "one", "two")
            await jobs.tick()
            await jobs.tick()
            first = _report(world, webhook)
            world.clock.advance(WAITS_S[0])
            await jobs.tick()
            second = _report(world, webhook)
            world.clock.advance(WAITS_S[1])
            await jobs.tick()

            assert _objects(receiver) == ["one", "one", "one", "two"]
        assert receiver.forged == []
        assert receiver.asked == 4
        assert len(set(receiver.ids[:3])) == 1
        assert [each.timestamp - receiver.received[0].timestamp for each in receiver.received] == [0, 5, 35, 35]
        assert (first.state, first.waiting, first.tries) == ("failing", 2, 1)
        assert "503" in (first.trouble or "")
        assert "redirects are not followed" in (second.trouble or "")
        assert second.trouble_since == first.trouble_since
        assert (_report(world, webhook).state, _report(world, webhook).trouble) == ("ok", None)

    async def test_an_answer_tells_nothing_of_what_was_sent(self, world: World) -> None:
        """
        Whatever a receiver says comes from others: neither it nor the address of the receiver stands in the trouble.
        """

        def echo(received: Received) -> Reply:
            return Reply(status=500, body=b'{"detail":"%b"}' % received.headers["webhook-signature"].encode())

        with Receiver(echo) as receiver:
            webhook = _webhook(receiver)
            jobs = await _told(world, webhook)
            await _happens(world, "one")
            await jobs.tick()

        trouble = _report(world, webhook).trouble or ""
        assert "500" in trouble
        assert "v1," not in trouble
        assert "capability" not in trouble

    async def test_given_up_in_the_end(self, world: World) -> None:
        """
        After ten tries one is dead: counted, on record with the reason, told to nobody; the next has its turn.
        """
        with Receiver(lambda each: Reply(status=500 if "one" in each.said["data"]["object"] else 204)) as receiver:
            webhook = _webhook(receiver)
            jobs = await _told(world, webhook)
            await _happens(world, "one", "two")
            for wait_s in (0, *WAITS_S):
                world.clock.advance(wait_s)
                await jobs.tick()

            assert _objects(receiver) == [*["one"] * 10, "two"]
        report = _report(world, webhook)
        assert (report.state, report.delivered, report.dead, report.waiting) == ("ok", 1, 1, 0)
        [given_up] = (
            world.store.snapshot().found_events(Question(action="webhook.given_up"), before=None, limit=9).events
        )
        assert given_up.event.object == "chat"
        assert given_up.event.detail["tries"] == 10
        assert "500" in (given_up.event.reason or "")

    async def test_a_clock_that_was_set_back(self, world: World) -> None:
        """
        Nobody waits for an hour of a day that is far away.
        """
        answers = iter([Reply(status=503), Reply()])
        with Receiver(lambda _: next(answers)) as receiver:
            jobs = await _told(world, _webhook(receiver))
            await _happens(world, "one")
            await jobs.tick()
            world.clock.step_to(world.clock.now_us() - 400 * 86_400_000_000)
            await jobs.tick()

            assert len(receiver.received) == 2


class TestOthers:
    async def test_a_slow_receiver_holds_up_nobody(self, world: World) -> None:
        """
        While one has not answered, another has all there is.
        """
        with Receiver() as slow, Receiver() as quick:
            slow.hold()
            jobs = await _told(world, _webhook(slow, "slow"), _webhook(quick, "quick"))
            await _happens(world, "one", "two")
            ticking = asyncio.create_task(jobs.tick())
            await asyncio.to_thread(quick.wait_for, 2)
            await asyncio.to_thread(slow.wait_for, 1)
            held = len(slow.received)
            slow.let_go()
            await ticking

            assert (held, _objects(quick), _objects(slow)) == (1, ["one", "two"], ["one", "two"])

    async def test_nowhere_private(self, world: World) -> None:
        """
        An address inside is not asked unless the configuration allows it: no connection is made, and it is said why.
        """
        with Receiver() as receiver:
            webhook = _webhook(receiver, allow_private=False)
            jobs = await _told(world, webhook)
            await _happens(world, "one")
            await jobs.tick()

        assert receiver.asked == 0
        report = _report(world, webhook)
        assert (report.state, report.waiting) == ("failing", 1)
        assert "127.0.0.1" in (report.trouble or "")

    async def test_a_latecomer_notes_nothing(self, world: World) -> None:
        """
        A process that lost the jobs while it waited for an answer leaves the place on record as it is.
        """
        with Receiver() as receiver:
            receiver.hold()
            webhook = _webhook(receiver)
            late = await _told(world, webhook)
            await _happens(world, "one")
            ticking = asyncio.create_task(late.tick())
            await asyncio.to_thread(receiver.wait_for, 1)
            world.clock.advance(60)
            await (await _told(world)).tick()
            await _told(world, webhook)
            receiver.let_go()
            with pytest.raises(Exception, match="taken over"):
                await ticking

        assert _report(world, webhook).delivered == 0
