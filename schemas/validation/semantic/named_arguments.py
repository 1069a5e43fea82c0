"""What is wrong with an argument that has a name (reference §5.3); positional ones are not looked at."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.issue import Issue, semantic_error
from schemas.validation.reading import Members, text

# Most likely a whole command line, or a placeholder, typed into the name.
_NO_NAME: Final = re.compile(r"[<> $]")


def argument_issues(argument: Members, path: str) -> Iterator[Issue]:
    """How *argument*, which is at *path*, breaks the rules."""
    if text(argument, "type") != "named":
        return
    name = text(argument, "name")
    if not name:
        yield semantic_error(f"{path}.name", "named argument name is required", "named-argument-name-required")
    elif _NO_NAME.search(name):
        message = f"invalid named argument name format: {name}"
        yield semantic_error(f"{path}.name", message, "invalid-named-argument-name")
    for member in ("value", "default"):
        given = text(argument, member)
        # Every text starts with an empty name: upstream says so too.
        if given and given.startswith(name):
            message = (
                f"argument {member} cannot start with the argument name:"
                f" {member} starts with argument name '{name}': {given}"
            )
            yield semantic_error(f"{path}.{member}", message, f"argument-{member}-starts-with-name")
