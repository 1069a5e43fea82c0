"""`mcp-registry init`: a server.json to begin with."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import click
import msgspec

from registry.cli.output import emit_json
from registry.cli.starting.draft import Draft, ToFillIn, draft, suggested_name
from registry.cli.starting.git import WorkingCopy, working_copy
from registry.cli.starting.said import Said, by_package_json, by_pyproject
from registry.cli.validation.finding import visible
from registry.errors import Conflict
from schemas.validation.engine import validate
from schemas.validation.issue import Issue, Severity
from schemas.validation.semantic.names import name_issues

_FILE: Final = "server.json"
_EXAMPLE: Final = "io.github.<owner>/<repository>, or a domain of yours: com.example/payroll"


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints. `issues`: what else is wrong with what was written."""

    file: str
    manifest: dict[str, object]
    origins: dict[str, str]
    to_fill_in: list[ToFillIn]
    notes: list[str]
    issues: list[Issue]


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--name", help="The name of the server, as namespace/name.")
@click.option("--force", is_flag=True, help="Replace a server.json that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def init_command(folder: Path, name: str | None, force: bool, as_json: bool) -> None:
    """Write a first server.json into DIR from package.json, pyproject.toml and the git remote.

    What none of them says is left empty, and named: `mcp-registry validate` fails until it is filled in. Nothing is
    asked of any other machine, and no program is run.

    Exits with 1 if there is a server.json already.
    """
    file = folder / _FILE
    if not force and os.path.lexists(file):
        raise Conflict(f"{file} is there already; --force replaces it")
    said = [each for each in (by_package_json(folder), by_pyproject(folder)) if each is not None]
    copy = working_copy(folder)
    begun = draft(*_name(name, said, copy), said, copy)
    content = msgspec.json.format(msgspec.json.encode(begun.manifest), indent=2) + b"\n"
    _write(file, content, force=force)
    issues = _others(begun)
    if as_json:
        emit_json(
            _Begun(
                file=str(file),
                manifest=begun.manifest,
                origins=begun.origins,
                to_fill_in=begun.to_fill_in,
                notes=begun.notes,
                issues=issues,
            )
        )
        return
    _tell(file, begun, issues)


def _name(given: str | None, said: list[Said], copy: WorkingCopy | None) -> tuple[str, str]:
    """The name, and where it is from."""
    if given is not None:
        _require(given, "--name")
        return given, "--name"
    suggested = suggested_name(said, copy)
    if suggested is not None:
        _require(*suggested)
        return suggested
    if not sys.stdin.isatty():
        raise click.UsageError(f"no file here says what the server is called; give --name: {_EXAMPLE}")
    typed: str = click.prompt(f"Name of the server ({_EXAMPLE})", err=True)
    _require(typed, "the name")
    return typed, "you"


def _require(name: str, origin: str) -> None:
    for issue in name_issues({"name": name}):
        raise click.UsageError(visible(f'"{name}", from {origin}, cannot be a name: {issue.message}; use --name'))


def _write(file: Path, content: bytes, *, force: bool) -> None:
    """All of it or nothing. Raises Conflict if it came into being meanwhile."""
    try:
        if not force:
            with file.open("xb") as opened:
                opened.write(content)
            return
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{_FILE}-") as beside:
            fresh = Path(beside, _FILE)
            fresh.write_bytes(content)
            os.replace(fresh, file)
    except FileExistsError as error:
        raise Conflict(f"{file} is there already; --force replaces it") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {(error.strerror or str(error)).lower()}") from error


def _others(begun: Draft) -> list[Issue]:
    """The errors that are left once everything is filled in."""
    filled = begun.manifest | {member: begun.manifest.get(member) or "1.0.0" for member in ("description", "version")}
    if begun.packages:
        filled["packages"] = [each | {"version": each["version"] or "1.0.0"} for each in begun.packages]
    return [issue for issue in validate(msgspec.json.encode(filled)) if issue.severity is Severity.ERROR]


def _tell(file: Path, begun: Draft, issues: list[Issue]) -> None:
    click.echo(f"wrote {file}")
    for member, origin in begun.origins.items():
        value = begun.manifest[member]
        shown = f"{value} " if isinstance(value, str) else ""
        click.echo(visible(f"  {member}: {shown}(from {origin})"))
    for missing in begun.to_fill_in:
        click.echo(visible(f"to fill in: {missing.path}: {missing.hint}"), err=True)
    for issue in issues:
        click.echo(visible(f"to mend: {issue.path}: {issue.message}"), err=True)
    for note in begun.notes:
        click.echo(visible(f"note: {note}"), err=True)
