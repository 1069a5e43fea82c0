"""VS Code's gallery: no credential, no redirects, cursors appended as they are, answers read by a page in a browser."""

from typing import Final

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.lookups import look_up
from registry.cli.clients.pages import items_of, name_of, note_left_out, walk
from schemas.validation.advice import vscode_drops
from schemas.validation.reading import Members, member_object

HEADERS: Final = {"Origin": "vscode-file://vscode-app"}
_LIST: Final = "/v0.1/servers"


async def examine(talk: Conversation, diagnosis: Diagnosis) -> None:
    """Probe, gallery, search, single servers."""
    probe = await talk.get(f"{_LIST}?limit=1")
    if not probe.fine:
        older = await talk.get("/v0/servers?limit=1")
        if not older.fine:
            unwell(diagnosis, "asks which version of the API there is", probe, "the gallery stays empty")
            _readable(diagnosis, talk)
            return
        diagnosis.warned(
            "asks which version of the API there is", "only /v0 answers, and VS Code uses that", "serve /v0.1 as well"
        )
    else:
        diagnosis.passed("asks which version of the API there is", "v0.1")
    prefix = "/v0.1" if probe.fine else "/v0"
    walked = await walk(talk, f"{prefix}/servers", {"limit": "50", "version": "latest"}, encoded=False)
    fault = walked.fault or _gallery_fault(walked.heard.json(), walked.items)
    if fault is not None:
        diagnosis.failed("shows the gallery", f"{fault}: the gallery ends there", _MEND_LIST)
    elif not walked.items:
        diagnosis.warned("shows the gallery", "there is no server in this view", _MEND_EMPTY)
    else:
        diagnosis.passed("shows the gallery", f"{len(walked.items)} servers on {walked.pages} pages")
        _dropped(diagnosis, walked.items)
        await _search(diagnosis, talk, prefix, name_of(walked.items[0]))
    note_left_out(diagnosis, walked)
    await look_up(
        diagnosis, talk, prefix, walked.items, exact=False, consequence="is blocked where only the registry is allowed"
    )
    _readable(diagnosis, talk)


_MEND_LIST: Final = "serve the list as the MCP registry API describes it, and let no proxy change it"
_MEND_EMPTY: Final = "grant the team something, and approve it; mcp-registry explain says why a server is hidden"


def _gallery_fault(body: object, items: list[Members]) -> str | None:
    metadata = member_object(body, "metadata") if isinstance(body, dict) else {}
    count = metadata.get("count")
    if not isinstance(count, int) or isinstance(count, bool):
        return "`metadata.count` is not a number"
    for item in items:
        if not isinstance(item.get("_meta"), dict):
            return f"the item {name_of(item) or 'without a name'} has no `_meta` beside its `server`"
    return None


def _dropped(diagnosis: Diagnosis, items: list[Members]) -> None:
    names = [name_of(item) for item in items if any(vscode_drops.RULE.check(member_object(item, "server")))]
    if names:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        diagnosis.warned(
            "installs what it shows",
            f"it leaves out {len(names)} of them, which cannot be allowed either: {shown}",
            "such an entry needs an npm, PyPI, OCI or NuGet package, or a remote",
        )


async def _search(diagnosis: Diagnosis, talk: Conversation, prefix: str, name: str) -> None:
    """It forgets the search from the second page on: the cursor has to know it."""
    term = name.partition("/")[0]
    all_of_it = await walk(talk, f"{prefix}/servers", {"limit": "50", "version": "latest", "search": term})
    first = await walk(
        talk, f"{prefix}/servers", {"limit": "1", "version": "latest", "search": term}, go_on=lambda: False
    )
    found = {name_of(item) for item in all_of_it.items}
    if all_of_it.fault is not None or name not in found:
        fault = all_of_it.fault or f"a search for {term} does not find {name}"
        diagnosis.failed("searches", f"{fault}: users find nothing", _MEND_LIST)
        return
    body = first.heard.json()
    cursor = member_object(body, "metadata").get("nextCursor") if isinstance(body, dict) else None
    if isinstance(cursor, str) and cursor:
        second = await talk.get(f"{prefix}/servers?limit=1&version=latest&cursor={cursor}")
        strangers = [name_of(item) for item in items_of(second) if name_of(item) not in found]
        if not second.fine or strangers:
            said = f"page two holds {strangers[0]}" if strangers else second.trouble
            diagnosis.failed(
                "searches",
                f"{said}: it drops `search` from the second page on",
                "the cursor has to carry the search",
            )
            return
    diagnosis.passed("searches", f"{len(found)} for {term}")


def _readable(diagnosis: Diagnosis, talk: Conversation) -> None:
    what = "reads the answers in a page of a browser"
    hidden = [
        heard
        for heard in talk.heard
        if heard.status and heard.headers.get("access-control-allow-origin") not in ("*", HEADERS["Origin"])
    ]
    if hidden:
        statuses = ", ".join(sorted({str(heard.status) for heard in hidden}))
        diagnosis.failed(
            what,
            f"answers with {statuses} lack Access-Control-Allow-Origin: it reports “Failed to fetch”",
            "send Access-Control-Allow-Origin: * with every answer, errors too; a proxy may have removed it",
        )
    elif talk.heard[0].status:
        diagnosis.passed(what, "every answer allows it, errors too")
