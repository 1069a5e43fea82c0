"""The group of all commands, and how errors end."""

import sys

import click

from registry import RELEASE
from registry.cli.approvals import (
    approve_command,
    block_command,
    blocks_command,
    reject_command,
    revoke_command,
    unblock_command,
)
from registry.cli.audit import audit_group
from registry.cli.backup import backup_command, restore_command
from registry.cli.capability import capability_group
from registry.cli.completion import completion_command
from registry.cli.config import config_group
from registry.cli.doctor import doctor_command
from registry.cli.drift import drift_group
from registry.cli.explain import explain_command, preview_group
from registry.cli.findings import findings_command
from registry.cli.governance import governance_group
from registry.cli.init import init_command
from registry.cli.publish import publish_command
from registry.cli.requests import request_group, requests_command
from registry.cli.serve import serve_command
from registry.cli.set_status import set_status_command
from registry.cli.status import quarantine_command, status_command
from registry.cli.sync import sync_command
from registry.cli.teams import grant_group, rule_group, team_group
from registry.cli.token import token_group
from registry.cli.validate import validate_command
from registry.cli.views import rebuild_views_command
from registry.errors import RegistryError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(RELEASE, prog_name="mcp-registry")
def cli() -> None:
    """A governed MCP registry: mirrors other registries and serves each team its own view of them."""


for _command in (
    serve_command,
    sync_command,
    status_command,
    quarantine_command,
    findings_command,
    validate_command,
    init_command,
    publish_command,
    set_status_command,
    backup_command,
    restore_command,
    rebuild_views_command,
    token_group,
    audit_group,
    team_group,
    grant_group,
    rule_group,
    drift_group,
    request_group,
    requests_command,
    approve_command,
    reject_command,
    revoke_command,
    block_command,
    unblock_command,
    blocks_command,
    explain_command,
    preview_group,
    governance_group,
    capability_group,
    doctor_command,
    config_group,
    completion_command,
):
    cli.add_command(_command)


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
