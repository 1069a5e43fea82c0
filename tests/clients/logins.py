"""mcp-publisher with a token of ours, which is no login at all: `mcp-registry token create` writes the file."""

from typing import Final

from tests.clients.stock_publisher import StockPublisher
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

NAMESPACE: Final = "com.partner"
"""What the token may publish in."""


def with_a_token(client: StockPublisher, registry: RunningRegistry, *words: str) -> None:
    """
    Leave a token file.

    Args:
        words: More options of the command; what a reader needs, unless given.
    """
    made = mcp_registry(
        "token", "create", "--config", registry.config, "--role", "publisher", "--namespace", NAMESPACE,
        *(words or ("--role", "reader", "--team", "everyone")), "--publisher-file", client.token_file,
    )  # fmt: skip
    assert made.status == 0, made.err
