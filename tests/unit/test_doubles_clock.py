"""The tests' clocks keep to the contract of `registry.clock.Clock`."""

import time
from pathlib import Path

import pytest

from registry.clock import Clock
from tests.doubles.clock import ClockFile, FileClock, FrozenClock

HOUR_US = 3_600_000_000
SLACK_US = 60_000_000


class TestFrozenClock:
    def test_stands_still(self) -> None:
        """
        Time does not pass by itself.
        """
        clock: Clock = FrozenClock(1_000)

        assert (clock.now_us(), clock.monotonic_ns()) == (clock.now_us(), clock.monotonic_ns()) == (1_000, 0)

    def test_advance_moves_both(self) -> None:
        """
        Time that passes is seen by the instant and by the stopwatch.
        """
        clock = FrozenClock(1_000)

        clock.advance(1.5)

        assert (clock.now_us(), clock.monotonic_ns()) == (1_501_000, 1_500_000_000)

    def test_step_moves_the_instant_only(self) -> None:
        """
        A host's clock that is set back does not turn the stopwatch back.
        """
        clock = FrozenClock(1_000_000)
        clock.advance(1)

        clock.step_to(5)

        assert (clock.now_us(), clock.monotonic_ns()) == (5, 1_000_000_000)

    def test_time_does_not_pass_backwards(self) -> None:
        """
        Only a step goes back.
        """
        with pytest.raises(ValueError, match="step_to"):
            FrozenClock(0).advance(-1)


class TestFileClock:
    def test_real_time_without_a_file(self, tmp_path: Path) -> None:
        """
        Nothing written, nothing changed.
        """
        clock: Clock = FileClock(tmp_path / "clock")

        assert abs(clock.now_us() - time.time_ns() // 1000) < SLACK_US

    def test_advance(self, tmp_path: Path) -> None:
        """
        Time that a test lets pass is seen at the next reading, by both hands.
        """
        clock, file = FileClock(tmp_path / "clock"), ClockFile(tmp_path / "clock")
        now_us, monotonic_ns = clock.now_us(), clock.monotonic_ns()

        file.advance(3600)

        assert HOUR_US <= clock.now_us() - now_us < HOUR_US + SLACK_US
        assert HOUR_US <= (clock.monotonic_ns() - monotonic_ns) // 1000 < HOUR_US + SLACK_US

    def test_step_back(self, tmp_path: Path) -> None:
        """
        The instant may step back, the stopwatch never does.
        """
        clock, file = FileClock(tmp_path / "clock"), ClockFile(tmp_path / "clock")
        now_us, monotonic_ns = clock.now_us(), clock.monotonic_ns()

        file.step(-3600)

        assert clock.now_us() < now_us - HOUR_US + SLACK_US
        assert clock.monotonic_ns() >= monotonic_ns

    def test_every_write_counts(self, tmp_path: Path) -> None:
        """
        Writes in quick succession are all seen, whatever the file system's idea of time.
        """
        clock, file = FileClock(tmp_path / "clock"), ClockFile(tmp_path / "clock")
        began_us = clock.now_us()

        for hour in range(1, 50):
            file.advance(3600)
            assert clock.now_us() - began_us >= hour * HOUR_US

    def test_time_does_not_pass_backwards(self, tmp_path: Path) -> None:
        """
        Only a step goes back.
        """
        with pytest.raises(ValueError, match="step"):
            ClockFile(tmp_path / "clock").advance(-1)
