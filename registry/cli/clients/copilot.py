"""Copilot's command line, and its language server as JetBrains and Xcode use it: no credential."""

from itertools import islice
from typing import Final

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.lookups import look_up
from registry.cli.clients.pages import Walked, items_of, name_of, note_left_out, official_of, page_fault, walk
from schemas.validation.advice import xcode_decoder
from schemas.validation.reading import Members, member_object

ACCEPT: Final = {"Accept": "application/json"}
LANGUAGE_SERVER: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_LIST: Final = "/v0.1/servers"
_STATUSES: Final = ("active", "deprecated", "deleted")
_SHOWN: Final = 5
_MEND: Final = "serve the list as the MCP registry API describes it, and let no proxy change it"

_LEAVE_OUT: Final = "mend the entry, or leave it out of lists: mcp-registry team edit TEAM --compat xcode"


async def command_line(talk: Conversation, diagnosis: Diagnosis) -> None:
    """The list of /mcp search, and the look-up of every configured server."""
    heard = await talk.get(f"{_LIST}?limit=30")
    fault = page_fault(heard) if heard.fine else None
    if not heard.fine:
        unwell(diagnosis, "lists servers", heard, "it blocks every server that is not its own")
    elif fault is not None:
        diagnosis.failed("lists servers", f"{fault}: /mcp search shows nothing", _MEND)
    else:
        diagnosis.passed("lists servers", f"{len(items_of(heard))} on the first page")
    consequence = "cannot be verified, and then every server but its own is blocked"
    await look_up(diagnosis, talk, "/v0.1", items_of(heard), exact=False, consequence=consequence)


async def jetbrains(talk: Conversation, diagnosis: Diagnosis) -> None:
    """The whole list, and exact versions."""
    await _listed(talk, diagnosis)


async def xcode(talk: Conversation, diagnosis: Diagnosis) -> None:
    """The same, read by a decoder that loses a page to one entry it does not expect."""
    walked = await _listed(talk, diagnosis)
    if walked.fault is not None or not walked.items:
        return
    broken = [(name_of(item), why) for item in walked.items if (why := _undecodable(item)) is not None]
    if not broken:
        diagnosis.passed("decodes every page", f"all {len(walked.items)} entries")
        return
    for name, why in broken[:_SHOWN]:
        diagnosis.failed("decodes every page", f"{name}: {why}", _LEAVE_OUT)
    if len(broken) > _SHOWN:
        diagnosis.failed("decodes every page", f"{len(broken) - _SHOWN} more entries like these", "the same")


async def _listed(talk: Conversation, diagnosis: Diagnosis) -> Walked:
    asked = {"limit": "100", "cursor": "", "search": "", "updated_since": "", "version": "latest"}
    walked = await walk(talk, _LIST, asked)
    if not walked.heard.fine:
        unwell(diagnosis, "lists servers", walked.heard, "the list in the settings stays empty")
    elif walked.fault is not None:
        diagnosis.failed("lists servers", f"{walked.fault}: the list ends there", _MEND)
    else:
        diagnosis.passed("lists servers", f"{len(walked.items)} on {walked.pages} pages")
    note_left_out(diagnosis, walked)
    await look_up(diagnosis, talk, "/v0.1", walked.items, exact=True, consequence="is blocked where it is configured")
    return walked


def _undecodable(item: Members) -> str | None:
    if "_meta" in item and official_of(item).get("status") not in _STATUSES:
        return "its `_meta` lacks the official block, or has a status that Xcode does not know: the page is lost"
    for _, why in islice(xcode_decoder.RULE.check(member_object(item, "server")), 1):
        return why
    return None
