"""Every way for mcp-publisher to log in: each leaves a token file with a token that may publish.

Registries differ in what they offer, so a login is looked up by its name where it is wanted.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tests.clients.stock_publisher import StockPublisher
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

Login = Callable[[StockPublisher, RunningRegistry], None]

NAMESPACE: Final = "com.partner"
"""What every one of them may publish in."""


def with_a_token(client: StockPublisher, registry: RunningRegistry, *words: str) -> None:
    """
    No login at all: `mcp-registry token create` writes the file.

    Args:
        words: More options of the command; what a reader needs, unless given.
    """
    made = mcp_registry(
        "token", "create", "--config", registry.config, "--role", "publisher", "--namespace", NAMESPACE,
        *(words or ("--role", "reader", "--team", "everyone")), "--publisher-file", client.token_file,
    )  # fmt: skip
    assert made.status == 0, made.err


LOGINS: Final[Mapping[str, Login]] = {"token": with_a_token}
