"""Watching a file arrive: a live bar on standard error where that is a terminal, nothing elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from registry.egress.terms import Observe, unobserved


@contextmanager
def transferring(name: str) -> Iterator[Observe]:
    """What is to be told how far it is. *name*: of what arrives."""
    if not sys.stderr.isatty():
        yield unobserved
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        # Until it begins to arrive the server makes it, and the bar only pulses.
        task = bar.add_task(name, total=None)
        yield lambda arrived, of: bar.update(task, completed=arrived, total=of)
