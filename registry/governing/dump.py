"""What is in force, as a governance file: one that `plan` finds no difference to."""

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from registry.governing.declared_approvals import approved_by_people, digests_of, expires_text
from registry.store.interface import Snapshot

_Value: TypeAlias = "str | bool | Iterable[_Value] | Mapping[str, _Value] | None"


def dumped(snapshot: Snapshot, *, now_us: int) -> str:
    """
    Teams, grants, policies, rules, overlays and the approvals that people decided, as TOML. What is asked for and what
    is over is left out, and so are blocks.
    """
    reads = snapshot.governance
    approvals = sorted(approved_by_people(snapshot, now_us=now_us), key=lambda each: (each.name, each.id))
    tables = ["all_approvals = true\n"]
    tables += [
        _table("team", name=team.name, description=team.description or None, compat=team.compat)
        for team in sorted(reads.teams(), key=lambda each: each.name)
    ]
    tables += [
        _table("grant", team=grant.team, pattern=grant.pattern, tools=grant.tools, reason=grant.reason)
        for grant in sorted(reads.grants(team=None, in_force=True), key=lambda each: (each.team, each.pattern, each.id))
    ]
    tables += [
        _table("drift", pattern=policy.pattern, on_change=policy.on_change, reason=policy.reason)
        for policy in reads.drift_policies()
    ]
    tables += [
        _table(
            "rule",
            name=rule.name,
            pattern=rule.pattern,
            teams=rule.audience,
            max_severity=rule.max_severity,
            patches_only=rule.patches_only or None,
            without_cool_off=rule.without_cool_off or None,
            reason=rule.reason,
        )
        for rule in reads.rules(in_force=True)
    ]
    tables += [
        _table(
            "overlay",
            name=overlay.name,
            pattern=overlay.pattern,
            teams=overlay.audience,
            changes=msgspec.to_builtins(overlay.changes),
            reason=overlay.reason,
        )
        for overlay in sorted(reads.overlays(in_force=True), key=lambda each: each.name)
    ]
    for approval in approvals:
        digests = {
            version: f"sha256:{digest.hex()}" for version, digest in sorted(digests_of(snapshot, approval).items())
        }
        tables.append(
            _table(
                "approval",
                name=approval.name,
                digests=digests,
                teams=approval.audience,
                all_teams=True if approval.audience is None else None,
                tools=approval.tools,
                reason=approval.reason or approval.request,
            )
            + ("" if (ends := expires_text(approval)) is None else f"expires = {ends}\n")
        )
    return "\n".join(tables)


def _table(name: str, /, **members: _Value) -> str:
    lines = "".join(f"{key} = {_toml(value)}\n" for key, value in members.items() if value is not None)
    return f"[[{name}]]\n{lines}"


def _toml(value: _Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            # A JSON text is a basic string of TOML, but for the one control character that JSON lets stand.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            return "{" + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + "}"
        case None:
            raise ValueError("TOML has no null")
        case _:
            return "[" + ", ".join(map(_toml, value)) + "]"
