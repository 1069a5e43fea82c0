"""The name of a view: a team, or one of a team's environments."""

import re
from collections.abc import Iterable
from typing import Final

from registry.errors import Invalid

_WORD: Final = r"[a-z0-9][a-z0-9-]{0,39}"
_TEAM: Final = re.compile(rf"{_WORD}(?:~{_WORD})?", re.ASCII)


def parse_team(text: str) -> str:
    """
    The team in *text*, `backend` or `backend~prod`.

    Raises Invalid for anything else.
    """
    if _TEAM.fullmatch(text) is None:
        raise Invalid(
            f"not a team: {text[:90]!r}; expected 1 to 40 of a-z, 0-9 and -, not starting with -, and for an "
            "environment of it ~ and the same again, such as backend~prod"
        )
    return text


def audience_words(audience: Iterable[str] | None) -> str:
    """Teams as the record says them: in one text, `*` for all."""
    return "*" if audience is None else " ".join(audience)
