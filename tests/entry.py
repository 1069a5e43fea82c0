"""Start the real server with a clock that a test moves: `python -m tests.entry --config FILE --clock FILE`.

The product itself has no setting for its time; this is the way in.
"""

import argparse
import os
from pathlib import Path

from registry.serve import serve
from registry.settings.file import load_settings
from tests.doubles.clock import FileClock


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--clock", type=Path, required=True, help="written by tests.doubles.clock.ClockFile")
    arguments = parser.parse_args()
    serve(load_settings(arguments.config, os.environ), clock=FileClock(arguments.clock))


if __name__ == "__main__":
    main()
