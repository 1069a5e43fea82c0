"""How far a webhook is, and which approvals end soon."""

from functools import partial

import msgspec
import pytest

from registry.catalog.approval import Approval, State
from registry.store.interface import Store, Transaction
from registry.store.webhooks import WebhookState
from tests.contract.engines import NOW_US

pytestmark = pytest.mark.anyio

_DAY_US = 86_400_000_000


def _approval(number: int, *, ends_us: int | None, state: State = State.APPROVED) -> Approval:
    return Approval(
        id=f"apr_{number:026d}",
        name="com.acme/payroll",
        state=state,
        requested_us=NOW_US,
        requested_by="ann",
        request="",
        expires_us=ends_us,
    )


def _put(approvals: list[Approval], transaction: Transaction) -> None:
    for each in approvals:
        transaction.governance.put_approval(each)


class TestWebhooks:
    async def test_are_kept_whole(self, store: Store) -> None:
        """
        Every member comes back as it was last put; in the order of their names; one that is forgotten is gone.
        """
        chat = WebhookState(name="chat", since_us=NOW_US, position=7)
        desk = msgspec.structs.replace(
            chat,
            name="desk",
            tries=2,
            next_us=NOW_US + 1,
            trouble="it is closed",
            trouble_us=NOW_US,
            delivered=3,
            delivered_us=NOW_US - 1,
            dead=1,
            dead_us=NOW_US - 2,
        )

        def put(transaction: Transaction) -> None:
            for each in (desk, chat, msgspec.structs.replace(chat, position=9)):
                transaction.put_webhook(each)
            transaction.put_webhook(msgspec.structs.replace(chat, name="gone"))
            transaction.forget_webhook("gone")

        await store.transact(put)

        snapshot = store.snapshot()
        assert snapshot.webhooks() == [msgspec.structs.replace(chat, position=9), desk]
        assert snapshot.webhook("desk") == desk
        assert snapshot.webhook("gone") is None


class TestEnding:
    async def test_the_first_to_end_first(self, store: Store) -> None:
        """
        Only what is approved and ends by itself, by that instant; what was announced is left out where that is asked.
        """
        soon, later, never, over = (
            _approval(1, ends_us=NOW_US + _DAY_US),
            _approval(2, ends_us=NOW_US + 2 * _DAY_US),
            _approval(3, ends_us=None),
            _approval(4, ends_us=NOW_US + _DAY_US, state=State.REVOKED),
        )
        await store.transact(partial(_put, [later, soon, never, over]))
        await store.transact(lambda transaction: transaction.governance.put_announced(soon.id))

        governance = store.snapshot().governance
        assert governance.ending(until_us=NOW_US + 2 * _DAY_US, limit=9) == [soon, later]
        assert governance.ending(until_us=NOW_US + 2 * _DAY_US - 1, limit=9) == [soon]
        assert governance.ending(until_us=NOW_US + 2 * _DAY_US, limit=1) == [soon]
        assert governance.ending(until_us=NOW_US + 2 * _DAY_US, unannounced=True, limit=9) == [later]

    async def test_what_became_of_it(self, store: Store) -> None:
        """
        One that is put again with another end ends then, and stays announced; one that was revoked ends no more.
        """
        first, second = _approval(1, ends_us=NOW_US + _DAY_US), _approval(2, ends_us=NOW_US + _DAY_US)
        await store.transact(partial(_put, [first, second]))
        await store.transact(lambda transaction: transaction.governance.put_announced(first.id))

        earlier = msgspec.structs.replace(first, expires_us=NOW_US)
        await store.transact(partial(_put, [earlier, msgspec.structs.replace(second, state=State.REVOKED)]))

        governance = store.snapshot().governance
        assert governance.ending(until_us=NOW_US, limit=9) == [earlier]
        assert governance.ending(until_us=NOW_US + _DAY_US, unannounced=True, limit=9) == []
