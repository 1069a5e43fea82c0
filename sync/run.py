"""One run, from watermark to watermark.

Every page is committed in batches, with the position behind its last one, so that a walk goes on where it stopped; a
batch that is applied twice changes nothing. The watermark moves only behind the last page. What an upstream does wrong
ends the run with a reason and leaves what is mirrored as it is. What our own store or lease does wrong is raised.
"""

from typing import Final

import msgspec
from structlog.typing import FilteringBoundLogger

from registry.clock import Clock
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.begin_run import anew
from registry.commands.finish_run import finish_run
from registry.commands.perform import perform, recorded
from registry.commands.withdraw_unseen import withdraw_unseen
from registry.egress.client import EgressClient
from registry.errors import Invalid, UpstreamFault, UpstreamRefused
from registry.store.interface import Store, Transaction
from registry.store.records import Run, RunKind, RunState
from sync.batches import BatchSize
from sync.configured import ConfiguredUpstream
from sync.deadline import Deadline
from sync.observer import Observer
from sync.pause import Pause
from sync.quarantine import Sorter
from sync.sweep import Census, objection
from sync.terms import SyncTerms
from sync.upstream import Upstream, UpstreamPage
from sync.walk import EndlessWalk, Walk
from sync.watermark import watermark

_WITHDRAWN_AT_A_TIME: Final = 25
_SET_ASIDE_AT_A_TIME: Final = 100
# An upstream that asks for more is asked once a day all the same: it may have been a mistake.
_LONGEST_WISH_S: Final = 24 * 3600.0
_US: Final = 1_000_000
# Of the answers in the 400s these say nothing about the position that was asked for.
_NOT_ABOUT_THE_CURSOR: Final = frozenset({401, 403, 404, 408, 425, 429})


class Implausible(Exception):
    """Raised when a walk ended well and what it did not meet must not be withdrawn; the message says why."""


class SyncRun:
    """
    Performs one run.

    Args:
        fence: Name and number of the lease under which it goes.
    """

    def __init__(
        self,
        run: Run,
        upstream: ConfiguredUpstream,
        *,
        store: Store,
        clock: Clock,
        client: EgressClient,
        pause: Pause,
        terms: SyncTerms,
        observer: Observer,
        log: FilteringBoundLogger,
        fence: tuple[str, int],
    ) -> None:
        self._run = run
        self._upstream = upstream
        self._store = store
        self._clock = clock
        self._client = client
        self._pause = pause
        self._terms = terms
        self._observer = observer
        self._log = log.bind(upstream=run.upstream, run=run.id, kind=run.kind.value)
        self._fence = fence
        self._size = BatchSize()
        self._sorter = Sorter(
            upstream=run.upstream,
            run=run.id,
            selection=upstream.selection,
            max_entry_bytes=upstream.settings.max_entry_bytes,
            most=terms.most_quarantined,
        )

    async def perform(self) -> Run:
        """
        The run as it ended: completed, failed or refused.

        Cancelled, it leaves the run open; whoever has the lease next goes on with it.

        Raises:
            Conflict: Another process has taken over the lease; that one performs the run.
            StoreFault: Nothing can be written; the run is left open.
        """
        self._observer.run_started(self._run)
        try:
            await self._walk()
            if self._run.kind is RunKind.FULL:
                await self._sweep()
        except EndlessWalk as fault:
            self._run = msgspec.structs.replace(self._run, cursor=None)
            await self._finish(RunState.FAILED, str(fault))
        except UpstreamRefused as refused:
            await self._finish(RunState.FAILED, str(refused), wait_s=refused.retry_after_s)
        except (UpstreamFault, Invalid) as fault:
            await self._finish(RunState.FAILED, str(fault))
        except Implausible as refusal:
            await self._finish(RunState.REFUSED, str(refusal))
        else:
            await self._finish(RunState.COMPLETED, None)
        self._observer.run_finished(self._run)
        return self._run

    # --- the walk ---

    async def _walk(self) -> None:
        deadline = Deadline(self._clock, self._upstream.settings.run_deadline_s, subject="the run")
        opened = self._upstream.opened(
            client=self._client, clock=self._clock, pause=self._pause, deadline=deadline, terms=self._terms
        )
        async with opened as upstream:
            try:
                await self._read(upstream, deadline)
            except UpstreamRefused as refused:
                if not self._position_refused(refused):
                    raise
                self._log.warning(
                    "the upstream no longer knows the position; the walk begins anew", reason=str(refused)
                )
                self._run = anew(self._run)
                await self._read(upstream, deadline)

    def _position_refused(self, refused: UpstreamRefused) -> bool:
        return (
            self._run.cursor is not None and 400 <= refused.status < 500 and refused.status not in _NOT_ABOUT_THE_CURSOR
        )

    async def _read(self, upstream: Upstream, deadline: Deadline) -> None:
        run = self._run
        walk = Walk(
            upstream, since_us=run.since_us, cursor=run.cursor, done=run.pages, most_pages=self._terms.most_pages
        )
        async with walk:
            while (page := await walk.next()) is not None:
                deadline.require()
                await self._apply(page)

    async def _apply(self, page: UpstreamPage) -> None:
        now_us = self._clock.now_us()
        sorted_page = await self._sorter.sort(page.items, before=self._run.quarantined, now_us=now_us)
        for start in range(0, len(sorted_page.quarantined), _SET_ASIDE_AT_A_TIME):
            await self._commit(Batch(entries=(), quarantined=sorted_page.quarantined[start:][:_SET_ASIDE_AT_A_TIME]))
        for start in range(0, len(sorted_page.kept), _SET_ASIDE_AT_A_TIME):
            await self._commit(Batch(entries=(), kept=sorted_page.kept[start:][:_SET_ASIDE_AT_A_TIME]))
        for entries, last in self._size.cut(sorted_page.entries):
            behind = _Behind(cursor=page.next_cursor, newest_us=sorted_page.newest_us) if last else None
            await self._commit(Batch(entries=entries), behind)

    async def _commit(self, batch: Batch, behind: "_Behind | None" = None) -> None:
        """Apply the batch; *behind*, where it ends a page."""
        run, clock, fence = self._run, self._clock, self._fence

        def operation(transaction: Transaction) -> tuple[Run, int]:
            begun_ns = clock.monotonic_ns()
            done = apply_changes(
                transaction, run, batch, advance=lambda run: run if behind is None else behind.advance(run), fence=fence
            )
            return recorded(transaction, done), clock.monotonic_ns() - begun_ns

        # What a crash of the host takes away is fetched again: the position goes with it.
        self._run, duration_ns = await self._store.transact(operation, durable=False)
        self._size.took(len(batch.entries), duration_ns)
        self._observer.run_moved(self._run)

    # --- what was not met ---

    async def _sweep(self) -> None:
        census, accepted = await self._store.transact(self._count)
        self._run = msgspec.structs.replace(self._run, unseen=census.unseen)
        why_not = objection(
            census,
            self._run,
            max_shrink_share=self._upstream.settings.max_shrink_share,
            few=self._terms.few,
            accepted=accepted,
        )
        if why_not is not None:
            raise Implausible(why_not)
        while await self._withdraw_some():
            self._observer.run_moved(self._run)

    async def _withdraw_some(self) -> bool:
        """Whether there was anything left to withdraw."""
        run, fence = self._run, self._fence
        self._run = await perform(
            self._store,
            lambda transaction: withdraw_unseen(transaction, run, limit=_WITHDRAWN_AT_A_TIME, fence=fence),
            durable=False,
        )
        return self._run.withdrawn > run.withdrawn

    def _count(self, transaction: Transaction) -> tuple[Census, Run | None]:
        run = self._run
        live = sum(state.entries for state in transaction.source_states() if state.source == run.upstream)
        unseen = transaction.count_unseen(run.upstream, seen_in=run.sequence)
        return Census(live=live, unseen=unseen), transaction.run(run.accepts) if run.accepts else None

    # --- the end ---

    async def _finish(self, state: RunState, reason: str | None, *, wait_s: float | None = None) -> None:
        run = self._run
        reached_us = None
        if state is RunState.COMPLETED and run.started_us is not None:
            reached_us = watermark(
                newest_us=run.newest_us,
                started_us=run.started_us,
                overlap_us=self._terms.overlap_us,
                before_us=run.since_us,
            )
        now_us, fence = self._clock.now_us(), self._fence
        not_before_us = None if wait_s is None else now_us + round(min(wait_s, _LONGEST_WISH_S) * _US)
        self._run = await perform(
            self._store,
            lambda transaction: finish_run(
                transaction,
                run,
                state=state,
                now_us=now_us,
                fence=fence,
                reason=reason,
                watermark_us=reached_us,
                not_before_us=not_before_us,
            ),
        )
        self._tell()

    def _tell(self) -> None:
        run, upstream = self._run, self._upstream.name
        counts = {
            "new": run.new,
            "changed": run.changed,
            "withdrawn": run.withdrawn,
            "quarantined": run.quarantined,
            "unchanged": run.unchanged,
            "pages": run.pages,
        }
        if run.state is RunState.COMPLETED:
            moved = run.new + run.changed + run.withdrawn
            self._log.info(f"synced {upstream}: {moved} of {run.seen} entries moved", **counts)
        else:
            self._log.warning(f"sync of {upstream} {run.state.value}: {run.reason}", **counts)


class _Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What the end of a page means for the run: where the next one starts, and how new this one was."""

    cursor: str | None
    newest_us: int | None

    def advance(self, run: Run) -> Run:
        stamps = [stamp for stamp in (run.newest_us, self.newest_us) if stamp is not None]
        # Only a full walk is gone on with; what an incremental run asks for is asked anew.
        cursor = self.cursor if run.kind is RunKind.FULL else None
        return msgspec.structs.replace(run, pages=run.pages + 1, cursor=cursor, newest_us=max(stamps, default=None))
