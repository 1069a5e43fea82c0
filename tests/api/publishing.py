"""Publishing as a client does it: a registry that takes publications, tokens for it, and requests with a body."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from registry.policy.principal import Role
from schemas.validation.versions import CURRENT_URL
from tests.api.raw_request import send
from tests.api.world import ENTRY
from tests.doubles.loaded_store import ANONYMOUS, acme, serving
from tests.doubles.plain_client import Answer
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

Manifest = dict[str, Any]  # Any: manifests are changed in all sorts of ways

CLAIMED: Final = "com.acme"
"""The organisation's own namespace in these tests; `com.acme/payroll` is also what a stranger listed upstream."""
MIRRORED: Final = ("io.github.octavia/weather", "1.0.0")
CONFIGURATION: Final = f"""
{ANONYMOUS}
[publish]
claims = ["{CLAIMED}", "{CLAIMED}.*"]
principal_quota = 1000000
source_quota = 1000000
"""


LOGINS: Final = "".join(f"\n[auth.{each}]" for each in ("dns", "http", "github_at", "github_oidc", "none", "oidc")) + (
    '\nissuer = "https://issuer.example"\n'
)
"""Configuration with every login on, as far as it can be without anybody to ask."""


def manifest(name: str = "com.partner/tools", version: str = "1.0.0", **changes: object) -> Manifest:
    """A server.json that may be published; `schema` is `$schema`, what is None is left out."""
    document: Manifest = {
        "$schema": CURRENT_URL,
        "name": name,
        "description": "Tools of a partner",
        "version": version,
    }
    document |= {"$schema" if member == "schema" else member: value for member, value in changes.items()}
    return {member: value for member, value in document.items() if value is not None}


@contextlib.contextmanager
def taking(folder: Path, configuration: str = CONFIGURATION, *, server: str = "") -> Iterator[RunningRegistry]:
    """A running registry that mirrors acme's public upstream, and takes publications. *server*: TOML in `[server]`."""
    with serving(folder, acme()[1:], configuration=configuration, server=server) as running:
        yield running


def token(registry: RunningRegistry, *roles: Role, namespaces: tuple[str, ...] = (), team: str | None = None) -> str:
    """A new token, made on the host as an operator makes one."""
    words: list[str | Path] = ["token", "create", "--config", registry.config, "--owner", "ci@acme"]
    for role in roles:
        words += ["--role", role]
    for namespace in namespaces:
        words += ["--namespace", namespace]
    if team is not None:
        words += ["--team", team]
    made = mcp_registry(*words)
    assert made.status == 0, made.err
    return made.out.strip()


class Client:
    """Requests to one registry with one token, below *prefix*. `token` None: without a credential."""

    def __init__(self, registry: RunningRegistry, token: str | None, prefix: str = "/v0.1") -> None:
        self.registry = registry
        self.token = token
        self.prefix = prefix

    def request(self, method: str, path: str, body: object = None, *lines: str) -> Answer:
        """*body*: bytes as they are, anything else as JSON, None for none. *path* below the prefix."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        lines = (*lines, f"Content-Length: {len(content)}")
        if self.token is not None:
            lines = (*lines, f"Authorization: Bearer {self.token}")
        return send(self.registry.port, f"{self.prefix}{path}", *lines, method=method, body=content)

    def publish(self, document: object, *lines: str) -> Answer:
        return self.request("POST", "/publish", document, *lines)

    def edit(self, name: str, version: str, document: object) -> Answer:
        return self.request("PUT", version_path(name, version), document)

    def set_status(self, name: str, version: str, status: str, message: str | None = None) -> Answer:
        return self.request("PATCH", f"{version_path(name, version)}/status", status_body(status, message))

    def set_all(self, name: str, status: str, message: str | None = None) -> Answer:
        return self.request("PATCH", f"{server_path(name)}/status", status_body(status, message))

    def delete(self, name: str, version: str) -> Answer:
        return self.request("DELETE", version_path(name, version))

    def read(self, name: str, version: str = "latest", query: str = "") -> Answer:
        return self.request("GET", f"{version_path(name, version)}{query}")

    def mine(self, query: str = "") -> Answer:
        return self.request("GET", f"/x/registry/mine{query}")


def server_path(name: str) -> str:
    return f"/servers/{quote(name, safe='')}"


def version_path(name: str, version: str) -> str:
    """A `%` in the version is encoded twice, as reference §1.1.4 says it must be."""
    return f"{server_path(name)}/versions/{quote(version.replace('%', '%25'), safe='')}"


def status_body(status: str, message: str | None = None) -> dict[str, str]:
    return {"status": status} if message is None else {"status": status, "statusMessage": message}


def problem(answer: Answer) -> tuple[int, str, list[str]]:
    """Status, detail and the messages of an error, which says all of it as problem+json."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", body
    assert (body["status"], body["error"]) == (answer.status, body["detail"])
    return answer.status, body["detail"], [each["message"] for each in body.get("errors", [])]


def own(answer: Answer) -> Manifest:
    """An entry as its publishers see it: without the approval under which a view shows it, and what was found in it."""
    assert answer.status == 200, answer.body
    entry: Manifest = answer.json()
    for member in ("approval", "approvalExpiresAt", "findings"):
        entry["_meta"][ENTRY].pop(member, None)
    return entry
