"""Docker's MCP gateway: `/v0` only, and any answer but 200 ends it."""

from typing import Final
from urllib.parse import quote

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.lookups import look_up
from registry.cli.clients.pages import name_of, note_left_out, page_fault, walk

_MEND: Final = "serve /v0 as an alias of /v0.1, with `server` and `_meta` in every item"


async def examine(talk: Conversation, diagnosis: Diagnosis) -> None:
    """`docker mcp catalog create --from-community-registry`, and single servers of a profile."""
    walked = await walk(talk, "/v0/servers", {"version": "latest", "limit": "100"})
    if not walked.heard.fine:
        unwell(diagnosis, "creates a catalog", walked.heard, "the catalog is not created")
        return
    if walked.fault is not None or any(not name_of(item) for item in walked.items):
        said = walked.fault or "an item has no `server` with a name"
        diagnosis.failed("creates a catalog", f"{said}: the catalog is not created", _MEND)
        return
    diagnosis.passed("creates a catalog", f"{len(walked.items)} servers on {walked.pages} pages")
    note_left_out(diagnosis, walked)
    consequence = "cannot be added to a profile"
    await look_up(diagnosis, talk, "/v0", walked.items, exact=True, consequence=consequence)
    for item in walked.items[:1]:
        heard = await talk.get(f"/v0/servers/{quote(name_of(item), safe='')}/versions")
        if heard.fine and page_fault(heard) is None:
            diagnosis.passed("looks for newer versions", "the history is there")
        else:
            unwell(diagnosis, "looks for newer versions", heard, "nothing is updated")
