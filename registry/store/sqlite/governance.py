"""Teams, grants, approvals, rules and blocks, on one connection: see store/governance.py."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from registry.audit.event import AuditEvent
from registry.catalog.approval import Approval, State
from registry.catalog.changes import Overlay
from registry.catalog.drift import DriftPolicy
from registry.catalog.entry import ServerName
from registry.catalog.grant import Grant
from registry.catalog.pattern import covering
from registry.catalog.rule import Rule
from registry.catalog.standing import Block, Verdict
from registry.catalog.view import StoredEntry
from registry.store.governance import Comment, Pending, Team
from registry.store.sqlite import announcing, queries
from registry.store.sqlite import decisions as sql
from registry.store.sqlite.comparison import different_rows
from registry.store.sqlite.governance_reads import SqliteGovernanceReads
from registry.store.sqlite.overlays import OverlaysInForce, put_overlay
from registry.store.sqlite.projection import Change, Memory, Projection, next_change
from schemas.validation.issue import Severity

_json: Final = msgspec.json.Encoder().encode
_teams: Final = msgspec.json.Decoder(Team).decode
_grants: Final = msgspec.json.Decoder(Grant).decode
_approvals: Final = msgspec.json.Decoder(Approval).decode
_rules: Final = msgspec.json.Decoder(Rule).decode
_blocks: Final = msgspec.json.Decoder(Block).decode
_comments: Final = msgspec.json.Decoder(Comment).decode
_drift_policies: Final = msgspec.json.Decoder(DriftPolicy).decode
_AFTER_EVERY_ID: Final = "\U0010ffff"
_ALL: Final = ""


class SqliteGovernance(SqliteGovernanceReads):
    """
    See governance.Governance.

    Args:
        body: The document with that id.
        instant_us: The instant of the transaction; asked only if something changes.
        forget_text: Forget a searched text, unless somebody still needs it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        body: Callable[[int], bytes],
        instant_us: Callable[[], int],
        forget_text: Callable[[int], None],
    ) -> None:
        super().__init__(connection)
        self._known: dict[str, Approval] = {}
        self._expired: list[Approval] = []
        self._noted: list[AuditEvent] = []
        self._newest: dict[int, int] = {}
        # Nobody else changes these meanwhile; many names of one transaction ask for them.
        self._views: dict[str, int] = {}
        self._timed: dict[int, bool] = {}
        self._by_pattern: dict[str, list[Grant]] = {}
        self._blocked: bool | None = None
        self._overlaying: OverlaysInForce | None = None
        self._policies: list[DriftPolicy] | None = None
        self._severities: dict[str, Severity] | None = None
        self._memory = Memory()
        self._body = body
        self._instant_us = instant_us
        self._forget_text = forget_text

    def put_team(self, team: Team) -> None:
        self._connection.execute(sql.PUT_VIEW, {"team": team.name, "compat": team.compat})
        self._connection.execute(sql.PUT_TEAM, {"team": team.name, "record": _json(team)})

    def put_grant(self, grant: Grant) -> None:
        bound = {"id": grant.id, "team": grant.team, "pattern": grant.pattern, "record": _json(grant)}
        self._connection.execute(sql.PUT_GRANT, bound | {"revoked": not grant.in_force})
        self._by_pattern.clear()

    def approval(self, approval_id: str) -> Approval | None:
        # Nobody else changes one while this transaction goes on.
        known = self._known.get(approval_id) or super().approval(approval_id)
        if known is not None:
            self._known[approval_id] = known
        return known

    def grants_covering(self, name: ServerName) -> dict[str, list[Grant]]:
        patterns = covering(name)
        missing = [pattern for pattern in patterns if pattern not in self._by_pattern]
        self._by_pattern.update((pattern, []) for pattern in missing)
        for row in self._rows(sql.GRANTS_COVERING, {"patterns": _json(missing).decode()}):
            grant = _grants(row[0])
            self._by_pattern[grant.pattern].append(grant)
        by_team: dict[str, list[Grant]] = {}
        for pattern in patterns:
            for grant in self._by_pattern[pattern]:
                by_team.setdefault(grant.team, []).append(grant)
        return by_team

    def blocks(self, name: str | None = None) -> list[Block]:
        if self._blocked is None:
            self._blocked = bool(self._rows(sql.ANY_BLOCK, {}))
        return super().blocks(name) if self._blocked else []

    def drift_policies(self) -> list[DriftPolicy]:
        if self._policies is None:
            self._policies = super().drift_policies()
        return self._policies

    def put_drift_policy(self, policy: DriftPolicy) -> None:
        self._policies = None
        self._connection.execute(sql.PUT_DRIFT_POLICY, {"pattern": policy.pattern, "record": _json(policy)})

    def forget_drift_policy(self, pattern: str) -> bool:
        self._policies = None
        return self._connection.execute(sql.FORGET_DRIFT_POLICY, {"pattern": pattern}).rowcount > 0

    def severities(self) -> dict[str, Severity]:
        if self._severities is None:
            self._severities = super().severities()
        return self._severities

    def put_severities(self, severities: Mapping[str, Severity]) -> None:
        self._severities = None
        self._connection.execute(sql.FORGET_SEVERITIES)
        bound = [{"rule": rule, "severity": severity.value} for rule, severity in severities.items()]
        self._connection.executemany(sql.PUT_SEVERITY, bound)

    def put_comment(self, comment: Comment) -> None:
        self._connection.execute(sql.PUT_COMMENT, {"approval": comment.approval, "record": _json(comment)})

    def note(self, event: AuditEvent) -> None:
        self._noted.append(event)

    def noted(self) -> list[AuditEvent]:
        return self._noted

    def expired(self) -> list[Approval]:
        return self._expired

    def put_approval(self, approval: Approval) -> None:
        if approval.state is State.EXPIRED:
            self._expired.append(approval)
        self._known[approval.id] = approval
        bound = {"id": approval.id, "name": approval.name, "state": approval.state, "expires_us": approval.expires_us}
        self._connection.execute(sql.PUT_APPROVAL, bound | {"record": _json(approval)})

    def put_announced(self, approval_id: str) -> None:
        self._connection.execute(announcing.ANNOUNCED, {"id": approval_id})

    def put_approved(self, approval_id: str, name: ServerName, entries: Sequence[StoredEntry]) -> None:
        bound = [
            {
                "name": name,
                "version": entry.version,
                "digest": entry.digest,
                "entry": entry.id,
                "document": entry.document_id,
                "approval": approval_id,
                "text": entry.text_id,
                "registry_types": entry.registry_types,
                "transports": entry.transports,
            }
            for entry in entries
        ]
        if self._connection.executemany(sql.PUT_APPROVED, bound).rowcount < len(bound):
            self._connection.executemany(sql.CHANGE_APPROVED, bound)

    def release_older(self, approval_id: str, name: ServerName, entries: Sequence[StoredEntry]) -> None:
        for entry in entries:
            bound = {"name": name, "version": entry.version, "approval": approval_id, "digest": entry.digest}
            texts = self._rows(sql.OLDER_TEXTS, bound)
            if texts:
                self._connection.execute(sql.RELEASE_OLDER, bound)
                for (text_id,) in texts:
                    self._forget_text(text_id)

    def release(self, approval_id: str, name: ServerName) -> None:
        bound = {"name": name, "approval": approval_id}
        texts = self._rows(sql.TEXTS_OF, bound)
        self._connection.execute(sql.RELEASE, bound)
        for (text_id,) in texts:
            self._forget_text(text_id)

    def names_approved_by(self, approval_id: str, *, after: str, limit: int) -> list[ServerName]:
        bound = {"approval": approval_id, "after": after, "limit": limit}
        return [ServerName(row[0]) for row in self._rows(sql.NAMES_APPROVED_BY, bound)]

    def put_rule(self, rule: Rule) -> None:
        self._connection.execute(sql.PUT_RULE, {"id": rule.id, "record": _json(rule)})

    def put_overlay(self, overlay: Overlay) -> None:
        self._overlaying = None
        put_overlay(self._connection, overlay)

    def put_block(self, block: Block) -> None:
        bound = {"name": block.name, "version": block.version or _ALL, "record": _json(block)}
        self._blocked = True
        self._connection.execute(sql.PUT_BLOCK, bound)

    def forget_block(self, name: str, version: str | None) -> bool:
        bound = {"name": name, "version": version or _ALL}
        return self._connection.execute(sql.FORGET_BLOCK, bound).rowcount > 0

    def replace_in_view(self, team: str, name: ServerName, verdicts: Sequence[Verdict], *, at_us: int | None) -> int:
        view = self._view(team)

        def changed_us() -> int:
            own_us = self._instant_us()
            # Whoever polls with the newest instant seen would not be told of an older one.
            return own_us if at_us is None or at_us <= self._newest_shown(view) else at_us

        if self._overlaying is None:
            self._overlaying = OverlaysInForce(self.overlays(in_force=True), self._body)
        overlaying = self._overlaying.concerning(team, name)
        projection = Projection(self._connection, self._body, changed_us, self._memory, overlaying)
        written = projection.replace(view, name, verdicts)
        self._put_time(view, name, next_change(verdicts))
        return written

    def rewrite_in_view(self, team: str, name: ServerName, verdicts: Sequence[Verdict]) -> int:
        written = self.replace_in_view(team, name, verdicts, at_us=None)
        view = self._view(team)
        overlays = self.overlays(in_force=True)
        wrong = [visible for visible, _ in different_rows(self._connection, view, name, verdicts, team, overlays)]
        if wrong:
            projection = Projection(self._connection, self._body, self._instant_us, self._memory)
            stored, _ = projection.computed(view, name, verdicts)
            changes = [Change(visible=visible, before=stored.get(visible.official.version)) for visible in wrong]
            projection.write(view, name, changes)
        return written + len(wrong)

    def put_pending(self, pending: Pending) -> int:
        return int(self._connection.execute(sql.PUT_PENDING, msgspec.structs.asdict(pending)).fetchone()[0])

    def pending(self) -> list[Pending]:
        return [
            Pending(number=number, team=team, pattern=pattern, after=after)
            for number, team, pattern, after in self._rows(sql.PENDING, {})
        ]

    def forget_pending(self, number: int) -> None:
        self._connection.execute(sql.FORGET_PENDING, {"number": number})

    def due(self, team: str, *, now_us: int, limit: int) -> list[tuple[ServerName, int]]:
        bound = {"view": self._view(team), "now_us": now_us, "limit": limit}
        return [(ServerName(name), next_us) for name, next_us in self._rows(sql.DUE, bound)]

    def late(self, name: ServerName, *, now_us: int) -> list[tuple[str, int]]:
        return [(team, next_us) for team, next_us in self._rows(sql.LATE, {"name": name, "now_us": now_us})]

    def _newest_shown(self, view: int) -> int:
        """The newest change that anybody can have seen in that view: of before this transaction."""
        if view not in self._newest:
            self._newest[view] = self._rows(sql.NEWEST_CHANGE, {"view": view})[0][0] or 0
        return self._newest[view]

    def _view(self, team: str) -> int:
        if team not in self._views:
            self._views[team] = super()._view(team)
        return self._views[team]

    def _put_time(self, view: int, name: ServerName, next_us: int | None) -> None:
        key = {"view": view, "name": name}
        if view not in self._timed:
            self._timed[view] = self._rows(queries.GENERATION, key)[0][1] is not None
        if next_us is not None:
            self._connection.execute(sql.PUT_TIME, key | {"next_us": next_us})
            self._timed[view] = True
        elif not self._timed[view] or not self._connection.execute(sql.FORGET_TIME, key).rowcount:
            return
        self._connection.execute(sql.NEXT_TIME, {"view": view})
