"""Nothing an upstream does may hurt: the run ends with a reason, and the last good mirror stays served."""

import pytest

from registry.store.records import RunState
from sync.terms import SyncTerms
from tests.doubles.faults import (
    Effect,
    Fault,
    chunked,
    content_type,
    cursor_loop,
    cut_short,
    dropped,
    gzip_bomb,
    gzipped,
    hang_before_headers,
    hang_mid_body,
    html_error,
    html_page,
    huge_page,
    later_page,
    missing,
    not_json,
    null_servers,
    redirected,
    repeated,
    status,
    throttled,
    truncated,
    under,
)
from tests.doubles.upstream import FakeUpstream
from tests.doubles.wire import Request, Response
from tests.sync.world import World, publish

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


class TestLastGoodMirror:
    @pytest.mark.parametrize(
        ("effect", "reason"),
        [
            pytest.param(html_page(), "content type 'text/html", id="a page for people"),
            pytest.param(html_error(502), "502 bad gateway", id="a proxy's error page"),
            pytest.param(status(500), "500 internal server error", id="a server error"),
            pytest.param(status(403), "403 forbidden", id="a refusal"),
            pytest.param(not_json(), "no list of servers", id="no json"),
            pytest.param(content_type("text/plain"), "content type 'text/plain'", id="another content type"),
            pytest.param(content_type(None), "content type ''", id="no content type"),
            pytest.param(truncated(), "cut short", id="a connection that ends early"),
            pytest.param(cut_short(), "no list of servers", id="half a document"),
            pytest.param(null_servers(), "no list of servers", id="null instead of a list"),
            pytest.param(dropped(), "closed the connection", id="no answer"),
            pytest.param(hang_before_headers(), "did not answer within", id="silence"),
            pytest.param(hang_mid_body(), "fell silent", id="silence within an answer"),
            pytest.param(redirected("http://other.example/v0.1/servers"), "redirects are not followed", id="redirect"),
            pytest.param(gzip_bomb(64 * MIB), "reading stopped", id="a gzip bomb"),
            pytest.param(huge_page(3 * MIB), "more than 2097152 bytes", id="a page above the cap"),
            pytest.param(not_json(b"[" * 200_000), "no list of servers", id="nested without end"),
            pytest.param(not_json(b'{"servers":{}}'), "no list of servers", id="another shape"),
        ],
    )
    async def test_stays_served_whatever_comes_instead(
        self, world: World, upstream: FakeUpstream, effect: Effect, reason: str
    ) -> None:
        """
        The run fails with a reason an operator understands; entries, watermark and age of the mirror stay.
        """
        publish(upstream, 3)
        await world.mirror(upstream, max_page_bytes=2 * MIB)
        await world.sync()
        before = world.state()
        upstream.faults.append(Fault(effect))

        run = await world.full()

        assert run.state is RunState.FAILED
        assert reason in (run.reason or "")
        after = world.state()
        assert after.trouble == run.reason
        assert after.trouble_us == run.finished_us
        assert (after.entries, after.watermark_us, after.synced_us) == (3, before.watermark_us, before.synced_us)
        assert set((await world.statuses()).values()) == {"active"}

    async def test_trouble_is_over_with_the_next_success(self, world: World, upstream: FakeUpstream) -> None:
        """
        A later failure does not move the start of the trouble; a success ends it.
        """
        publish(upstream, 1)
        fault = Fault(status(400), times=2)
        upstream.faults.append(fault)
        await world.mirror(upstream)
        first = await world.sync()
        world.clock.advance(60)

        await world.sync()

        assert world.state().trouble_us == first.finished_us
        await world.sync()
        assert (world.state().trouble, world.state().trouble_us) == (None, None)

    async def test_a_failed_increment_is_repeated_from_the_same_watermark(
        self, world: World, upstream: FakeUpstream
    ) -> None:
        """
        The watermark moves behind the last page only.
        """
        publish(upstream, 1)
        await world.mirror(upstream, page_limit=1)
        await world.sync()
        before = world.state().watermark_us
        publish(upstream, 4, first=1)
        upstream.faults.append(Fault(status(400), when=later_page, after=1, times=1))

        failed = await world.sync()
        again = await world.sync()

        assert (failed.state, again.state) == (RunState.FAILED, RunState.COMPLETED)
        assert again.since_us == before
        assert len(await world.served()) == 5

    async def test_unreachable_is_a_reason(self, world: World, upstream: FakeUpstream) -> None:
        """
        An upstream that is not there shows as such.
        """
        await world.mirror(upstream)
        upstream.stop()

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert "cannot connect" in (run.reason or "")

    async def test_private_addresses_need_permission(self, world: World, upstream: FakeUpstream) -> None:
        """
        Without `allow_private` an upstream on loopback is not dialled.
        """
        await world.mirror(upstream, allow_private=False)

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert upstream.requests == []


class TestHarmless:
    @pytest.mark.parametrize(
        "effect",
        [gzipped(), chunked(), repeated(3), content_type("application/json; charset=utf-8")],
        ids=["compressed", "chunked", "repeated entries", "with a charset"],
    )
    async def test_differences_do_not_matter(self, world: World, upstream: FakeUpstream, effect: Effect) -> None:
        """
        Compressed, chunked, said three times: the same mirror.
        """
        publish(upstream, 5)
        upstream.faults.append(Fault(effect))
        await world.mirror(upstream, page_limit=2)

        run = await world.sync()

        assert (run.state, run.new, run.quarantined) == (RunState.COMPLETED, 5, 0)


class TestTryingAgain:
    async def test_waits_as_long_as_it_is_told(self, world: World, upstream: FakeUpstream) -> None:
        """
        429 with Retry-After is waited for, and the run completes.
        """
        publish(upstream, 2)
        upstream.faults.append(Fault(throttled("7"), times=1))
        await world.mirror(upstream)

        run = await world.sync()

        assert run.state is RunState.COMPLETED
        assert 7 <= max(world.pause.waits_s) < 8

    async def test_does_not_wait_beyond_the_deadline(self, world: World, upstream: FakeUpstream) -> None:
        """
        A wish that exceeds the run's deadline ends the run at once.
        """
        upstream.faults.append(Fault(throttled("50")))
        await world.mirror(upstream, run_deadline_s=40.0)

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert "deadline" in (run.reason or "")
        assert (len(upstream.requests), world.pause.waits_s) == (1, [])

    async def test_a_long_wish_ends_the_run_and_is_kept_to(self, world: World, upstream: FakeUpstream) -> None:
        """
        Nothing sleeps for an hour: the run fails, the schedule waits that long, and then goes on at its position.
        """
        publish(upstream, 4)
        upstream.faults.append(Fault(throttled("3600"), when=later_page, times=1))
        await world.mirror(upstream, page_limit=2)
        await world.jobs().tick()
        failed = world.store.snapshot().runs(upstream="official", limit=1)[0]
        upstream.forget_requests()
        world.clock.advance(3590)

        await world.jobs().tick()
        before = len(upstream.requests)
        world.clock.advance(10)
        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=1)[0]
        assert (failed.state, before) == (RunState.FAILED, 0)
        assert "asks to wait 3600 s" in (failed.reason or "")
        assert max(world.pause.waits_s) < 1
        assert (run.id, run.state, run.new) == (failed.id, RunState.COMPLETED, 4)
        assert upstream.requests[0].params["cursor"] == "com.acme/s001:1.0.0"

    async def test_backs_off_from_server_errors(self, world: World, upstream: FakeUpstream) -> None:
        """
        Each wait is about twice the one before, with up to a quarter more.
        """
        publish(upstream, 1)
        upstream.faults.append(Fault(html_error(503), times=3))
        await world.mirror(upstream)

        run = await world.sync()

        first, second, third = world.pause.waits_s
        assert run.state is RunState.COMPLETED
        assert 1 <= first <= 1.25
        assert 2 <= second <= 2.5
        assert 4 <= third <= 5

    async def test_gives_up_after_a_few_tries(self, world: World, upstream: FakeUpstream) -> None:
        """
        Four requests, then the run fails.
        """
        upstream.faults.append(Fault(status(500)))
        await world.mirror(upstream)

        await world.sync()

        assert len(upstream.requests) == 4

    async def test_does_not_repeat_what_is_refused(self, world: World, upstream: FakeUpstream) -> None:
        """
        A 400 does not get better by asking again.
        """
        upstream.faults.append(Fault(status(400)))
        await world.mirror(upstream)

        await world.sync()

        assert len(upstream.requests) == 1

    async def test_a_cut_connection_is_asked_once_more(self, world: World, upstream: FakeUpstream) -> None:
        """
        A page that was cut short comes whole at the second try.
        """
        publish(upstream, 4)
        upstream.faults.append(Fault(truncated(), times=1))
        await world.mirror(upstream)

        assert (await world.sync()).state is RunState.COMPLETED


class TestTotalDeadline:
    async def test_ends_a_run_that_takes_too_long(self, world: World, upstream: FakeUpstream) -> None:
        """
        However patient each request is, the run as a whole has an end.
        """

        def slowly(request: Request, response: Response) -> Response:
            world.clock.advance(40)
            return response

        publish(upstream, 9)
        upstream.faults.append(Fault(slowly))
        await world.mirror(upstream, page_limit=1, run_deadline_s=100.0)

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert run.reason == "the run took longer than its deadline of 100 s"

    async def test_one_request_gets_no_more_than_what_is_left(self, world: World, upstream: FakeUpstream) -> None:
        """
        A page that drips is cut off by the deadline of the whole request, though it is never silent.
        """
        world.terms = SyncTerms(read_s=5, page_s=0.2, tries=1)
        publish(upstream, 1)
        upstream.faults.append(Fault(lambda request, response: response.but(pieces=50, pause_s=0.05)))
        await world.mirror(upstream)

        run = await world.sync()

        assert "did not answer completely within 0.2 s" in (run.reason or "")


class TestEndlessLists:
    @pytest.mark.parametrize("cursor", [None, "com.acme/s000:1.0.0"], ids=["itself", "an earlier one"])
    async def test_a_cursor_that_comes_again_ends_the_run(
        self, world: World, upstream: FakeUpstream, cursor: str | None
    ) -> None:
        """
        A list that leads back into itself is found out after one round.
        """
        publish(upstream, 4)
        upstream.faults.append(Fault(cursor_loop(cursor)))
        await world.mirror(upstream, page_limit=2)

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert "leads back into itself" in (run.reason or "")
        assert len(upstream.requests) <= 3

    async def test_the_next_walk_begins_anew_after_a_loop(self, world: World, upstream: FakeUpstream) -> None:
        """
        Going on at a position in a loop would never end, so nobody does.
        """
        publish(upstream, 4)
        upstream.faults.append(Fault(cursor_loop(), when=later_page, times=1))
        await world.mirror(upstream, page_limit=1)
        await world.sync()
        upstream.forget_requests()

        run = await world.sync()

        assert run.state is RunState.COMPLETED
        assert "cursor" not in upstream.requests[0].params

    async def test_has_a_greatest_number_of_pages(self, world: World, upstream: FakeUpstream) -> None:
        """
        A list whose cursors are always new ends as well.
        """
        world.terms = SyncTerms(most_pages=3)
        publish(upstream, 9)
        await world.mirror(upstream, page_limit=1)

        run = await world.sync()

        assert run.reason == "the list has more than 3 pages"
        assert len(upstream.requests) == 3


class TestPace:
    async def test_keeps_to_the_rate(self, world: World, upstream: FakeUpstream) -> None:
        """
        Two requests a second by default: the public registry allows three.
        """
        publish(upstream, 4)
        await world.mirror(upstream, page_limit=2, max_rate=2.0)

        await world.sync()

        assert len(upstream.requests) == 3
        assert world.pause.waits_s == [0.5, 0.5]

    async def test_asking_under_the_older_prefix_takes_its_turn_too(self, world: World, upstream: FakeUpstream) -> None:
        """
        A registry without v0.1 is not asked twice at once.
        """
        publish(upstream, 1)
        upstream.faults.append(Fault(missing(), when=under("/v0.1")))
        await world.mirror(upstream, max_rate=2.0)

        run = await world.sync()

        assert (run.state, len(upstream.requests)) == (RunState.COMPLETED, 2)
        assert world.pause.waits_s == [0.5]


class TestToken:
    async def test_is_sent_and_never_shown(self, world: World, upstream: FakeUpstream) -> None:
        """
        An upstream's bearer token goes out with every page, and is in no text of ours.
        """
        world.token = "canary-7d1f"
        upstream.faults.append(Fault(status(401, body=b'{"detail":"no canary-7d1f here"}')))
        await world.mirror(upstream)

        run = await world.sync()

        assert upstream.requests[0].headers["authorization"] == "Bearer canary-7d1f"
        assert run.state is RunState.FAILED
        assert "canary" not in repr(world.upstreams) + repr(run)
