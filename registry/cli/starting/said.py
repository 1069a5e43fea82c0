"""What one file of a project says, as far as a manifest has a place for it."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from registry.errors import Invalid

_MOST_BYTES: Final = 1 << 20


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """
    Empty where a file says nothing.

    Attributes:
        file: Which one, for messages.
        server: The name of the server.
        repository: An address of any form; may hold credentials, so it is never shown.
        folder: Where in the repository.
        package: The package as a manifest has it, None if there is none to be had from an index.
    """

    file: str
    server: str = ""
    version: str = ""
    description: str = ""
    repository: str = ""
    folder: str = ""
    package: dict[str, object] | None = None


def by_package_json(folder: Path) -> Said | None:
    """
    What `package.json` says; None if there is none.

    Raises Invalid if it cannot be read.
    """
    text = _read(folder / "package.json")
    if text is None:
        return None
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"package.json cannot be read: it is not JSON: {error}") from error
    found = _table(members)
    repository = found.get("repository")
    address = repository.strip() if isinstance(repository, str) else _text(_table(repository), "url")
    version, identifier = _text(found, "version"), _text(found, "name")
    return Said(
        file="package.json",
        server=_text(found, "mcpName"),
        version=version,
        description=_text(found, "description"),
        repository=_written_out(address),
        folder=_text(_table(repository), "directory"),
        # What is private is on no index.
        package=None if found.get("private") is True else _package("npm", identifier, version),
    )


def by_pyproject(folder: Path) -> Said | None:
    """
    What `pyproject.toml` says in `[project]`, and the `mcp-name:` of the readme it names; None if it says nothing.

    Raises Invalid if it cannot be read.
    """
    text = _read(folder / "pyproject.toml")
    if text is None:
        return None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid(f"pyproject.toml cannot be read: it is not TOML: {error}") from error
    project = _table(document.get("project"))
    if not project:
        return None
    version, identifier = _text(project, "version"), _text(project, "name")
    return Said(
        file="pyproject.toml",
        server=_readme_name(folder, project.get("readme")),
        version=version,
        description=_text(project, "description"),
        repository=_source(_table(project.get("urls"))),
        package=_package("pypi", identifier, version),
    )


_SHORT: Final = re.compile(r"(?:(github|gitlab):)?([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)", re.ASCII)
_LABELS: Final = ("repository", "source", "source code", "github", "gitlab", "code", "homepage", "home")
_MCP_NAME: Final = re.compile(r"\bmcp-name:\s*([A-Za-z0-9.-]+/[A-Za-z0-9._-]*[A-Za-z0-9])", re.ASCII)


def _written_out(address: str) -> str:
    """npm's `owner/name` and `gitlab:owner/name` as addresses; others as they are."""
    short = _SHORT.fullmatch(address)
    return f"https://{short[1] or 'github'}.com/{short[2]}" if short else address


def _source(urls: dict[str, Any]) -> str:
    by_label = {label.casefold(): url for label, url in urls.items() if isinstance(url, str)}
    return next((by_label[label] for label in _LABELS if label in by_label), "")


def _readme_name(folder: Path, readme: object) -> str:
    """The token by which a package says which server it belongs to."""
    said = _table(readme)
    text = _text(said, "text")
    file = readme if isinstance(readme, str) else _text(said, "file")
    if file:
        text = _read(folder / file) or ""
    found = _MCP_NAME.search(text)
    return found[1] if found else ""


def _package(kind: str, identifier: str, version: str) -> dict[str, object] | None:
    if not identifier:
        return None
    return {
        "registryType": kind,
        "identifier": identifier,
        "version": version,
        "transport": {"type": "stdio"},
    }


def _read(file: Path) -> str | None:
    try:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise Invalid(f"{file.name} cannot be read: it has more than {_MOST_BYTES} bytes")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"{file.name} cannot be read: it is not UTF-8 text") from error
    except (OSError, ValueError) as error:
        raise Invalid(f"{file.name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


# Any, in both: what somebody wrote into a file of their own.
def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""
