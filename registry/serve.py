"""Running the registry: one parent that prepares and watches, and its workers.

The parent opens nothing that a worker would inherit: the store is migrated and closed again before the first worker
is made, and each worker builds its own application.
"""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from registry import RELEASE
from registry.clock import Clock
from registry.egress.client import Network
from registry.errors import ConfigFault
from registry.logs import BoundLog, logger, standard_lines
from registry.settings import Settings, warnings

_METRICS_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
_GRACE_S: Final = 20
_LARGEST_HEAD_BYTES: Final = 32 * 1024


def serve(settings: Settings, *, clock: Clock, network: Network | None = None) -> None:
    """
    Serve until told to stop (SIGINT, SIGTERM); a graceful stop finishes what is being answered and written.

    Args:
        network: What opens sockets to others; tests pass one of their own.

    Raises:
        ConfigFault: a secret that is referred to is missing, readable by others or of no use; there is no such team;
            the address is in use.
        StoreFault: the store cannot be prepared; see migrations.migrate.
    """
    lines = standard_lines()
    log = logger(lines, clock, for_people=sys.stderr.isatty())
    for warning in warnings(settings):
        log.warning(warning.message, setting=warning.key)
    counters = tempfile.mkdtemp(prefix="mcp-registry-metrics-")
    try:
        # The workers count into this directory, and the library that counts looks for it when it is imported.
        os.environ[_METRICS_DIRECTORY] = counters
        from registry.app import build, prepare

        _require_free(settings)

        prepare(settings, clock=clock, log=log)
        loader = partial(_load, build, settings, clock, network)
        _server(settings, log).serve(target_loader=loader, wrap_loader=False)
    finally:
        shutil.rmtree(counters, ignore_errors=True)
    log.info("stopped")


def _server(settings: Settings, log: BoundLog) -> MPServer:
    server = MPServer(
        "registry",
        address=settings.server.host.strip("[]"),
        port=settings.server.port,
        interface=Interfaces.ASGI,
        workers=settings.server.workers,
        loop=Loops.uvloop,
        # Waiting clients queue in the kernel; past this, new connections are refused instead of piling up.
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, max_buffer_size=_LARGEST_HEAD_BYTES),
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
    return server


# Any: an ASGI application, in the types of whoever made it.
def _load(build: Callable[..., Any], settings: Settings, clock: Clock, network: Network | None) -> Any:
    """Make the application, in the worker."""
    lines = standard_lines()
    log = logger(lines, clock, for_people=sys.stderr.isatty())
    return build(settings, clock=clock, lines=lines, log=log, network=network)


def _require_free(settings: Settings) -> None:
    # Workers share their port, and the kernel would let a second registry share it too: it would answer every other
    # request, from another store. A socket that does not share finds out.
    host, port = settings.server.host.strip("[]"), settings.server.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigFault(
                f"cannot listen on {settings.server.listen}: {reason.lower()}; stop it, or change [server] listen"
            ) from error
