"""Start the real server with a clock that a test moves: `python -m tests.entry --config FILE --clock FILE`.

The product itself has no setting for its time, nor for where https leads; this is the way in.
"""

import argparse
import os
from pathlib import Path

from registry.serve import serve
from registry.settings.file import load_settings
from tests.doubles.clock import FileClock
from tests.doubles.detour import HttpsDetour


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--clock", type=Path, required=True, help="written by tests.doubles.clock.ClockFile")
    parser.add_argument("--https-port", type=int, help="where every connection to port 443 ends: on this machine, here")
    arguments = parser.parse_args()
    network = None if arguments.https_port is None else HttpsDetour(arguments.https_port)
    serve(load_settings(arguments.config, os.environ), clock=FileClock(arguments.clock), network=network)


if __name__ == "__main__":
    main()
