"""`mcp-registry rebuild-views`: hold every stored view against the rule that made it, and make it anew."""

from pathlib import Path
from typing import Final

import click

from registry.cli.output import emit_json
from registry.cli.target import local_target, target_options
from registry.store.interface import Store
from registry.views import Compared, compare, finish, rebuild

_SHOWN: Final = 20


@click.command("rebuild-views")
@target_options
@click.option("--check", is_flag=True, help="Only compare; exit with 1 if a view differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rebuild_views_command(config: Path | None, server: str | None, check: bool, as_json: bool) -> None:
    """Recreate what every team sees from the decisions, and write what differs from what is stored.

    They never differ by themselves: run it after a repair by hand, or with --check to be sure. Decisions that views
    still follow, and expiries nobody has met yet, are finished first, as any start and any read does.
    """
    chosen = local_target(config, server, why="views are rebuilt where the store is")

    async def work(store: Store) -> tuple[Compared, int]:
        await finish(store)
        written = 0 if check else await rebuild(store, actor=chosen.actor)
        return await compare(store, chosen.clock, most=_SHOWN), written

    compared, written = chosen.run(work)
    if as_json:
        emit_json({"teams": compared.teams, "names": compared.names, "written": written,
                   "differences": compared.differences})  # fmt: skip
    else:
        for each in compared.differences:
            click.echo(f"{each.team}: {each.name}: {each.what}", err=True)
        click.echo(
            f"{compared.names:,} names in {compared.teams:,} views compared, {written:,} rows written; "
            + ("they differ" if compared.differences else "no difference")
        )
    if compared.differences:
        raise SystemExit(1)
