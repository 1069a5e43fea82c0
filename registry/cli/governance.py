"""`mcp-registry governance`: teams, grants, rules and approvals as a file, so that governance can live in Git."""

from pathlib import Path
from typing import Final

import click

from registry.cli.output import emit_json
from registry.cli.target import Local, local_target, target_options
from registry.declaration import Declaration, apply, plan, read_declaration
from registry.governing.dump import dumped
from registry.governing.steps import Step
from registry.store.interface import Store

_WHY: Final = "a governance file is compared with the store itself"
_FILE = click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))


@click.group("governance")
def governance_group() -> None:
    """Governance as a file: teams, grants, rules and approvals."""


@governance_group.command("plan")
@_FILE
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan_command(file: Path, config: Path | None, server: str | None, as_json: bool) -> None:
    """Show what separates FILE from what is in force. Changes nothing.

    Exits with 1 if there is a difference.
    """
    declared = read_declaration(file)
    steps = _planned(local_target(config, server, why=_WHY), declared, prepare=False)
    if as_json:
        emit_json([{"sign": step.sign, "what": step.what} for step in steps])
    else:
        _show(steps)
    if steps:
        raise SystemExit(1)


@governance_group.command("apply")
@_FILE
@target_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply_command(file: Path, config: Path | None, server: str | None, yes: bool) -> None:
    """Bring what is in force to what FILE says, after showing the difference and asking.

    Where the configuration names a governance file, every start puts that one in force.
    """
    declared = read_declaration(file)
    chosen = local_target(config, server, why=_WHY)
    steps = _planned(chosen, declared, prepare=True)
    _show(steps)
    if not any(step.command for step in steps):
        return
    if not yes:
        click.confirm("put this in force?", abort=True)

    async def applied(store: Store) -> list[Step]:
        return await apply(
            store,
            declared,
            actor=chosen.actor,
            approvers=chosen.settings.governance.approvers,
            now_us=chosen.clock.now_us(),
        )

    done = sum(step.command is not None for step in chosen.run(applied))
    click.echo(f"in force: {done} change{'' if done == 1 else 's'}")


@governance_group.command("dump")
@target_options
def dump_command(config: Path | None, server: str | None) -> None:
    """Print what is in force as a file that `plan` finds no difference to."""
    chosen = local_target(config, server, why=_WHY)

    async def read(store: Store) -> str:
        return dumped(store.snapshot(), now_us=chosen.clock.now_us())

    click.echo(chosen.run(read), nl=False)


def _planned(chosen: Local, declared: Declaration, *, prepare: bool) -> list[Step]:
    async def planned(store: Store) -> list[Step]:
        return plan(
            store.snapshot(),
            declared,
            approvers=chosen.settings.governance.approvers,
            now_us=chosen.clock.now_us(),
        )

    return chosen.run(planned, prepare=prepare)


def _show(steps: list[Step]) -> None:
    for step in steps:
        click.echo(f"{step.sign} {step.what}")
    if not steps:
        click.echo("no difference")
