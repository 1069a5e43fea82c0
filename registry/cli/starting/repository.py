"""Where the source of a project is: from the address of a remote, in any of its forms, to one that people can open.

An address often carries a password. Nothing of one leaves this module but host, owner and name.
"""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

_SERVICES: Final = {"github.com": "github", "gitlab.com": "gitlab"}
"""The hosting services that a manifest can name (reference §5.3)."""

_SCP: Final = re.compile(r"(?:[^@/\s]+@)?([A-Za-z0-9.-]+):(?!//)/?(\S+)", re.ASCII)
_STEP: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository on a hosting service. `source` is empty for one that manifests cannot name."""

    host: str
    owner: str
    name: str

    @property
    def source(self) -> str:
        return _SERVICES.get(self.host, "")

    @property
    def url(self) -> str:
        return f"https://{self.host}/{self.owner}/{self.name}"


def repository_at(address: str) -> Repository | None:
    """
    The repository that *address* means, a URL or `git@host:owner/name.git`.

    None for paths, for what is no address, and where owner and name are not the whole path.
    """
    address = address.strip().removeprefix("git+")
    if "://" not in address:
        scp = _SCP.fullmatch(address)
        return None if scp is None else _at(scp[1], scp[2])
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return None
    return _at(host, parts.path) if parts.scheme in ("https", "http", "ssh", "git") else None


def _at(host: str, path: str) -> Repository | None:
    steps = path.strip("/").removesuffix(".git").split("/")
    host = host.lower().removeprefix("www.").removeprefix("ssh.")
    if len(steps) != 2 or not all(_STEP.fullmatch(step) and step.strip(".") for step in steps) or "." not in host:
        return None
    return Repository(host=host, owner=steps[0], name=steps[1])
