"""Positional arguments without `valueHint`: people are asked for a value that has no name."""

from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, arguments, text


def unhinted(members: Members) -> Iterator[str]:
    """The path of every positional argument without `valueHint`."""
    for path, argument in arguments(members):
        if text(argument, "type") == "positional" and not isinstance(argument.get("valueHint"), str):
            yield path


def _check(members: Members) -> Iterator[Remark]:
    for path in unhinted(members):
        yield path, "a positional argument needs a valueHint: people and strict clients know it by nothing else"


RULE: Final = Rule(id="missing-value-hint", check=_check)
