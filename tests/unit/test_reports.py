"""What operators read of a run."""

import msgspec
import pytest

from registry.reports import run_report
from registry.store.records import Run, RunKind, RunState


def made(**members: object) -> Run:
    return Run(
        id="run_1",
        sequence=1,
        upstream="official",
        kind=RunKind.FULL,
        state=RunState.RUNNING,
        trigger="schedule",
        actor="system:sync",
        requested_us=0,
        **members,  # type: ignore[arg-type]  # each test names members of Run
    )


class TestRunReport:
    def test_says_what_a_run_did(self) -> None:
        """
        The counts, how long it took, why it did not complete, and instants as RFC 3339.
        """
        found = run_report(made(new=1, changed=2, started_us=0, finished_us=2_500_000, reason="why"))

        assert (found.new, found.changed, found.duration_s, found.reason) == (1, 2, 2.5, "why")
        assert (found.started_at, found.finished_at) == ("1970-01-01T00:00:00Z", "1970-01-01T00:00:02.5Z")

    def test_has_no_duration_before_the_end(self) -> None:
        """
        A run under way has none, and one whose clock stepped back took no time.
        """
        assert run_report(made(started_us=0)).duration_s is None
        assert run_report(made(started_us=9, finished_us=3)).duration_s == 0

    @pytest.mark.parametrize("state", RunState)
    def test_says_whether_it_moves(self, state: RunState) -> None:
        """
        Requested and running ones do; the others have ended.
        """
        run = msgspec.structs.replace(made(), state=state)

        assert run_report(run).ended == (state not in (RunState.REQUESTED, RunState.RUNNING))
