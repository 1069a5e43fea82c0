"""The group of all commands, and how errors end."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from registry import RELEASE
from registry.errors import RegistryError

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve:serve_command",
    "sync": "sync:sync_command",
    "status": "status:status_command",
    "quarantine": "status:quarantine_command",
    "findings": "findings:findings_command",
    "validate": "validate:validate_command",
    "init": "init:init_command",
    "publish": "publish:publish_command",
    "set-status": "set_status:set_status_command",
    "backup": "backup:backup_command",
    "restore": "backup:restore_command",
    "rebuild-views": "views:rebuild_views_command",
    "token": "token:token_group",
    "audit": "audit:audit_group",
    "team": "teams:team_group",
    "grant": "teams:grant_group",
    "rule": "teams:rule_group",
    "request": "requests:request_group",
    "requests": "requests:requests_command",
    "approve": "approvals:approve_command",
    "reject": "approvals:reject_command",
    "revoke": "approvals:revoke_command",
    "block": "approvals:block_command",
    "unblock": "approvals:unblock_command",
    "blocks": "approvals:blocks_command",
    "cool-offs": "firewall:cool_offs_command",
    "waive": "firewall:waive_command",
    "look-alikes": "firewall:look_alikes_command",
    "release": "firewall:release_command",
    "offers": "firewall:offers_command",
    "assign": "firewall:assign_command",
    "drift": "drift:drift_group",
    "overlay": "overlays:overlay_group",
    "explain": "explain:explain_command",
    "preview": "explain:preview_group",
    "governance": "governance:governance_group",
    "capability": "capability:capability_group",
    "webhook": "webhook:webhook_group",
    "doctor": "doctor:doctor_command",
    "config": "config:config_group",
    "completion": "completion:completion_command",
}
"""By name: the module below `registry.cli`, and what the command is called there."""


class _Commands(click.Group):
    """Imports the command that is asked for, and no other: each starts in a third of the time that all take."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, command = where.partition(":")
        found: click.Command = getattr(import_module(f"registry.cli.{module}"), command)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(RELEASE, prog_name="mcp-registry")
def cli() -> None:
    """A governed MCP registry: mirrors other registries and serves each team its own view of them."""


def main() -> None:
    """Run the command line; what goes wrong ends in one line of words."""
    try:
        cli.main(standalone_mode=False, prog_name="mcp-registry")
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RegistryError as error:
        click.echo(f"mcp-registry: {error}", err=True)
        sys.exit(1)
