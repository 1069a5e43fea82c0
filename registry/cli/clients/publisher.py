"""mcp-publisher: below `/v0`, to an address that takes publications. Nothing is published here."""

from typing import Final
from urllib.parse import quote

import msgspec

from registry.cli.clients.conversation import Conversation, unwell
from registry.cli.clients.diagnosis import Diagnosis
from registry.cli.clients.pages import NOBODY
from schemas.validation.versions import CURRENT_URL

_ROOT: Final = "publish to the registry's root address: capability and team addresses are for reading"
_MANIFEST: Final = {
    "$schema": CURRENT_URL,
    "name": NOBODY,
    "description": "A document that is validated and not published",
    "version": "1.0.0",
}


async def examine(talk: Conversation, diagnosis: Diagnosis) -> None:
    """Health for a login, validation, whether publications are taken, and statuses."""
    token = talk.has_token
    health = await talk.get("/v0/health")
    if health.fine and isinstance(health.json(), dict):
        diagnosis.passed("asks how one logs in", "health answers")
    elif health.status == 404:
        diagnosis.failed("asks how one logs in", "there is no /v0/health below this address", _ROOT)
    else:
        unwell(diagnosis, "asks how one logs in", health, "no login is possible", has_token=token)
    verdict = await talk.ask("POST", "/v0/validate", content=msgspec.json.encode(_MANIFEST), credential=False)
    body = verdict.json()
    if verdict.fine and isinstance(body, dict) and "valid" in body and isinstance(body.get("issues"), list):
        diagnosis.passed("validates a document", "there is a verdict")
    elif verdict.status == 404:
        diagnosis.failed("validates a document", "there is no /v0/validate below this address", _ROOT)
    else:
        unwell(diagnosis, "validates a document", verdict, "it cannot say what is wrong", has_token=token)
    # Without the credential, and with a body that is no document: whoever takes publications refuses this one.
    publish = await talk.ask("POST", "/v0/publish", content=b"{}", credential=False)
    if publish.status in (400, 401, 403, 422):
        diagnosis.passed("publishes", "publications are taken from those who have a credential")
    elif publish.status in (404, 405):
        diagnosis.failed("publishes", "this address takes no publications", _ROOT)
    else:
        unwell(diagnosis, "publishes", publish, "a publication would not be taken", has_token=token)
    history = await talk.get(f"/v0/servers/{quote(NOBODY, safe='')}/versions?include_deleted=true")
    if history.status == 404:
        diagnosis.passed("reads statuses", "a server that is not there is 404")
    elif history.status in (401, 403) and not token:
        diagnosis.warned(
            "reads statuses",
            "this registry is read with a credential, and `status` sends the one of the login",
            "set MCP_REGISTRY_TOKEN to find out whether it may read",
        )
    else:
        unwell(diagnosis, "reads statuses", history, "`status` does not work", has_token=token)
