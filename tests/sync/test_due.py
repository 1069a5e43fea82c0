"""When an upstream is asked again, case by case."""

import msgspec
import pytest

from registry.settings import UpstreamKind, UpstreamSettings
from registry.store.records import Run, RunKind, RunState, SourceState
from sync.due import due

NOW_US = 1_750_000_000_000_000
S = 1_000_000
H = 3600 * S

FRESH = SourceState(source="official", kind="http", configured=True)
SYNCED = msgspec.structs.replace(
    FRESH, watermark_us=NOW_US - H, full_us=NOW_US - 2 * H, synced_us=NOW_US, attempted_us=NOW_US
)
HTTP = UpstreamSettings(name="official", kind=UpstreamKind.HTTP, url="https://registry.example")
FILE = UpstreamSettings(name="official", kind=UpstreamKind.FILE)


def run(state: RunState, kind: RunKind = RunKind.FULL) -> Run:
    return Run(
        id="run_1", sequence=1, upstream="official", kind=kind, state=state, trigger="schedule", actor="system:sync",
        requested_us=0,
    )  # fmt: skip


def ago(seconds: float, state: SourceState = SYNCED, **changes: object) -> SourceState:
    return msgspec.structs.replace(state, attempted_us=NOW_US - round(seconds * S), **changes)


def failing(*, since_s: float, tried_s: float) -> SourceState:
    return ago(tried_s, trouble="cannot connect", trouble_us=NOW_US - round(since_s * S))


DONE, FAILED, REFUSED = run(RunState.COMPLETED), run(RunState.FAILED), run(RunState.REFUSED)
FULL, INCREMENTAL = RunKind.FULL, RunKind.INCREMENTAL


class TestDue:
    @pytest.mark.parametrize(
        ("state", "last", "settings", "expected"),
        [
            pytest.param(FRESH, None, HTTP, FULL, id="never asked: at once, everything"),
            pytest.param(ago(0), DONE, HTTP, None, id="just synced"),
            pytest.param(ago(3599), DONE, HTTP, None, id="before the interval"),
            pytest.param(ago(3961), DONE, HTTP, INCREMENTAL, id="after the interval and its jitter"),
            pytest.param(ago(3961, full_us=NOW_US - 24 * H), DONE, HTTP, FULL, id="a day after the last full walk"),
            pytest.param(ago(100, full_us=NOW_US - 24 * H), DONE, HTTP, None, id="not before the interval though"),
            pytest.param(ago(3961, watermark_us=None), DONE, HTTP, FULL, id="nothing to ask from"),
            pytest.param(ago(3961), DONE, FILE, FULL, id="a file is always compared whole"),
            pytest.param(failing(since_s=0, tried_s=0), FAILED, HTTP, None, id="just failed"),
            pytest.param(failing(since_s=59, tried_s=59), FAILED, HTTP, None, id="failed once: not within a minute"),
            pytest.param(failing(since_s=60, tried_s=60), FAILED, HTTP, INCREMENTAL, id="failed once: after a minute"),
            pytest.param(failing(since_s=240, tried_s=119), FAILED, HTTP, None, id="failing for two minutes: wait two"),
            pytest.param(failing(since_s=240, tried_s=120), FAILED, HTTP, INCREMENTAL, id="then try again"),
            pytest.param(failing(since_s=90_000, tried_s=3599), FAILED, HTTP, None, id="at most the interval"),
            pytest.param(failing(since_s=90_000, tried_s=3600), FAILED, HTTP, INCREMENTAL, id="nor more often"),
            pytest.param(failing(since_s=61, tried_s=61), REFUSED, HTTP, None, id="refused: not within the interval"),
            pytest.param(failing(since_s=3600, tried_s=3600), REFUSED, HTTP, INCREMENTAL, id="refused: after it"),
            pytest.param(ago(0), run(RunState.RUNNING), HTTP, FULL, id="left behind: at once"),
            pytest.param(ago(0), run(RunState.RUNNING, INCREMENTAL), HTTP, INCREMENTAL, id="left behind: its own kind"),
            pytest.param(ago(-3600), DONE, HTTP, INCREMENTAL, id="the clock was set back: rather once too often"),
            pytest.param(ago(3961, full_us=NOW_US + H), DONE, HTTP, FULL, id="full walk in the future: the same"),
        ],
    )
    def test_follows_the_table(
        self, state: SourceState, last: Run | None, settings: UpstreamSettings, expected: RunKind | None
    ) -> None:
        """
        Interval, reconciliation, back-off, refusal, what was left behind, clocks set back.
        """
        assert due(now_us=NOW_US, state=state, last=last, settings=settings) == expected

    def test_jitter_spreads_those_who_started_together(self) -> None:
        """
        A thousand mirrors that synced at the same moment do not all come back at the same moment.
        """
        states = [msgspec.structs.replace(ago(3780), source=f"u{number}") for number in range(1000)]

        ready = sum(due(now_us=NOW_US, state=state, last=DONE, settings=HTTP) is not None for state in states)

        assert 400 < ready < 600
