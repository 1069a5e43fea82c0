"""What requests of the authorization matrix are about, and the requests themselves."""

from collections.abc import Collection
from itertools import count
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from registry.policy.principal import Role
from registry.policy.token import named_token, token_name
from tests.api.kinds import TEAM, Place
from tests.api.publishing import MIRRORED, Client, manifest
from tests.doubles.issued import issue
from tests.doubles.route_table import Route
from tests.running import RunningRegistry

_JSON: Final = "Content-Type: application/json"
_REASON: Final = "for the matrix"
_VERSION: Final = "1.0.0"
_NUMBERS: Final = count(1)
_NEEDED: Final = {
    "revoke-token": "token",
    "revoke-tokens-of-subject": "token",
    "reinstate-subject": "subject",
    "revoke-grant": "grant",
    "end-rule": "rule",
    "remove-overlay": "overlay",
    "unblock-server": "block",
    "revoke-approval": "approval",
    "approve-request": "request",
    "reject-request": "request",
    "decide-many": "request",
    "comment-request": "request",
    "end-drift-policy": "policy",
    "rotate-capability": "capability",
    "revoke-capability": "capability",
}
"""By operation: what must be there for it to succeed, beside a version of a name."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a request is about: a version of a name, and what was decided about it. Ids are empty for what is not there.

    Attributes:
        owner: Of the token.
        blocked: A version of the name that is none, and hides nothing: blocked if that was needed.
    """

    name: str
    version: str
    owner: str
    blocked: str
    token: str = ""
    grant: str = ""
    rule: str = ""
    overlay: str = ""
    approval: str = ""
    request: str = ""
    policy: str = ""
    capability: str = ""


class Targets:
    """
    Makes them. Nobody approves what they published or asked for, so three do it.

    Nothing of it is ever the same twice: a grant has tools of its own, a block a version. So what stands for a mirrored
    name, of which there is one, is in no other cell's way.
    """

    def __init__(self, registry: RunningRegistry) -> None:
        def somebody(owner: str, *roles: Role, namespaces: tuple[str, ...] = ()) -> Client:
            token = issue(registry, *roles, owner=owner, teams=(TEAM,), namespaces=namespaces, expires_in_s=None)
            return Client(registry, token, prefix="")

        self._registry = registry
        self.root = somebody("root", *Role, namespaces=("*",))
        self._asker = somebody("asker", Role.READER)
        self._decider = somebody("decider", Role.APPROVER)

    def standing(self, place: Place) -> Target:
        """Everything there can be in *place*, for requests that change nothing."""
        return self._made(place, "standing", set(_NEEDED.values()))

    def fresh(self, place: Place, route: Route) -> Target:
        """Something that no request was about yet: a name, and what *route* needs to succeed."""
        needed = _NEEDED.get(route.operation)
        return self._made(place, f"cell-{next(_NUMBERS)}", () if needed is None else (needed,))

    def settle(self, approval: str) -> None:
        """Reject what was asked for: whoever waits for a decision may not decide about the same name."""
        self._said(self._decider, f"/v1/approvals/{approval}/reject", {"reason": _REASON})

    def _made(self, place: Place, slug: str, needed: Collection[str]) -> Target:
        name, version = f"{place}/{slug}", _VERSION
        if place is Place.MIRRORED:
            name, version = MIRRORED
        else:
            self._said(self.root, "/v0.1/publish", manifest(name))
        owner, blocked = f"{slug}@{place}", f"9.0.{next(_NUMBERS)}"
        if "subject" in needed:
            self._said(self.root, "/v1/subjects/revoke", {"subject": f"acme:{owner}"})
        if "block" in needed:
            self._said(self.root, "/v1/blocks", {"name": name, "version": blocked, "reason": _REASON})
        ids = {each: self._decided(each, name, slug) for each in needed if each not in ("block", "token", "subject")}
        if "token" in needed:
            text = issue(
                self._registry, Role.ADMIN, owner=owner, teams=(), namespaces=(f"{place}/*",), expires_in_s=None
            )
            ids["token"] = token_name(named_token(text))
        return Target(name=name, version=version, owner=owner, blocked=blocked, **ids)

    def _decided(self, what: str, name: str, slug: str) -> str:
        """The id of a new one."""
        asked = {"name": name, "teams": [TEAM], "reason": _REASON}
        match what:
            case "grant":
                made = self._said(self.root, "/v1/grants", grant(name))
            case "rule":
                made = self._said(self.root, "/v1/rules", rule(name))
            case "overlay":
                made = self._said(self.root, "/v1/overlays", overlay(name))
            case "approval":
                made = self._said(self._decider, "/v1/approvals", asked)
            case "request":
                made = self._said(self._asker, "/v1/requests", asked)
            case "policy":
                return str(self._said(self.root, "/v1/drift-policies", drift_policy(name))["pattern"])
            case _:
                made = self._said(self.root, "/v1/capabilities", {"team": TEAM, "label": slug})
        found: str = made["id"]
        return found

    @staticmethod
    def _said(client: Client, path: str, body: object) -> Any:  # Any: what the API answers
        answer = client.request("POST", path, body, _JSON)
        assert answer.status in (200, 201), answer.body
        return answer.json()


def grant(name: str) -> dict[str, object]:
    """The body that gives *name* with a tool that no other grant names."""
    return {"team": TEAM, "pattern": name, "tools": [f"tool-{next(_NUMBERS)}"], "reason": _REASON}


def rule(name: str) -> dict[str, object]:
    """The body of a rule of its own for *name*."""
    return {"name": f"rule {next(_NUMBERS)}", "pattern": name, "teams": [TEAM], "reason": _REASON}


def overlay(name: str) -> dict[str, object]:
    """The body of an overlay of its own for *name*, which changes no document."""
    changes = {"remotes": [{"prefix": "https://nowhere.example", "to": "https://gw.example"}]}
    return {"name": f"o {next(_NUMBERS)}", "pattern": name, "teams": [TEAM], "changes": changes, "reason": _REASON}


def drift_policy(name: str) -> dict[str, object]:
    """The body of a policy for *name*."""
    return {"pattern": name, "on_change": "hold", "reason": _REASON}


def path_of(route: Route, target: Target) -> str:
    """The path and the query that *route* is asked with."""
    decides = route.operation in ("approve-request", "reject-request", "comment-request")
    path = route.path
    for parameter, value in {
        "{server_name:str}": quote(target.name, safe=""),
        "{version:str}": target.version,
        "{token_id:str}": target.token,
        "{grant_id:str}": target.grant,
        "{rule_id:str}": target.rule,
        "{overlay_id:str}": target.overlay,
        "{approval_id:str}": target.request if decides else target.approval,
        "{capability_id:str}": target.capability,
        "{name:str}": "nobody-s",
        "{team_name:str}": TEAM,
    }.items():
        path = path.replace(parameter, value)
    asked: dict[str, object] = {}
    match route.operation:
        case "list-tokens":
            asked = {"limit": 100}
        case "list-mine":
            # From where the name would stand, however much was published before it.
            asked = {"cursor": f"{target.name}:0"}
        case "revoke-grant" | "end-rule" | "remove-overlay":
            asked = {"reason": _REASON}
        case "end-drift-policy":
            asked = {"pattern": target.policy, "reason": _REASON}
        case "unblock-server":
            asked = {"name": target.name, "version": target.blocked, "reason": _REASON}
        case "explain":
            asked = {"team": TEAM, "name": target.name}
    return f"{path}?{urlencode(asked)}" if asked else path


def body_of(operation: str, target: Target, name: str) -> object:  # noqa: C901 - one case a kind of body
    """What is sent, None for nothing. *name* is what is published, if that is what it does."""
    place = target.name.partition("/")[0]
    match operation:
        case "publish-server" | "check-publication" | "validate-server":
            return manifest(name)
        case "edit-server":
            return manifest(target.name, target.version, description="Edited")
        case "update-server-status" | "update-server-all-versions-status":
            return {"status": "deprecated"}
        case "issue-token":
            return {"owner": "made@matrix", "roles": ["admin"], "namespaces": [f"{place}/*"]}
        case _ if operation.startswith("exchange-") and operation != "exchange-none-token":
            return {}
        case "revoke-tokens-of-subject":
            return {"subject": target.owner}
        case "revoke-subject" | "reinstate-subject":
            return {"subject": f"acme:{target.owner}"}
        case "request-sync-run":
            return {"upstream": "nobody-s"}
        case "issue-capability":
            return {"team": TEAM}
        case "rotate-capability":
            return {}
        case "make-team":
            return {"name": f"team-{next(_NUMBERS)}"}
        case "edit-team":
            return {"description": f"edited {next(_NUMBERS)} times"}
        case "give-grant":
            return grant(target.name)
        case "make-rule":
            return rule(target.name)
        case "set-overlay":
            return overlay(target.name)
        case "block-server":
            return {"name": target.name, "version": f"8.0.{next(_NUMBERS)}", "reason": _REASON}
        case "assign-name":
            return {"name": target.name, "source": "private", "reason": _REASON}
        case "waive-cool-off" | "release-look-alike":
            return {"name": target.name, "reason": _REASON}
        case "preview-decision":
            return {"decision": "block", "name": target.name, "reason": _REASON}
        case "approve-server" | "request-approval" | "file-request":
            return {"name": target.name, "teams": [TEAM], "reason": _REASON}
        case "approve-request" | "reject-request" | "revoke-approval":
            return {"reason": _REASON}
        case "decide-many":
            return {"verdict": "reject", "approvals": [target.request], "reason": _REASON}
        case "comment-request":
            return {"text": _REASON}
        case "set-drift-policy":
            return drift_policy(target.name)
    return None
