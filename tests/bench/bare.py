"""What the framework costs when there is nothing to do: a handler that returns prepared bytes.

    python -m tests.bench.bare --port 8080 --bodies FILE

FILE holds answers of the registry, as `prepared.py` writes them; the query string says which one is wanted, so that
the bytes that are sent are as many, and as cold, as the registry's own. Two handlers: `/prepared` returns Litestar's
own Response of bytes and is what "bare" means; `/asgi` sends an answer that is ready, as the registry does.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Final

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from litestar import Litestar, Response, get
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import json_answer
from tests.bench.prepared import load_bodies

_JSON: Final = "application/json"


def build(bodies_file: Path) -> Litestar:
    """The application of the one worker."""
    bodies = load_bodies(bodies_file)

    @get("/prepared", media_type=_JSON)
    async def prepared(scope: HTTPScope) -> Response[bytes]:
        return Response(bodies[int(scope["query_string"])], media_type=_JSON)

    @get("/asgi")
    async def asgi(scope: HTTPScope) -> ASGIApp:
        return json_answer(bodies[int(scope["query_string"])])

    return Litestar(route_handlers=[prepared, asgi], openapi_config=None, logging_config=None)


def main() -> None:
    """Serve until told to stop, under the options of registry/serve.py; but nobody waits for its end."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bare", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bodies", type=Path, required=True)
    chosen = parser.parse_args()
    server = Server(
        "bare",
        address="127.0.0.1",
        port=chosen.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        backlog=1024,
        http1_settings=HTTP1Settings(header_read_timeout=30_000, max_buffer_size=32 * 1024),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=1,
        log_level=LogLevels.warning,
        log_access=False,
        process_name=None,
    )
    server.serve(target_loader=partial(_load, chosen.bodies), wrap_loader=False)


def _load(bodies: Path, *_: object) -> Litestar:
    return build(bodies)


if __name__ == "__main__":
    main()
