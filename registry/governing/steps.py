"""What separates a governance file from what is in force."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.store.interface import Transaction

DECLARED: Final = "declared in the governance file"
"""The reason of what a file gives none for."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """
    One difference.

    `sign`: `+` for what is added, `-` for what is taken back, `?` for what cannot be done now. `what`: in words.
    `command`: what does it; None for `?`.
    """

    sign: str
    what: str
    command: Callable[[Transaction, Actor], Done[Any]] | None  # Any: what a command answers is of no interest here
