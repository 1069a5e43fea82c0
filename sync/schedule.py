"""When runs happen, and which process performs them.

APScheduler only ticks. What is due is read from the store and decided with the registry's clock, by whichever process
holds the lease. Runs of different upstreams go side by side (turns.py says which), those of one upstream never: an
upstream that hangs holds up nobody but itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from structlog.typing import FilteringBoundLogger

from registry.audit.checkpoint import CheckpointKey
from registry.clock import Clock
from registry.commands.abandon_run import abandon_run
from registry.commands.actor import Actor
from registry.commands.begin_run import begin_run
from registry.commands.perform import perform
from registry.commands.request_run import request_run
from registry.commands.sweep_retention import sweep_retention
from registry.egress.client import EgressClient
from registry.errors import Conflict, RegistryError, StoreFault
from registry.settings import RetentionSettings, UpstreamKind
from registry.store.interface import Store
from registry.store.records import ENDED, Retention, Run, RunKind, RunState
from sync.checkpoints import Checkpoints
from sync.configure import project_all_pending
from sync.configured import ConfiguredUpstream
from sync.crew import Crew
from sync.deliveries import Deliveries
from sync.expiries import Expiries
from sync.findings import BackgroundValidation
from sync.holder import holder_name
from sync.lease import JobsLease
from sync.observer import NobodyWatches, Observer
from sync.pause import Pause, RealPause
from sync.run import SyncRun
from sync.terms import SyncTerms
from sync.turns import Progress, Turn, turns

_TICK_S: Final = 1
_LOOK_AGAIN_S: Final = 0.25
_REST_NS: Final = 30_000_000_000
_SWEEP_EVERY_US: Final = 24 * 3600 * 1_000_000
_SWEPT_AT_A_TIME: Final = 50
_TIDY_AGAIN_NS: Final = 60_000_000_000
# Names that no upstream can have.
_OWN: Final = "/"
_TIDYING: Final = f"{_OWN}tidying"
_VALIDATING: Final = f"{_OWN}validating"
_DELIVERING: Final = f"{_OWN}delivering to "
_EXPIRY_NOTICE_S: Final = 7 * 86400.0
_US: Final = 1_000_000


class Jobs:
    """
    The jobs of this process. `start` and `stop` inside `serve`; `run_now` alone for a command on the store itself.

    Args:
        upstreams: All that are configured; `put_in_force` was called with them.
        checkpoint_key: What confirms the record with a signature; None: nothing does.
        deliveries: What tells webhooks of what is on record; None: nothing does.
        expiry_notice_s: How long before an approval ends that is announced.
        observer: Is told how the runs of this process go, and those that `run_now` follows elsewhere.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        upstreams: Sequence[ConfiguredUpstream],
        client: EgressClient,
        retention: RetentionSettings,
        log: FilteringBoundLogger,
        checkpoint_key: CheckpointKey | None = None,
        deliveries: Deliveries | None = None,
        expiry_notice_s: float = _EXPIRY_NOTICE_S,
        observer: Observer | None = None,
        pause: Pause | None = None,
        terms: SyncTerms | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._upstreams = {upstream.name: upstream for upstream in sorted(upstreams, key=_precedence)}
        self._client = client
        self._retention = retention
        self._log = log
        self._checkpoints = Checkpoints(store, clock, checkpoint_key)
        self._deliveries = deliveries
        self._expiries = Expiries(store, clock, notice_s=expiry_notice_s)
        self._observer = Progress(clock, observer or NobodyWatches())
        self._pause = pause or RealPause()
        self._terms = terms or SyncTerms()
        self._lease = JobsLease(store, clock, holder=holder_name())
        self._validation = BackgroundValidation(store, clock, pause=self._pause, log=log)
        self._swept_us: int | None = None
        self._rests_until_ns = clock.monotonic_ns()
        self._resting: dict[str, int] = {}
        self._scheduler: AsyncIOScheduler | None = None
        self._working: asyncio.Task[object] | None = None

    @property
    def leading(self) -> bool:
        """Whether this process runs the jobs at present."""
        return self._lease.held

    async def start(self) -> None:
        """Begin to tick. Returns at once."""
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(self._work, IntervalTrigger(seconds=_TICK_S, timezone="UTC"), id="work")
        self._scheduler.start()

    async def stop(self) -> None:
        """
        Returns when nothing runs any more and another process may take over.

        A run under way stays open, to be gone on with behind its last committed batch.
        """
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
            # It stops itself in the loop's next round.
            await asyncio.sleep(0)
        if self._working is not None:
            self._working.cancel()
            await asyncio.wait({self._working})
            self._working = None
        try:
            await self._lease.release()
        except StoreFault as fault:
            # It expires by itself within seconds.
            self._log.warning(f"the lease of the jobs is left to expire: {fault}")

    async def tick(self) -> None:
        """
        Do what is due now, and what comes up meanwhile, if this process has the lease or gets it.

        Returns when nothing is under way.

        Raises:
            Conflict: another process took over meanwhile.
            StoreFault: nothing can be written.
        """
        if (fence := await self._lease.fence()) is None:
            return
        async with self._lease.kept(), Crew() as crew:
            tidied, tidy_after_ns = False, self._clock.monotonic_ns() + _TIDY_AGAIN_NS
            while True:
                for turn in self._turns(crew.names):
                    crew.start(turn.upstream, self._perform(turn, fence))
                if _VALIDATING not in crew.names and self._validation.due:
                    crew.start(_VALIDATING, self._validate(crew, fence))
                self._deliver(crew, fence)
                # When nothing else is to be done; and now and then, as there may always be something.
                if (not _runs(crew.names) and not tidied) or self._clock.monotonic_ns() > tidy_after_ns:
                    tidied, tidy_after_ns = True, self._clock.monotonic_ns() + _TIDY_AGAIN_NS
                    if _TIDYING not in crew.names:
                        crew.start(_TIDYING, self._tidy(fence))
                if not crew.names:
                    return
                await crew.wait(_LOOK_AGAIN_S)

    async def run_now(
        self, upstream: str, *, kind: RunKind, trigger: str, actor: Actor, accepts: str | None = None
    ) -> Run:
        """
        Have a run of *upstream* performed and wait for its end: here, or by the process that has the lease.

        Raises:
            NotFound, Conflict: as request_run does.
            StoreFault: nothing can be written.
        """
        now_us = self._clock.now_us()
        run = await perform(
            self._store,
            lambda transaction: request_run(
                transaction, upstream, kind=kind, trigger=trigger, actor=actor, now_us=now_us, accepts=accepts
            ),
        )
        while run.state not in ENDED:
            fence = await self._lease.fence()
            if fence is None:
                await self._pause.wait(_LOOK_AGAIN_S)
            else:
                await self._perform_here(upstream, fence)
            run = self._store.snapshot().run(run.id) or run
            if fence is None:
                self._observer.run_moved(run)
        return run

    async def _perform_here(self, upstream: str, fence: tuple[str, int]) -> None:
        try:
            async with self._lease.kept():
                await self._take_up(upstream, RunKind.INCREMENTAL, "command", fence)
        except Conflict:
            self._log.warning(f"another process goes on with the sync of {upstream}", upstream=upstream)

    # --- one round ---

    async def _work(self) -> None:
        """What APScheduler calls. Nothing may end the ticking."""
        if self._scheduler is None or self._clock.monotonic_ns() < self._rests_until_ns:
            return
        self._working = asyncio.current_task()
        self._scheduler.pause_job("work")
        try:
            await self.tick()
        except Conflict as conflict:
            self._log.warning(f"stepping back: {conflict}")
        except RegistryError as fault:
            self._log.error(f"the jobs rest for half a minute: {fault}")
            self._rests_until_ns = self._clock.monotonic_ns() + _REST_NS
        except Exception:  # noqa: BLE001 - the outermost loop of the jobs: it logs and carries on
            self._log.exception("the jobs rest for half a minute: a bug in the registry")
            self._rests_until_ns = self._clock.monotonic_ns() + _REST_NS
        finally:
            self._working = None
            if self._scheduler is not None:
                self._scheduler.resume_job("work")

    def _turns(self, at_work: frozenset[str]) -> list[Turn]:
        now_ns = self._clock.monotonic_ns()
        return turns(
            self._store.snapshot(),
            self._upstreams,
            now_us=self._clock.now_us(),
            busy=_runs(at_work),
            resting={name for name, until_ns in self._resting.items() if until_ns > now_ns},
            progress=self._observer,
        )

    async def _perform(self, turn: Turn, fence: tuple[str, int]) -> None:
        """One upstream's run. What goes wrong with the store or the lease ends the others, too."""
        try:
            await self._take_up(turn.upstream, turn.kind, turn.trigger, fence)
        except (Conflict, StoreFault):
            raise
        except Exception:  # noqa: BLE001 - the outermost loop of this upstream: it logs, and the others carry on
            self._log.exception(f"{turn.upstream} rests for half a minute: a bug in the registry")
            self._resting[turn.upstream] = self._clock.monotonic_ns() + _REST_NS

    async def _tidy(self, fence: tuple[str, int]) -> None:
        await project_all_pending(self._store)
        await self._expiries.keep(fence)
        await self._sweep(fence)
        await self._checkpoints.keep(fence)

    async def _validate(self, crew: Crew, fence: tuple[str, int]) -> None:
        await self._validation.work(fence, beside_run=lambda: bool(_runs(crew.names)))

    def _deliver(self, crew: Crew, fence: tuple[str, int]) -> None:
        """To every webhook that something waits for: a task each, so that a slow receiver holds up nobody else."""
        if self._deliveries is None:
            return
        for webhook in self._deliveries.due():
            if (task := _DELIVERING + webhook.name) not in crew.names:
                crew.start(task, self._deliveries.work(webhook, fence))

    async def _take_up(self, name: str, kind: RunKind, trigger: str, fence: tuple[str, int]) -> Run | None:
        """Perform the run that is next for this upstream; one of an upstream nobody configured is given up."""
        now_us = self._clock.now_us()
        upstream = self._upstreams.get(name)
        if upstream is None:
            await self._give_up(name, now_us, fence)
            return None
        run = await perform(
            self._store,
            lambda transaction: begin_run(
                transaction,
                name,
                kind=kind,
                trigger=trigger,
                now_us=now_us,
                fence=fence,
                # A file cannot be asked what changed.
                asks_since=upstream.settings.kind is not UpstreamKind.FILE,
            ),
        )
        self._log.info(f"syncing {name}", upstream=name, run=run.id, kind=run.kind.value, trigger=run.trigger)
        return await SyncRun(
            run,
            upstream,
            store=self._store,
            clock=self._clock,
            client=self._client,
            pause=self._pause,
            terms=self._terms,
            observer=self._observer,
            log=self._log,
            fence=fence,
        ).perform()

    async def _give_up(self, name: str, now_us: int, fence: tuple[str, int]) -> None:
        snapshot = self._store.snapshot()
        for run in [*snapshot.runs_in(RunState.RUNNING), *snapshot.runs_in(RunState.REQUESTED)]:
            if run.upstream == name:
                reason = f"no upstream {name!r} is configured any more"
                await perform(
                    self._store,
                    lambda transaction, run=run, reason=reason: abandon_run(  # type: ignore[misc]  # bound per round
                        transaction, run, reason=reason, now_us=now_us, fence=fence
                    ),
                )

    async def _sweep(self, fence: tuple[str, int]) -> None:
        """Once a day: what has outlived its retention, a little at a time."""
        now_us = self._clock.now_us()
        if self._swept_us is not None and 0 <= now_us - self._swept_us < _SWEEP_EVERY_US:
            return
        retention = Retention(
            runs_before_us=now_us - round(self._retention.runs_s * _US),
            quarantine_before_us=now_us - round(self._retention.quarantine_s * _US),
            superseded_before_us=now_us - round(self._retention.superseded_documents_s * _US),
            buckets_full_before_us=now_us,
            audit_payloads_before_us=now_us - round(self._retention.audit_payloads_s * _US),
            tokens_ended_before_us=now_us - round(self._retention.ended_tokens_s * _US),
        )
        swept = 0
        while more := await perform(
            self._store,
            lambda transaction: sweep_retention(transaction, retention, limit=_SWEPT_AT_A_TIME, fence=fence),
            durable=False,
        ):
            swept += more
        self._swept_us = now_us
        if swept:
            self._log.info(f"retention: {swept} rows deleted", rows=swept)


def _runs(names: frozenset[str]) -> frozenset[str]:
    """The upstreams among what is at work."""
    return frozenset(name for name in names if not name.startswith(_OWN))


def _precedence(upstream: ConfiguredUpstream) -> tuple[int, str]:
    return upstream.settings.precedence, upstream.name
