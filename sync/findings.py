"""Judging mirrored documents, in the background and off the path of a run.

What is due is kept by the store: it grows with every document that an entry takes, and with every release that brings
other rules. A few documents are judged, their findings are written, and so on; whatever ends the process loses the few
at most, and they are due still. Each document costs about half a millisecond of the interpreter, which whoever else
works in this process has to do without, so a rest follows: a short one while nothing else is to be done, a long one
beside a run.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from structlog.typing import FilteringBoundLogger

from registry.clock import Clock
from registry.commands.follow import follow_all
from registry.commands.perform import perform
from registry.commands.record_findings import Judged, record_findings
from registry.errors import StoreFault
from registry.store.interface import Store
from registry.store.records import DueDocument, Finding
from schemas.validation.engine import REVISION, validate
from schemas.validation.issue import Issue, IssueType, Severity, rule_of, shortened
from sync.pause import Pause

NOT_JUDGED: Final = "not-judged"
"""The rule that a document breaks if judging it fails: no document passes for right because of a bug of ours."""

_AT_A_TIME: Final = 32
_MOST_OF_A_RULE: Final = 10
_MOST_OF_A_DOCUMENT: Final = 50
# Rest after work, as a multiple of it. A full walk of 50,000 versions costs 3 to 5 % more of a core with findings on:
# about half of that is the table of what is due, half what is judged meanwhile.
_REST_ALONE: Final = 1
_REST_BESIDE_RUN: Final = 39
_REST_AFTER_FAULT_NS: Final = 30_000_000_000


class BackgroundValidation:
    """
    Judges what is due, for the process that has the lease.

    Args:
        judgement: What finds the findings; `judge`, unless stated.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        pause: Pause,
        log: FilteringBoundLogger,
        judgement: Callable[[bytes], tuple[Finding, ...]] | None = None,
    ) -> None:
        self._store = store
        self._judgement = judgement or judge
        self._clock = clock
        self._pause = pause
        self._log = log
        self._rests_until_ns = clock.monotonic_ns()

    @property
    def due(self) -> bool:
        """Whether there is anything to judge, and nothing went wrong a moment ago."""
        if self._clock.monotonic_ns() < self._rests_until_ns:
            return False
        return self._store.snapshot().unjudged(revision=REVISION, most=1) > 0

    async def work(self, fence: tuple[str, int], *, beside_run: Callable[[], bool]) -> None:
        """
        Returns when nothing is due any more, or if the store fails: no run has to suffer for that.

        Args:
            beside_run: Whether a run is under way at this moment.

        Raises:
            Conflict: another process has taken over the lease.
        """
        count = 0
        try:
            while due := await self._store.ask(
                lambda snapshot: snapshot.due_documents(revision=REVISION, limit=_AT_A_TIME)
            ):
                judged = [await self._judged(document, beside_run) for document in due]
                await perform(
                    self._store,
                    lambda transaction, judged=judged: record_findings(  # type: ignore[misc]  # bound per round
                        transaction, judged, revision=REVISION, fence=fence
                    ),
                    durable=False,
                )
                await follow_all(self._store)
                count += len(judged)
        except StoreFault as fault:
            self._rests_until_ns = self._clock.monotonic_ns() + _REST_AFTER_FAULT_NS
            self._log.warning(f"validation of mirrored documents rests for half a minute: {fault}")
        if count:
            self._log.info(f"validated {count} mirrored documents", documents=count)

    async def _judged(self, document: DueDocument, beside_run: Callable[[], bool]) -> Judged:
        began_ns = self._clock.monotonic_ns()
        try:
            findings = await asyncio.to_thread(self._judgement, document.body)
        except Exception:  # noqa: BLE001 - one document must not keep the others from being judged; it is told of
            self._log.exception("a document cannot be judged: a bug in the registry", digest=document.digest.hex())
            findings = _NOT_JUDGED
        took_ns = self._clock.monotonic_ns() - began_ns
        if took_ns:
            rest = _REST_BESIDE_RUN if beside_run() else _REST_ALONE
            await self._pause.wait(rest * took_ns / 1e9)
        return Judged(digest=document.digest, findings=findings)


def judge(document: bytes) -> tuple[Finding, ...]:
    """
    What our own profile finds in *document*, by rule: of each rule up to ten issues, fifty of all, one at least.

    The severities are the rules' own. What an organisation makes of them is applied when findings are read, so that a
    change of the configuration needs nothing judged again.
    """
    of_rule: dict[str, list[Issue]] = {}
    for issue in validate(document):
        of_rule.setdefault(rule_of(issue), []).append(issue)
    findings: list[Finding] = []
    room = _MOST_OF_A_DOCUMENT
    for rule, issues in of_rule.items():
        kept = issues[: max(1, min(_MOST_OF_A_RULE, room))]
        room -= len(kept)
        findings.append(
            Finding(
                rule=rule,
                severity=issues[0].severity,
                count=len(issues),
                # A path holds names that the document chose.
                issues=tuple(msgspec.structs.replace(issue, path=shortened(issue.path)) for issue in kept),
            )
        )
    return tuple(findings)


_NOT_JUDGED: Final = (
    Finding(
        rule=NOT_JUDGED,
        severity=Severity.ERROR,
        count=1,
        issues=(
            Issue(
                type=IssueType.JSON,
                path="",
                message="it could not be judged, because of a bug in the registry: the log says more",
                severity=Severity.ERROR,
                reference=NOT_JUDGED,
            ),
        ),
    ),
)
