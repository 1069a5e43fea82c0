"""What the registry under test holds: the acme world, and entries that are odd on purpose."""

import json

from tests.doubles.loaded_store import Upstream, acme

OFFICIAL = "io.modelcontextprotocol.registry/official"
ENTRY = "mcp-federated-registry/entry"

ODD_VERSIONS = ("1.0/beta", "1.0:b", "100%", "1.0.0+a b", "2.0.0-β", "50%2F1", "versions", "~1")
"""Versions that are hard to carry in a path or a cursor, all of `org.example.odd/versions`, in byte order."""


def entry(
    name: str,
    version: str,
    *,
    title: str | None = None,
    description: str = "An example",
    packages: tuple[tuple[str, str], ...] = (),
    remotes: tuple[str, ...] = (),
    status: str = "active",
    published: str = "2025-11-01T00:00:00Z",
) -> bytes:
    """
    One `{"server","_meta"}` entry.

    Args:
        packages: The registry type and the transport of each.
        remotes: The transport of each.
    """
    server: dict[str, object] = {"name": name, "description": description}
    if title is not None:
        server["title"] = title
    server["version"] = version
    if packages:
        server["packages"] = [
            {"registryType": kind, "identifier": "example", "version": version, "transport": {"type": transport}}
            for kind, transport in packages
        ]
    if remotes:
        server["remotes"] = [{"type": kind, "url": f"https://{kind}.example/mcp"} for kind in remotes]
    block = {"status": status, "publishedAt": published, "updatedAt": published, "isLatest": False}
    return json.dumps({"server": server, "_meta": {OFFICIAL: block}}, ensure_ascii=False).encode()


def everything() -> list[Upstream]:
    """The upstreams of the registry that most tests read."""
    return [*acme(), Upstream(name="odd", items=_odd(), claims=("org.example.*",))]


def _odd() -> list[bytes]:
    return [
        *(entry("org.example.odd/versions", version) for version in ODD_VERSIONS),
        entry("org.example.odd/gone", "1.0.0", status="deleted"),
        entry("org.example.odd/gone", "2.0.0", status="deleted"),
        # Byte order: upper case before lower case, `-` and `.` before `/`.
        entry("org.example.order/Zebra", "1.0.0"),
        entry("org.example.order/aardvark", "1.0.0"),
        entry("org.example.order-a/x", "1.0.0"),
        entry("org.example.order.a/x", "1.0.0"),
        # Searched for: the word needle, in every place a search looks and in some where it does not.
        entry("org.example.z/needle", "1.0.0"),
        entry("org.example.z/needle", "1.1.0"),
        entry("org.example.a/needlework", "1.0.0"),
        entry("org.example.a/titled", "1.0.0", title="The NEEDLE"),
        entry("org.example.b/described", "1.0.0", description="in a haystack, one Needle"),
        entry("org.example.b/packaged", "1.0.0", packages=(("needle", "stdio"),)),
        entry("org.example.needle/server", "1.0.0"),
        # Special to LIKE, to FTS5, to regular expressions.
        entry("org.example.special/percent", "1.0.0", description="grows by 100%_of it"),
        entry("org.example.special/backslash", "1.0.0", description=r"C:\servers"),
        entry("org.example.special/quote", "1.0.0", description='says "AND" OR NOT'),
        entry("org.example.special/regex", "1.0.0", description="(a+)+$ and [a-z]*"),
        entry("org.example.special/greek", "1.0.0", description="ΣΊΣΥΦΟΣ rolls Straße"),
        # Registry types and transports.
        entry("org.example.kinds/both", "1.0.0", packages=(("npm", "stdio"), ("pypi", "streamable-http"))),
        entry("org.example.kinds/npm", "1.0.0", packages=(("npm", "stdio"),), remotes=("sse",)),
        entry("org.example.kinds/npm", "0.9.0", packages=(("npm", "stdio"),), status="deprecated"),
        entry("org.example.kinds/npmx", "1.0.0", packages=(("npmx", "stdio"),), status="deleted"),
    ]
