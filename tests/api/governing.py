"""A registry that mirrors acme and shows what was decided, and those who decide, as clients of its API."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.commands.actor import START
from registry.commands.approvals import reject, revoke_approval
from registry.commands.decide import decide
from registry.commands.rules import unblock
from registry.declaration import apply, read_declaration
from registry.policy.principal import Role
from registry.store.sqlite.store import SqliteStore
from tests.api.publishing import server_path, version_path
from tests.api.raw_request import send
from tests.doubles.clock import FileClock
from tests.doubles.issued import issue
from tests.doubles.loaded_store import ANONYMOUS, acme
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

GOVERNANCE: Final = """
[[team]]
name = "everyone"

[[team]]
name = "backend"
description = "services, on-call"

[[team]]
name = "data"

[[grant]]
team = "everyone"
pattern = "io.github.octavia/*"

[[grant]]
team = "backend"
pattern = "com.acme/*"

[[grant]]
team = "backend"
pattern = "com.globex/*"

[[grant]]
team = "data"
pattern = "com.acme/warehouse"

[[rule]]
name = "octavia"
pattern = "io.github.octavia/*"
"""
"""Everyone sees the weather, by a rule; what backend and data may read waits for approvals."""

PUBLISHING: Final = f'{ANONYMOUS}\n[publish]\nclaims = ["com.acme.tools"]\n'


@contextlib.contextmanager
def governed(
    folder: Path, *, governance: str = GOVERNANCE, configuration: str = PUBLISHING, workers: int = 1
) -> Iterator[RunningRegistry]:
    """A running registry that has mirrored acme's upstreams under *governance*; what was decided is all it shows."""
    upstreams = ""
    for precedence, upstream in enumerate(acme()):
        file = folder / f"{upstream.name}.json"
        file.write_bytes(b'{"servers":[%b]}' % b",".join(upstream.items))
        claims = json.dumps(upstream.claims)
        upstreams += (
            f'\n[[upstream]]\nname = "{upstream.name}"\nkind = "file"\npath = "{file}"\n'
            f"precedence = {precedence}\nclaims = {claims}\n"
        )
    with RunningRegistry(folder, configuration + upstreams, governance=governance, workers=workers) as registry:
        registry.wait_for("synced", times=len(acme()))
        yield registry


class Person:
    """Somebody with a token, and what they do. Paths are whole."""

    def __init__(
        self,
        registry: RunningRegistry,
        owner: str,
        *roles: Role,
        teams: tuple[str, ...] = (),
        namespaces: tuple[str, ...] = (),
    ) -> None:
        self.registry = registry
        self.token = issue(registry, *roles, owner=owner, teams=teams, namespaces=namespaces)

    def request(self, method: str, path: str, body: object = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"Content-Length: {len(content)}", f"Authorization: Bearer {self.token}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        return send(self.registry.port, path, *lines, method=method, body=content)

    def get(self, path: str, **asked: str | int) -> Answer:
        return self.request("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def post(self, path: str, **body: object) -> Answer:
        return self.request("POST", path, body)

    def delete(self, path: str, **asked: str) -> Answer:
        return self.request("DELETE", f"{path}?{urlencode(asked, quote_via=quote)}")

    def made(self, path: str, **body: object) -> Any:  # Any: what the API answers
        """What `POST` answers, which succeeds."""
        answer = self.post(path, **body)
        assert answer.status in (200, 201), answer.body
        return answer.json()

    def sees(self) -> list[str]:
        """Every `name@version` of the list, in its order."""
        answer = self.get("/v0.1/servers", limit=100)
        assert answer.status == 200, answer.body
        return [f"{each['server']['name']}@{each['server']['version']}" for each in answer.json()["servers"]]

    def reads(self, name: str, version: str = "latest") -> int:
        """The status of its detail."""
        return self.get(f"/v0.1{version_path(name, version)}").status


def everywhere(person: Person, name: str, version: str) -> list[Answer]:
    """What every route that could show a version answers about it, but for lists."""
    return [
        person.get(f"/v0.1{version_path(name, version)}"),
        person.get(f"/v0.1{version_path(name, 'latest')}"),
        person.get(f"/v0.1{server_path(name)}/versions"),
        person.get(f"/v0{version_path(name, version)}", include_deleted="true"),
    ]


def restored(registry: RunningRegistry) -> None:
    """Take back what a test decided: approvals, requests, blocks, then what the governance file does not name."""
    asyncio.run(_restored(registry))


async def _restored(registry: RunningRegistry) -> None:
    clock = FileClock(registry.clock.path)
    store = SqliteStore(registry.store, clock)
    try:
        snapshot = store.snapshot()
        rules = {rule.approval for rule in snapshot.governance.rules(in_force=True) if rule.name == "octavia"}
        for approval in snapshot.governance.approvals(state=None, name=None, limit=1000):
            ending = {State.REQUESTED: reject, State.APPROVED: revoke_approval}.get(approval.state)
            if ending is not None and approval.id not in rules:
                await decide(store, partial(ending, approval_id=approval.id, reason="the test is over", actor=START))
        for block in snapshot.governance.blocks():
            ended = partial(unblock, name=ServerName.parse(block.name), version=block.version)
            await decide(store, partial(ended, reason="the test is over", actor=START))
        declared = read_declaration(registry.governance)
        await apply(store, declared, actor=START, approvers=1, now_us=clock.now_us())
    finally:
        await store.aclose()
