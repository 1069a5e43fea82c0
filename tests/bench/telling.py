"""What a benchmark says while it works, to standard error: standard output is for the figures."""

import sys


def tell(text: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"  … {text}\n")
    sys.stderr.flush()
