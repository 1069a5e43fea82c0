"""What the user of a client has on disk, and answers."""

import json
from pathlib import Path


def written(folder: Path, document: object) -> Path:
    """A server.json in *folder*: a text as it is, anything else as JSON."""
    file = folder / "server.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document, ensure_ascii=False))
    return file


def yes(_: dict[str, str]) -> bool:
    """Goes on, whatever is shown."""
    return True
