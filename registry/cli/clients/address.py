"""The base address itself, before anything is asked: what some client would make of it."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from registry.cli.clients.diagnosis import Diagnosis
from registry.settings.values import host_of, is_loopback

_HTTPS: Final = {
    "vscode": "VS Code connects to https only",
    "docker": "Docker's gateway connects to https only, and to no address of this machine or a private network",
    "toolhive": "ToolHive needs --allow-private-ip (-p) for http",
}
_WHAT: Final = "takes the address"


def examine_base(url: str, client: str, diagnosis: Diagnosis) -> str | None:
    """The base to ask below, without a slash at its end; None where asking would be of no use."""
    parts = urlsplit(url.strip())
    said = _unusable(parts)
    if said is not None:
        diagnosis.failed(_WHAT, *said)
        return None
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if parts.scheme == "http" and client in _HTTPS:
        mend = "put the registry behind https"
        if is_loopback(host_of(base)) or client == "toolhive":
            diagnosis.warned(_WHAT, f"{_HTTPS[client]}: this works at most for tests", mend)
        else:
            diagnosis.failed(_WHAT, _HTTPS[client], mend)
    return base


def _unusable(parts: SplitResult) -> tuple[str, str] | None:
    """What is wrong and how it is mended. Nothing of the address is repeated: it may hold a secret."""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it is not an http or https address", "give the base address, such as https://registry.example"
    if parts.query or parts.fragment:
        return (
            "it has a query or a fragment, and clients append /v0.1/… behind it",
            "a secret belongs into the path: use a capability address, /t/TEAM.SECRET",
        )
    if "@" in parts.netloc:
        return (
            "it has a user name or a password, which clients refuse",
            "use a capability address, /t/TEAM.SECRET, instead",
        )
    path = parts.path.rstrip("/")
    for suffix in ("/v0.1", "/v0", "/v0.1/servers", "/v0/servers"):
        if path.endswith(suffix):
            return f"it ends with {suffix}, which clients append themselves", "leave that away"
    return None
