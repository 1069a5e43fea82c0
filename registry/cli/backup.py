"""`mcp-registry backup` and `restore`."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import click

from registry.cli.output import emit_json, size
from registry.cli.target import Local, Remote, local_target, target, target_options
from registry.cli.transfer import transferring
from registry.clock import SystemClock
from registry.commands.perform import perform
from registry.commands.record_copy import record_backup, record_restore
from registry.errors import StoreFault, UpstreamNonsense
from registry.store.interface import Store
from registry.store.sqlite import backup as files


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup_command(file: Path, config: Path | None, server: str | None, as_json: bool) -> None:
    """Write a consistent, verified copy of the store to FILE, while it is being served and written to.

    FILE must not exist. It holds everything the store holds: keep it as carefully. From a running server it comes over
    the network, and is verified here again.
    """
    chosen = target(config, server)
    written = _copied_there(chosen, file) if isinstance(chosen, Remote) else _copied_here(chosen, file)
    if as_json:
        emit_json({"file": str(file), "size_bytes": written, "verified": True})
    else:
        click.echo(f"{file}: {size(written)}, verified")


def _copied_here(chosen: Local, file: Path) -> int:
    async def copy(store: Store) -> int:
        size_bytes = await store.backup(file)
        try:
            await perform(
                store, lambda transaction: record_backup(transaction, file.name, size_bytes, actor=chosen.actor)
            )
        except StoreFault as fault:
            # A store that cannot be written is when a copy is needed most.
            click.echo(f"the backup is made, and not on record: {fault}", err=True)
        return size_bytes

    return chosen.run(copy)


def _copied_there(chosen: Remote, file: Path) -> int:
    with files.arriving(file) as partial:
        with transferring(file.name) as observe:
            arrived = chosen.download("/v1/backup", partial, observe)
        _require_digest(arrived.headers, arrived.sha256, chosen.url)
    return arrived.size_bytes


def _require_digest(headers: Mapping[str, str], sha256: bytes, url: str) -> None:
    stated = headers.get("content-digest")
    if stated is None:
        raise UpstreamNonsense(f"{url} did not answer like an mcp-registry of this release: it sent no digest")
    if stated != f"sha-256=:{b64encode(sha256).decode()}:":
        raise UpstreamNonsense(f"{url} sent a copy that was damaged on its way; try again")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@target_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def restore_command(file: Path, config: Path | None, server: str | None, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the store. No server may be running on it.

    The store that is there now is kept beside it, under a name that is printed.
    """
    chosen = local_target(config, server, why="a server that runs keeps its store: stop it first")
    store = chosen.settings.store.path
    if not yes:
        click.confirm(f"put {file} in the place of {store}?", abort=True, err=True)
    kept = files.restore(file, store, SystemClock())

    async def record(opened: Store) -> None:
        await perform(opened, lambda transaction: record_restore(transaction, file.name, actor=chosen.actor))

    chosen.run(record, prepare=True)
    if as_json:
        emit_json({"store": str(store), "kept": None if kept is None else str(kept)})
    else:
        click.echo(f"{store}: restored from {file}" + ("" if kept is None else f"; what was there is now {kept}"))
