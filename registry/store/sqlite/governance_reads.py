"""Reading what was decided, on one connection: see store/governance.py."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from registry.catalog.approval import Approval, ApprovedVersion, State
from registry.catalog.changes import Overlay
from registry.catalog.drift import DriftPolicy
from registry.catalog.entry import Digest, ServerName
from registry.catalog.grant import Grant
from registry.catalog.pattern import covering
from registry.catalog.rule import Rule
from registry.catalog.standing import Block, Verdict
from registry.store.governance import Comment, NamedVersion, Team
from registry.store.sqlite import announcing, queries
from registry.store.sqlite import decisions as sql
from registry.store.sqlite.comparison import different_rows, different_time
from registry.store.sqlite.overlays import read_overlays
from registry.store.sqlite.readers import unreadable
from registry.store.sqlite.rows import Row
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


class SqliteGovernanceReads:
    """See governance.GovernanceReads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def teams(self) -> list[Team]:
        return [_teams(row[0]) for row in self._rows(sql.TEAMS, {})]

    def team(self, name: str) -> Team | None:
        row = self._row(sql.TEAM, {"team": name})
        return None if row is None else _teams(row[0])

    def grant(self, grant_id: str) -> Grant | None:
        row = self._row(sql.GRANT, {"id": grant_id})
        return None if row is None else _grants(row[0])

    def grants(self, *, team: str | None, in_force: bool) -> list[Grant]:
        every = sql.GRANTS_IN_FORCE if in_force else sql.GRANTS
        found = [_grants(row[0]) for row in self._rows(every if team is None else sql.GRANTS_OF_TEAM, {"team": team})]
        return [grant for grant in found if grant.in_force] if in_force else found

    def grants_covering(self, name: ServerName) -> dict[str, list[Grant]]:
        by_team: dict[str, list[Grant]] = {}
        for row in self._rows(sql.GRANTS_COVERING, {"patterns": _json(covering(name)).decode()}):
            grant = _grants(row[0])
            by_team.setdefault(grant.team, []).append(grant)
        return by_team

    def approval(self, approval_id: str) -> Approval | None:
        row = self._row(sql.APPROVAL, {"id": approval_id})
        return None if row is None else _approvals(row[0])

    def approvals(
        self, *, state: State | None, name: str | None, limit: int, before: str | None = None
    ) -> list[Approval]:
        bound = {"state": state, "name": name, "limit": limit, "before": before or _AFTER_EVERY_ID}
        if name is not None:
            statement = sql.APPROVALS_OF_NAME if state is None else sql.APPROVALS_OF_NAME_IN_STATE
        else:
            statement = sql.APPROVALS if state is None else sql.APPROVALS_IN_STATE
        return [_approvals(row[0]) for row in self._rows(statement, bound)]

    def ending(self, *, until_us: int, unannounced: bool = False, limit: int) -> list[Approval]:
        statement = announcing.UNANNOUNCED if unannounced else announcing.ENDING
        return [_approvals(row[0]) for row in self._rows(statement, {"until_us": until_us, "limit": limit})]

    def approved(self, name: ServerName) -> list[ApprovedVersion]:
        found = []
        approvals: dict[str, Approval] = {}
        for row in self._rows(sql.APPROVED, {"name": name}):
            approval_id, entry_id, version, digest, document, text, kinds, transports = row
            if approval_id not in approvals:
                approval = self.approval(approval_id)
                assert approval is not None
                approvals[approval_id] = approval
            found.append(
                ApprovedVersion(
                    approval=approvals[approval_id],
                    entry_id=entry_id,
                    version=version,
                    digest=Digest(digest),
                    document_id=document,
                    text_id=text,
                    registry_types=kinds,
                    transports=transports,
                )
            )
        return found

    def versions_of(self, approval_id: str, *, limit: int) -> list[NamedVersion]:
        found = self._rows(sql.VERSIONS_OF, {"approval": approval_id, "limit": limit})
        return [NamedVersion(name=name, version=version, digest=digest) for name, version, digest in found]

    def rules(self, *, in_force: bool) -> list[Rule]:
        found = [_rules(row[0]) for row in self._rows(sql.RULES, {})]
        return [rule for rule in found if rule.in_force] if in_force else found

    def blocks(self, name: str | None = None) -> list[Block]:
        found = self._rows(sql.BLOCKS, {}) if name is None else self._rows(sql.BLOCKS_OF_NAME, {"name": name})
        return [_blocks(row[0]) for row in found]

    def overlays(self, *, in_force: bool) -> list[Overlay]:
        try:
            return read_overlays(self._connection, in_force=in_force)
        except sqlite3.Error as error:
            raise unreadable(error) from error

    def drift_policies(self) -> list[DriftPolicy]:
        return [_drift_policies(row[0]) for row in self._rows(sql.DRIFT_POLICIES, {})]

    def severities(self) -> dict[str, Severity]:
        return {rule: Severity(severity) for rule, severity in self._rows(sql.SEVERITIES, {})}

    def comments(self, approval_id: str) -> list[Comment]:
        return [_comments(row[0]) for row in self._rows(sql.COMMENTS, {"approval": approval_id})]

    def names_in_view(self, team: str) -> list[ServerName]:
        return [ServerName(row[0]) for row in self._rows(sql.NAMES_IN_VIEW, {"view": self._view(team)})]

    def differences(self, team: str, name: ServerName, verdicts: Sequence[Verdict]) -> list[str]:
        view = self._view(team)
        overlays = self.overlays(in_force=True)
        wrong = [what for _, what in different_rows(self._connection, view, name, verdicts, team, overlays)]
        return [*wrong, *different_time(self._connection, view, name, verdicts)]

    def authors(self, entry_id: int) -> list[str]:
        row = self._row(sql.AUTHORS, {"entry": entry_id})
        return [subject for subject in row or () if subject is not None]

    def _view(self, team: str) -> int:
        row = self._row(queries.VIEW, {"team": team})
        if row is None:
            raise ValueError(f"there is no team {team!r}")
        return int(row[0])

    def _row(self, statement: str, bound: Mapping[str, object]) -> Row | None:
        found = self._rows(statement, bound)
        return found[0] if found else None

    def _rows(self, statement: str, bound: Mapping[str, object]) -> list[Row]:
        try:
            return self._connection.execute(statement, bound).fetchall()
        except sqlite3.Error as error:
            raise unreadable(error) from error
