"""The token in a README that says which server a package is for: `mcp-name: namespace/name`."""

import re

from registry.catalog.entry import ServerName


def names_server(readme: str, name: ServerName) -> bool:
    """
    Whether *readme* says that it is for *name*, and not merely for a server whose name begins with it.

    After the name comes the end, a character that no name has, or the end of an HTML comment, which begins with one
    that a name may have. A full stop after the name is a character that names have.
    """
    return re.search(rf"mcp-name: {re.escape(name)}(?=\Z|[^A-Za-z0-9._/-]|--!?>)", readme) is not None
