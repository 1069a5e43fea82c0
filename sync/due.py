"""When an upstream is to be asked again. A pure table of cases; schedule.py acts on it."""

import zlib
from typing import Final

from registry.settings import UpstreamKind, UpstreamSettings
from registry.store.records import Run, RunKind, RunState, SourceState

_US: Final = 1_000_000
_FIRST_RETRY_US: Final = 60 * _US
_JITTER: Final = 0.1


def due(*, now_us: int, state: SourceState, last: Run | None, settings: UpstreamSettings) -> RunKind | None:
    """
    The kind of run that is due now; None if none is.

    After a success the interval passes, and up to a tenth of it more, so that many mirrors do not ask at once. After
    a failure a minute, then twice as long each time until that is the interval; but as long as the upstream wished,
    where it did. After a refusal the interval: a whole walk every minute would not make an upstream's list any longer.

    Args:
        last: The newest run of this upstream. One that is still running when nobody performs any was left behind.
    """
    kind = _kind(now_us, state, settings)
    if last is not None and last.state is RunState.RUNNING:
        return last.kind
    if state.attempted_us is None:
        return kind
    if last is not None and _asked_to_wait(now_us, last):
        return None
    passed_us = now_us - state.attempted_us
    # Negative: the host's clock was set back. Asking once too often is better than not for years.
    return kind if passed_us < 0 or passed_us >= _wait_us(state, last, settings) else None


def _asked_to_wait(now_us: int, last: Run) -> bool:
    # Where the clock was set back since, the wish says nothing any more.
    return last.not_before_us is not None and (last.finished_us or 0) <= now_us < last.not_before_us


def _kind(now_us: int, state: SourceState, settings: UpstreamSettings) -> RunKind:
    # A file cannot be asked what changed.
    if settings.kind is UpstreamKind.FILE or state.full_us is None or state.watermark_us is None:
        return RunKind.FULL
    passed_us = now_us - state.full_us
    overdue = passed_us < 0 or passed_us >= settings.reconcile_interval_s * _US
    return RunKind.FULL if overdue else RunKind.INCREMENTAL


def _wait_us(state: SourceState, last: Run | None, settings: UpstreamSettings) -> float:
    interval_us = min(settings.interval_s, settings.reconcile_interval_s) * _US
    attempted_us = state.attempted_us or 0
    if state.trouble_us is None:
        return interval_us * (1 + _JITTER * _spread(f"{state.source} {attempted_us}"))
    if last is not None and last.state is RunState.REFUSED:
        return interval_us
    # As long as it has been failing, which doubles with every try.
    return min(max(attempted_us - state.trouble_us, _FIRST_RETRY_US), interval_us)


def _spread(seed: str) -> float:
    """A number from 0 to 1 that is always the same for *seed*."""
    return zlib.crc32(seed.encode()) / 0xFFFFFFFF
