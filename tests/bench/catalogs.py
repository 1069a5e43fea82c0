"""Catalog files and filled stores, made once and kept in `var/bench/` until the code that made them changes.

The name of each carries a digest of the sources it depends on; what has an older digest is deleted, since a store of
500,000 versions takes more than a gigabyte.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Final

from fixtures.generator import write
from tests.bench.filling import KIND, PRECEDENCE, UPSTREAM, fill, freshen, in_order
from tests.bench.telling import tell

_NOBODY: Final = "http://127.0.0.1:9"
"""Where nothing listens: a store whose last walk has just ended has no reason to ask."""
_PROJECT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = _PROJECT / "var" / "bench"
# What decides on the bytes of a catalog file, and on the rows of a store.
_OF_CATALOGS: Final = ("fixtures/*.py",)
_OF_STORES: Final = (
    *_OF_CATALOGS,
    "tests/bench/filling.py",
    "registry/catalog/*.py",
    "registry/commands/project_views.py",
    "registry/store/sqlite/connection.py",
    "registry/store/sqlite/governance.py",
    "registry/store/sqlite/governance_schema.py",
    "registry/store/sqlite/migrations.py",
    "registry/store/sqlite/projection.py",
    "registry/store/sqlite/rows.py",
    "registry/store/sqlite/schema.py",
    "schemas/registry_api.py",
    "schemas/server_json/document.py",
    "sync/normalize.py",
)


def catalog_file(versions: int, *, edited: bool = False) -> Path:
    """A catalog of that many versions, `.jsonl.gz`, in the order of a list; *edited* with all descriptions changed."""
    path = _place(f"{'edited' if edited else 'catalog'}-{versions}", ".jsonl.gz", _OF_CATALOGS)
    if not path.exists():
        tell(f"making a catalog of {versions:,} versions")
        lines = in_order(versions)
        if edited:
            lines = [line.replace(b'"description":"', b'"description":"Edited. ', 1) for line in lines]
        # Moved into place when complete, so that an interrupted run leaves nothing that looks whole.
        fresh = path.with_name(f"fresh-{versions}.jsonl.gz")
        write(lines, fresh)
        fresh.replace(path)
    return path


def store_file(versions: int) -> Path:
    """
    A store that mirrors a catalog of that many versions from the upstream `bench`, whose last full walk ended now.

    Shared by all benchmarks: what changes entries works on a copy.
    """
    path = _place(f"store-{versions}", ".db", _OF_STORES)
    if not path.exists():
        fresh = path.with_name(f"fresh-{versions}.db")
        _remove_all(fresh.name)
        asyncio.run(fill(fresh, versions))
        fresh.replace(path)
        _remove_all(fresh.name)
    asyncio.run(freshen(path, versions))
    return path


def upstream_table(url: str = _NOBODY) -> str:
    """The `[[upstream]]` that a store made by `store_file` has."""
    return (
        f'[[upstream]]\nname = "{UPSTREAM}"\nkind = "{KIND}"\nurl = "{url}"\nprecedence = {PRECEDENCE}\n'
        'interval = "12h"\nreconcile_interval = "24h"\nmax_rate = 1000\npage_limit = 100\nallow_private = true\n'
    )


def _place(stem: str, suffix: str, sources: tuple[str, ...]) -> Path:
    """Where the file of today's sources is; those of other sources are gone afterwards."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for pattern in sources:
        for source in sorted(_PROJECT.glob(pattern)):
            digest.update(source.read_bytes())
    path = FOLDER / f"{stem}-{digest.hexdigest()[:12]}{suffix}"
    for other in FOLDER.glob(f"{stem}-*"):
        if not other.name.startswith(path.name):
            other.unlink()
    return path


def _remove_all(stem: str) -> None:
    for path in FOLDER.glob(f"{stem}*"):
        path.unlink()
