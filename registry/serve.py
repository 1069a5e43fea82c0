"""Running the registry: one parent that prepares and watches, and its workers.

The parent opens nothing that a worker would inherit: the store is migrated and closed again before the first worker
is made, and each worker builds its own application.
"""

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server as Granian

from registry import RELEASE
from registry.clock import Clock
from registry.logs import logger, standard_lines
from registry.settings import Settings, warnings
from registry.store.sqlite.migrations import migrate

_METRICS_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
_GRACE_S: Final = 20
_LARGEST_HEAD_BYTES: Final = 32 * 1024


def serve(settings: Settings, *, clock: Clock) -> None:
    """
    Serve until told to stop (SIGINT, SIGTERM); a graceful stop finishes what is being answered and written.

    Raises:
        ConfigFault: a secret that an upstream refers to is missing or readable by others.
        StoreFault: the store cannot be prepared; see migrations.migrate.
    """
    lines = standard_lines()
    log = logger(lines, clock, for_people=sys.stderr.isatty())
    for upstream in settings.upstreams:
        if upstream.token is not None:
            upstream.token.resolve(os.environ)
    for warning in warnings(settings):
        log.warning(warning.message, setting=warning.key)
    for step in migrate(settings.store.path, clock=clock, release=RELEASE):
        log.info(f"prepared the store: {step}", store=str(settings.store.path))
    _share_metrics(settings.store.path)
    server = Granian(
        "registry",
        address=settings.server.host.strip("[]"),
        port=settings.server.port,
        interface=Interfaces.ASGI,
        workers=settings.server.workers,
        loop=Loops.uvloop,
        # Waiting clients queue in the kernel; past this, new connections are refused instead of piling up.
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=_LARGEST_HEAD_BYTES),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE_S,
        log_level=LogLevels.warning,
        log_access=False,
        process_name=None,
    )
    server.on_startup(
        lambda: log.info(
            f"serving {settings.server.public_url} with {settings.server.workers} worker(s)",
            listen=settings.server.listen,
            workers=settings.server.workers,
            release=RELEASE,
        )
    )
    server.serve(target_loader=partial(_load, settings, clock), wrap_loader=False)
    log.info("stopped")


def _load(settings: Settings, clock: Clock) -> Callable[..., Any]:  # Any: an ASGI application
    """Make the application, in the worker. Imported here, so that the parent starts without the framework."""
    from registry.app import build

    lines = standard_lines()
    return build(settings, clock=clock, lines=lines, log=logger(lines, clock, for_people=sys.stderr.isatty()))


def _share_metrics(store: Path) -> None:
    """Give the workers a place to count in, empty, before the library that counts is imported anywhere."""
    directory = store.with_name(store.name + "-metrics")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    os.environ[_METRICS_DIRECTORY] = str(directory)
