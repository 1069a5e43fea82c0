"""`mcp-registry completion`: what a shell needs to complete commands."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: mcp-registry completion bash > ~/.local/share/bash-completion/completions/mcp-registry
    """
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"there is no completion for {shell}")
    root = context.find_root()
    click.echo(made(root.command, {}, "mcp-registry", "_MCP_REGISTRY_COMPLETE").source())
