"""ToolHive's command line and UI: a probe, a walk one server at a time against the clock, then pages of a hundred."""

from typing import Final

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.lookups import look_up
from registry.cli.clients.pages import note_left_out, page_fault, walk
from registry.clock import Clock

HEADERS: Final = {"Accept": "application/json"}
_LIST: Final = "/v0.1/servers"
_START_NS: Final = 10_000_000_000


async def examine(talk: Conversation, diagnosis: Diagnosis, clock: Clock) -> None:
    """What `thv config set-registry` asks, and what it does at every start."""
    token = talk.has_token
    probe = await talk.get(f"{_LIST}?limit=1&version=latest")
    if probe.status in (401, 403):
        unwell(diagnosis, "finds out what kind of registry it is", probe, "it wants a login", has_token=token)
        return
    fault = page_fault(probe) if probe.fine else probe.trouble
    if fault is None and "application/json" not in probe.headers.get("content-type", ""):
        fault = "the content type is not application/json"
    if fault is not None:
        if probe.fine:
            diagnosis.failed(
                "finds out what kind of registry it is",
                f"{fault}: it does not accept the address",
                "answer with application/json, `servers` an array (not null) and `metadata` an object",
            )
        else:
            unwell(diagnosis, "finds out what kind of registry it is", probe, "it does not accept the address")
        return
    diagnosis.passed("finds out what kind of registry it is", "an MCP registry")
    head = await talk.ask("HEAD", "")
    if head.status:
        diagnosis.passed("connects to the base address", f"it answers {head.status}, and any answer will do")
    else:
        unwell(diagnosis, "connects to the base address", head, "it does not accept the address")
    await _start(diagnosis, talk, clock)
    walked = await walk(talk, _LIST, {"limit": "100", "version": "latest"})
    if walked.fault is not None:
        unwell(diagnosis, "lists servers", walked.heard, walked.fault, has_token=token)
    else:
        diagnosis.passed("lists servers", f"{len(walked.items)} on {walked.pages} pages")
    note_left_out(diagnosis, walked)
    await look_up(
        diagnosis, talk, "/v0.1", walked.items, exact=False, consequence="cannot be run by name", has_token=token
    )


async def _start(diagnosis: Diagnosis, talk: Conversation, clock: Clock) -> None:
    what = "reads every server once at its start"
    began_ns = clock.monotonic_ns()
    walked = await walk(talk, _LIST, {"limit": "1"}, go_on=lambda: clock.monotonic_ns() - began_ns < _START_NS)
    if walked.fault is not None:
        diagnosis.failed(what, f"{walked.fault}: it has no list", "see what the list says page by page")
    elif not walked.finished:
        diagnosis.failed(
            what,
            f"{walked.pages} requests, one for each version, and more to come when its 10 s were over: it has no list",
            "let the team see fewer servers, put the registry nearer, or limit its reads less",
        )
    else:
        seconds = (clock.monotonic_ns() - began_ns) / 1e9
        diagnosis.passed(what, f"{walked.pages} requests in {seconds:.1f} s, of 10 s")
