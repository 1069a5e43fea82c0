"""`mcp-registry rebuild-views`, as an operator runs it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.doubles.loaded_store import acme, load
from tests.e2e.command import mcp_registry


def _config(folder: Path) -> Path:
    upstreams = load(folder, acme())
    config = folder / "registry.toml"
    config.write_text(f'[store]\npath = "{folder / "registry.db"}"\n{upstreams}')
    return config


def test_check_and_rebuild(tmp_path: Path) -> None:
    """
    A store nobody has meddled with has no difference; a row that was changed by hand is found, named, and mended.
    """
    config = _config(tmp_path)
    sound = mcp_registry("rebuild-views", "--check", "--config", config)
    assert (sound.status, sound.err) == (0, "")
    assert "no difference" in sound.out

    with closing(sqlite3.connect(tmp_path / "registry.db")) as file:
        (name,) = file.execute("SELECT name FROM view_entries WHERE deleted = 0 ORDER BY name LIMIT 1").fetchone()
        file.execute("UPDATE view_entries SET item = x'78' WHERE name = ?", (name,))
        file.commit()
    found = mcp_registry("rebuild-views", "--check", "--config", config)
    assert found.status == 1
    assert f"everyone: {name}: " in found.err
    assert "served as other bytes" in found.err

    mended = mcp_registry("rebuild-views", "--json", "--config", config)
    assert mended.status == 0
    assert mended.json["written"] > 0
    assert mended.json["differences"] == []
    assert mcp_registry("rebuild-views", "--check", "--config", config).status == 0


def test_not_on_a_server(tmp_path: Path) -> None:
    """
    Views are rebuilt where the store is, and whoever tries from elsewhere is told so.
    """
    refused = mcp_registry("rebuild-views", "--server", "http://127.0.0.1:9")

    assert refused.status == 2
    assert "--config" in refused.err
