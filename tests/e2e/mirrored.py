"""What the end-to-end tests ask a running registry for, and how they compare it with its upstream."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec

from tests.doubles.upstream import FakeUpstream
from tests.running import RunningRegistry

OFFICIAL = "io.modelcontextprotocol.registry/official"
ENTRY = "mcp-federated-registry/entry"
PATIENCE_S = 30.0
_ENDINGS = ("synced ", "sync of ")


class Item(msgspec.Struct, frozen=True):
    """One item of a list; `server` keeps its very bytes."""

    server: msgspec.Raw
    meta: dict[str, dict[str, str | bool]] = msgspec.field(name="_meta")

    @property
    def equal(self) -> tuple[bytes, dict[str, str | bool]]:
        """What two registries that agree have in common: the document, the official block without updatedAt."""
        block = {name: value for name, value in self.meta[OFFICIAL].items() if name != "updatedAt"}
        # An upstream that says nothing of it means: not since it was published.
        block.setdefault("statusChangedAt", block["publishedAt"])
        return bytes(self.server), block


class _Page(msgspec.Struct):
    servers: list[Item]
    metadata: dict[str, str | int]


def configuration(url: str, *, name: str = "official", extra: str = "") -> str:
    """One upstream at *url*, asked as fast as it answers, and everybody may read."""
    return (
        f'[anonymous]\nteam = "everyone"\n[[upstream]]\nname = "{name}"\nkind = "http"\nurl = "{url}"\n'
        f"max_rate = 1000\nallow_private = true\n{extra}"
    )


def walk(url: str, *, limit: int = 100, **filters: str) -> list[Item]:
    """Every item a registry lists, page by page."""
    items: list[Item] = []
    cursor = ""
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
        while True:
            parameters = {"limit": str(limit), "include_deleted": "true", **filters} | (
                {"cursor": cursor} if cursor else {}
            )
            page = msgspec.json.decode(
                client.get("/v0.1/servers", params=parameters).raise_for_status().content, type=_Page
            )
            items += page.servers
            cursor = str(page.metadata.get("nextCursor", ""))
            if not cursor:
                return items


def version(url: str, name: str, wanted: str = "latest") -> httpx.Response:
    """One version of a server."""
    return httpx.get(f"{url}/v0.1/servers/{quote(name, safe='')}/versions/{wanted}", timeout=PATIENCE_S)


def listed(upstream: FakeUpstream) -> list[tuple[bytes, dict[str, str | bool]]]:
    """What an upstream lists at this moment, as `Item.equal`."""
    return [item.equal for item in walk(upstream.url)]


def ask(registry: RunningRegistry, upstream: str = "official", *, full: bool = False, accept: str | None = None) -> str:
    """Ask for a run; its id."""
    wanted = {"upstream": upstream, "kind": "full" if full else "incremental", "accept_run": accept}
    answered = httpx.post(f"{registry.url}/v1/sync-runs", json=wanted, timeout=PATIENCE_S)
    run_id: str = answered.raise_for_status().json()["run"]
    return run_id


def synchronise(
    registry: RunningRegistry, upstream: str = "official", *, full: bool = False, accept: str | None = None
) -> str:
    """Have a run performed and wait for its end; its state."""
    run_id = ask(registry, upstream, full=full, accept=accept)
    registry.wait_until(lambda line: line.get("run") == run_id and line.get("event", "").startswith(_ENDINGS))
    state: str = httpx.get(f"{registry.url}/v1/sync-runs/{run_id}", timeout=PATIENCE_S).json()["state"]
    return state


def contradictions(store: Path) -> list[str]:
    """What is wrong inside a store file; empty where everything agrees."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        found = [
            f"{statement}: {count}"
            for statement in _MUST_BE_NONE
            if (count := connection.execute(statement).fetchone()[0])
        ]
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    return found + ([] if integrity == "ok" else [integrity]) + [str(row) for row in dangling]


_MUST_BE_NONE = (
    "SELECT count(*) FROM view_entries WHERE entry_id NOT IN (SELECT id FROM entries)",
    "SELECT count(*) FROM entries WHERE id NOT IN (SELECT entry_id FROM view_entries)",
    "SELECT count(*) FROM entries WHERE document_id NOT IN (SELECT id FROM documents)",
    "SELECT count(*) FROM view_entries JOIN entries ON entries.id = entry_id"
    " WHERE view_entries.document_id <> entries.document_id",
    "SELECT count(*) FROM (SELECT 1 FROM view_entries GROUP BY view_id, name HAVING sum(is_latest) <> 1)",
    "SELECT count(*) FROM (SELECT 1 FROM entries GROUP BY source_id, name, version HAVING count(*) > 1)",
)
