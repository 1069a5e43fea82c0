"""The JSON Schema of our own configuration file, and the table of its keys that the README shows.

`registry.schema.json` is written by hand. Beside the standard keywords it uses `x-default`: what holds when a
key is absent, in words, where that is no fixed value.
"""

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

Schema = dict[str, Any]  # Any: JSON, whose shape the meta-schema checks in the tests

_HEADER: Final = ("Key", "Default", "Meaning")


def schema() -> Schema:
    """The JSON Schema (2020-12) of the configuration file, freshly read."""
    text = resources.files(__name__).joinpath("registry.schema.json").read_text(encoding="utf-8")
    loaded: Schema = json.loads(text)
    return loaded


def keys() -> Iterator[tuple[str, str, Schema]]:
    """Each key of the file in the schema's order: its table as one writes it, its name, its own schema."""
    root = schema()
    for table, described in root["properties"].items():
        repeated = described["type"] == "array"
        header = f"[[{table}]]" if repeated else f"[{table}]"
        for key, value in (described["items"] if repeated else described)["properties"].items():
            yield header, key, value


def markdown_table() -> str:
    """The keys as a Markdown table, one row each, ending in a line break."""
    rows = [
        (f"`{table}` `{key}`", _default(value), value["description"].replace("|", r"\|"))
        for table, key, value in keys()
    ]
    lines = [_HEADER, ("---",) * len(_HEADER), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _default(value: Schema) -> str:
    if "default" in value:
        return f"`{json.dumps(value['default'])}`"
    return str(value.get("x-default", "required"))
