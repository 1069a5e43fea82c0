"""What can be decided, listed, explained and previewed, on the store itself and on a running server."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from registry.catalog.approval import Approval, State
from registry.catalog.changes import Overlay
from registry.catalog.compat import Compat
from registry.catalog.drift import DriftPolicy
from registry.catalog.entry import ServerName
from registry.catalog.grant import Grant
from registry.catalog.look_alike import LookAlike
from registry.catalog.rule import Rule
from registry.catalog.standing import Block
from registry.cli.desks import PAGE, whole, whole_there
from registry.cli.target import Local, Remote
from registry.commands.decide import decide
from registry.commands.waive import Waived
from registry.errors import NotFound
from registry.governing.approvals import Sought, found_approvals
from registry.governing.carrying_out import command_of
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    Ask,
    AssignName,
    BlockServer,
    DecideMany,
    Decision,
    EditTeam,
    EndDriftPolicy,
    EndRule,
    GiveGrant,
    MakeRule,
    MakeTeam,
    Previewed,
    RejectRequest,
    ReleaseLookAlike,
    RemoveOverlay,
    RevokeApproval,
    RevokeGrant,
    Say,
    SetDriftPolicy,
    SetOverlay,
    UnblockServer,
    WaiveCoolOff,
)
from registry.governing.explain import Explanation, explain
from registry.governing.firewall import (
    CoolingReport,
    LookAlikeReport,
    OfferReport,
    cooling_reports,
    look_alike_report,
    look_alike_reports,
    offer_report,
    offer_reports,
    waived_report,
)
from registry.governing.preview import Preview, preview
from registry.governing.reports import (
    ApprovalReport,
    BlockReport,
    DecidedReport,
    DriftPolicyReport,
    GrantReport,
    OverlayReport,
    RuleReport,
    TeamReport,
    Unblocked,
    approval_report,
    block_report,
    comment_report,
    drift_policy_report,
    grant_report,
    overlay_report,
    rule_report,
    team_report,
)
from registry.store.firewall import Offer
from registry.store.governance import Comment, Team
from registry.store.interface import Snapshot, Store
from schemas.rfc3339 import parse_instant

R = TypeVar("R")

_POSTED: Final[dict[type[Decision], str]] = {
    MakeTeam: "/v1/teams",
    GiveGrant: "/v1/grants",
    MakeRule: "/v1/rules",
    SetOverlay: "/v1/overlays",
    SetDriftPolicy: "/v1/drift-policies",
    DecideMany: "/v1/decisions",
    Ask: "/v1/requests",
    ApproveServer: "/v1/approvals",
    BlockServer: "/v1/blocks",
    WaiveCoolOff: "/v1/cool-offs/waive",
    ReleaseLookAlike: "/v1/look-alikes/release",
    AssignName: "/v1/offers/assign",
}
"""Where decisions are made that are themselves the body."""


_EVERY: Final = 1 << 31


class GoverningDesk(Protocol):
    """Where governing is done. Lists are whole."""

    def decide(self, decision: Decision, kind: type[R]) -> R:
        """What came of it, a report of that *kind*, when it is in force."""

    def preview(self, decision: Previewed) -> Preview: ...
    def explain(self, team: str, name: str, compat: Compat | None = None) -> Explanation: ...
    def teams(self) -> list[TeamReport]: ...
    def grants(self, team: str | None, *, ended: bool) -> list[GrantReport]:
        """Of a team or all, oldest first; *ended*: also those that were revoked."""

    def rules(self, *, ended: bool) -> list[RuleReport]: ...
    def overlays(self, *, ended: bool) -> list[OverlayReport]: ...
    def drift_policies(self) -> list[DriftPolicyReport]: ...
    def approval(self, approval_id: str) -> ApprovalReport:
        """Raises NotFound."""

    def approvals(self, state: State | None, name: str | None, ends: str | None = None) -> list[ApprovalReport]:
        """Newest first; *ends*: only those in force that end before that instant, RFC 3339."""

    def blocks(self) -> list[BlockReport]: ...
    def cool_offs(self) -> list[CoolingReport]:
        """By name and version."""

    def look_alikes(self, *, ended: bool) -> list[LookAlikeReport]:
        """By name; *ended*: also those that were released."""

    def offers(self, *, ended: bool) -> list[OfferReport]:
        """By name and source; *ended*: also those that were decided about."""


def governing_desk(chosen: Local | Remote) -> GoverningDesk:
    """For what a command works on."""
    return _There(chosen) if isinstance(chosen, Remote) else _Here(chosen)


class _Here:
    """On the store. Whoever reaches it may do everything, and is recorded as such."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    def decide(self, decision: Decision, kind: type[R]) -> R:
        command = command_of(decision, actor=self._chosen.actor, approvers=self._chosen.settings.governance.approvers)

        async def decided(store: Store) -> object:
            return self._report(store.snapshot(), decision, await decide(store, command))

        # What is governed may be decided before anything was ever served.
        first = isinstance(decision, MakeTeam | GiveGrant | MakeRule | SetDriftPolicy | SetOverlay)
        report = self._chosen.run(decided, prepare=first)
        assert isinstance(report, kind)
        return report

    def preview(self, decision: Previewed) -> Preview:
        async def previewed(store: Store) -> Preview:
            return await preview(store, decision, actor=self._chosen.actor)

        return self._chosen.run(previewed)

    def explain(self, team: str, name: str, compat: Compat | None = None) -> Explanation:
        def explained(snapshot: Snapshot) -> Explanation:
            if snapshot.governance.team(team) is None:
                raise NotFound(f"there is no team {team[:90]!r}")
            now_us = self._chosen.clock.now_us()
            return explain(snapshot, team, ServerName.parse(name), now_us=now_us, compat=compat)

        return self._chosen.run(_reading(explained))

    def teams(self) -> list[TeamReport]:
        return self._chosen.run(_reading(lambda snapshot: [*map(team_report, snapshot.governance.teams())]))

    def grants(self, team: str | None, *, ended: bool) -> list[GrantReport]:
        found = self._chosen.run(_reading(lambda snapshot: snapshot.governance.grants(team=team, in_force=not ended)))
        return [*map(grant_report, found)]

    def rules(self, *, ended: bool) -> list[RuleReport]:
        found = self._chosen.run(_reading(lambda snapshot: snapshot.governance.rules(in_force=not ended)))
        return [*map(rule_report, found)]

    def overlays(self, *, ended: bool) -> list[OverlayReport]:
        found = self._chosen.run(_reading(lambda snapshot: snapshot.governance.overlays(in_force=not ended)))
        return [*map(overlay_report, found)]

    def drift_policies(self) -> list[DriftPolicyReport]:
        return self._chosen.run(
            _reading(lambda snapshot: [*map(drift_policy_report, snapshot.governance.drift_policies())])
        )

    def approval(self, approval_id: str) -> ApprovalReport:
        def found(snapshot: Snapshot) -> ApprovalReport:
            approval = snapshot.governance.approval(approval_id)
            if approval is None:
                raise NotFound(f"there is no approval {approval_id[:40]!r}")
            return approval_report(snapshot, approval, now_us=self._chosen.clock.now_us())

        return self._chosen.run(_reading(found))

    def approvals(self, state: State | None, name: str | None, ends: str | None = None) -> list[ApprovalReport]:
        now_us = self._chosen.clock.now_us()
        sought = Sought(state=state, name=name, expires_before_us=None if ends is None else parse_instant(ends))

        def listed(snapshot: Snapshot) -> list[ApprovalReport]:
            found = whole(
                lambda before: found_approvals(snapshot, sought, _any, now_us=now_us, limit=PAGE, before=before)
            )
            return [approval_report(snapshot, each, now_us=now_us) for each in found]

        return self._chosen.run(_reading(listed))

    def blocks(self) -> list[BlockReport]:
        return self._chosen.run(_reading(lambda snapshot: [*map(block_report, snapshot.governance.blocks())]))

    def cool_offs(self) -> list[CoolingReport]:
        now_us = self._chosen.clock.now_us()

        def listed(snapshot: Snapshot) -> list[CoolingReport]:
            return cooling_reports(snapshot, lambda _: True, now_us=now_us, limit=_EVERY, after=None)[0]

        return self._chosen.run(_reading(listed))

    def look_alikes(self, *, ended: bool) -> list[LookAlikeReport]:
        def listed(snapshot: Snapshot) -> list[LookAlikeReport]:
            return look_alike_reports(snapshot, _every, _every, released=ended, limit=_EVERY, after=None)[0]

        return self._chosen.run(_reading(listed))

    def offers(self, *, ended: bool) -> list[OfferReport]:
        def listed(snapshot: Snapshot) -> list[OfferReport]:
            return offer_reports(snapshot, decided=ended, limit=_EVERY, after=None)[0]

        return self._chosen.run(_reading(listed))

    def _report(self, snapshot: Snapshot, decision: Decision, value: object) -> object:  # noqa: C901 - one case a kind
        match value:
            case Team():
                return team_report(value)
            case Grant():
                return grant_report(value)
            case Rule():
                return rule_report(value)
            case Overlay():
                return overlay_report(value)
            case Block():
                return block_report(value)
            case DriftPolicy():
                return drift_policy_report(value)
            case Comment():
                return comment_report(value)
            case Waived():
                return waived_report(value)
            case Offer():
                return offer_report(snapshot, value)
            case LookAlike():
                return look_alike_report(value, _every)
            case Approval():
                return approval_report(snapshot, value, now_us=self._chosen.clock.now_us())
            case list():
                now_us = self._chosen.clock.now_us()
                return DecidedReport(items=[approval_report(snapshot, each, now_us=now_us) for each in value])
        assert isinstance(decision, UnblockServer)
        return Unblocked(name=decision.name, version=decision.version)


class _Page(msgspec.Struct, Generic[R]):
    items: list[R]
    metadata: dict[str, int | str]


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    def decide(self, decision: Decision, kind: type[R]) -> R:
        if isinstance(decision, EditTeam):
            return self._chosen.patch(_path("/v1/teams", decision.team), decision.changes, kind)
        path, body = _route(decision)
        return self._chosen.delete(path, kind) if body is None else self._chosen.post(path, body, kind)

    def preview(self, decision: Previewed) -> Preview:
        return self._chosen.post("/v1/preview", decision, Preview)

    def explain(self, team: str, name: str, compat: Compat | None = None) -> Explanation:
        asked = {"team": team, "name": name, "compat": compat or ""}
        return self._chosen.get("/v1/explain?" + urlencode(asked), Explanation)

    def teams(self) -> list[TeamReport]:
        return whole_there(self._chosen, "/v1/teams", {}, _Page[TeamReport])

    def grants(self, team: str | None, *, ended: bool) -> list[GrantReport]:
        return whole_there(
            self._chosen, "/v1/grants", {"team": team, "state": "all" if ended else None}, _Page[GrantReport]
        )

    def rules(self, *, ended: bool) -> list[RuleReport]:
        return whole_there(self._chosen, "/v1/rules", {"state": "all" if ended else None}, _Page[RuleReport])

    def overlays(self, *, ended: bool) -> list[OverlayReport]:
        return whole_there(self._chosen, "/v1/overlays", {"state": "all" if ended else None}, _Page[OverlayReport])

    def drift_policies(self) -> list[DriftPolicyReport]:
        return whole_there(self._chosen, "/v1/drift-policies", {}, _Page[DriftPolicyReport])

    def approval(self, approval_id: str) -> ApprovalReport:
        return self._chosen.get(_path("/v1/approvals", approval_id), ApprovalReport)

    def approvals(self, state: State | None, name: str | None, ends: str | None = None) -> list[ApprovalReport]:
        asked = {"state": state, "name": name, "expires_before": ends}
        return whole_there(self._chosen, "/v1/approvals", asked, _Page[ApprovalReport])

    def blocks(self) -> list[BlockReport]:
        return whole_there(self._chosen, "/v1/blocks", {}, _Page[BlockReport])

    def cool_offs(self) -> list[CoolingReport]:
        return whole_there(self._chosen, "/v1/cool-offs", {}, _Page[CoolingReport])

    def look_alikes(self, *, ended: bool) -> list[LookAlikeReport]:
        return whole_there(self._chosen, "/v1/look-alikes", {"state": "all" if ended else None}, _Page[LookAlikeReport])

    def offers(self, *, ended: bool) -> list[OfferReport]:
        return whole_there(self._chosen, "/v1/offers", {"state": "all" if ended else None}, _Page[OfferReport])


def _route(decision: Decision) -> tuple[str, object]:
    """Where a decision is made, and the body of the POST; None for DELETE."""
    if (path := _POSTED.get(type(decision))) is not None:
        return path, decision
    match decision:
        case ApproveRequest(approval=approval, reason=reason, expires_at=expires_at):
            return _path("/v1/approvals", approval, "/approve"), {"reason": reason, "expires_at": expires_at}
        case RejectRequest(approval=approval, reason=reason):
            return _path("/v1/approvals", approval, "/reject"), {"reason": reason}
        case RevokeApproval(approval=approval, reason=reason):
            return _path("/v1/approvals", approval, "/revoke"), {"reason": reason}
        case Say(approval=approval, text=text):
            return _path("/v1/requests", approval, "/comments"), {"text": text}
        case EndDriftPolicy(pattern=pattern, reason=reason):
            return f"/v1/drift-policies?{_asked(pattern=pattern, reason=reason)}", None
        case RevokeGrant(grant=grant, reason=reason):
            return f"{_path('/v1/grants', grant)}?{_asked(reason=reason)}", None
        case EndRule(rule=rule, reason=reason):
            return f"{_path('/v1/rules', rule)}?{_asked(reason=reason)}", None
        case RemoveOverlay(overlay=overlay, reason=reason):
            return f"{_path('/v1/overlays', overlay)}?{_asked(reason=reason)}", None
        case UnblockServer(name=name, version=version, reason=reason):
            return f"/v1/blocks?{_asked(name=name, version=version or '', reason=reason)}", None
    raise AssertionError(decision)


def _path(before: str, named: str, after: str = "") -> str:
    return f"{before}/{quote(named, safe='')}{after}"


def _asked(**parameters: str) -> str:
    return urlencode(parameters)


def _reading(question: Callable[[Snapshot], R]) -> Callable[[Any], Awaitable[R]]:  # Any: whatever store is opened
    async def read(store: Store) -> R:
        return question(store.snapshot())

    return read


def _every(_: str) -> bool:
    return True


def _any(_: Approval) -> bool:
    return True
