"""The words that say what a credential is for."""

from typing import Final

from registry.errors import Invalid
from registry.policy.token import without_secrets

_LONGEST: Final = 200


def parse_label(text: str) -> str:
    """
    The label in *text*, which may be empty.

    Raises Invalid where it is too long, not printable, or holds a secret: others read it.
    """
    if len(text) > _LONGEST or not text.isprintable():
        raise Invalid(f"the label must be printable, of at most {_LONGEST} characters")
    if without_secrets(text) != text:
        raise Invalid("the label holds a token; a label is read by others, and a token that was written down is spent")
    return text
