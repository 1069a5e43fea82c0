"""Looking servers up by name, as every client does that enforces a policy."""

from collections.abc import Sequence
from typing import Final

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.pages import NOBODY, name_of, named, one_path, version_of
from schemas.validation.reading import Members

_SOME: Final = 3


async def look_up(
    diagnosis: Diagnosis,
    talk: Conversation,
    prefix: str,
    items: Sequence[Members],
    *,
    exact: bool,
    consequence: str,
    has_token: bool | None = None,
) -> None:
    """
    Some of *items* are found again by name, and a server that is not there is 404 and nothing else.

    Args:
        exact: By the exact version instead of `latest`.
        consequence: What anything else means for the user.
    """
    what = "looks a server up by name" + (" and exact version" if exact else "")
    well = 0
    for item in items[:_SOME]:
        name, version = name_of(item), version_of(item) if exact else "latest"
        heard = await talk.get(one_path(prefix, name, version))
        if not heard.fine or named(heard) is None:
            unwell(diagnosis, what, heard, f"{name} {consequence}", has_token=has_token)
            return
        if named(heard) != name:
            diagnosis.failed(
                what,
                f"asked for {name}, the answer is of {named(heard)}: {name} {consequence}",
                "the registry, or a proxy before it, must not decode %2F in paths or rewrite them",
            )
            return
        well += 1
    if well:
        diagnosis.passed(what, f"{well} of the list were found")
    heard = await talk.get(one_path(prefix, NOBODY, "1.0.0" if exact else "latest"))
    if heard.status == 404:
        diagnosis.passed("looks up a server that is not there", "404, which it takes as not in the registry")
    else:
        unwell(
            diagnosis,
            "looks up a server that is not there",
            heard,
            "only 404 means that a server is not there",
            has_token=has_token,
        )
