"""What doctor makes of a registry that ToolHive does not finish reading at its start."""

import pytest

from registry.cli.clients.conversation import Conversation
from registry.cli.clients.diagnosis import Diagnosis, State
from registry.cli.clients.toolhive import examine
from registry.egress.client import EgressClient
from tests.doubles.clock import FrozenClock
from tests.doubles.web import Asked, Reply, WebServer, json_reply

pytestmark = pytest.mark.anyio


class SlowClock(FrozenClock):
    """Every look at it takes four seconds."""

    def monotonic_ns(self) -> int:
        self.advance(4)
        return super().monotonic_ns()


class Long:
    """A list that goes on and on, one server a page; a hundred a page it has one page."""

    def __init__(self) -> None:
        self.pages = 0

    def __call__(self, asked: Asked) -> Reply:
        if "/versions/" in asked.target:
            return json_reply({}, status=404)
        self.pages += 1
        metadata = {"count": 0} | ({"nextCursor": str(self.pages)} if "limit=1&cursor" in asked.target else {})
        if asked.target.endswith("?limit=1"):
            metadata["nextCursor"] = "first"
        return json_reply({"servers": [], "metadata": metadata})


async def test_ten_seconds_are_not_enough() -> None:
    """
    It asks for one server at a time and gives up after ten seconds: that is told, and the rest is asked all the same.
    """
    diagnosis, clock = Diagnosis(), SlowClock(1_757_376_000_000_000)

    with WebServer(Long()) as server:
        async with EgressClient(clock=clock, user_agent="test") as client:
            await examine(Conversation(server.url, client), diagnosis, clock)

    failed = [check for check in diagnosis.checks if check.state is State.FAILED]
    assert [check.what for check in failed] == ["reads every server once at its start"]
    assert "when its 10 s were over" in failed[0].said
    assert ("lists servers", State.PASSED) in [(check.what, check.state) for check in diagnosis.checks]
