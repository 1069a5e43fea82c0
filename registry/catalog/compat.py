"""Clients that lose a whole page to one entry they cannot decode, and which entries those are.

An entry is never altered for a client: for one of these it is left out of lists, and that is all.
"""

from enum import StrEnum
from typing import Final

import msgspec

from schemas.validation.advice import xcode_decoder
from schemas.validation.reading import Members, member_object

_item: Final = msgspec.json.Decoder(Members).decode


class Compat(StrEnum):
    """The clients that are known to."""

    XCODE = "xcode"


def undecodable(compat: Compat, item: bytes) -> str | None:
    """Why that client cannot decode *item*, as a list has it, in words; None if it can."""
    return _why(compat, member_object(_item(item), "server"))


def undecodable_document(compat: Compat, document: bytes) -> str | None:
    """The same of the *document* in an item."""
    return _why(compat, _item(document))


def _why(compat: Compat, server: Members) -> str | None:
    match compat:
        case Compat.XCODE:
            remarks = xcode_decoder.RULE.check(server)
    return next((why for _, why in remarks), None)
