"""`python -m schemas.config` prints the table of configuration keys that the README shows."""

import sys

from schemas.config import markdown_table

sys.stdout.write(markdown_table())
