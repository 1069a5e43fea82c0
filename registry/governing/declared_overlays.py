"""Overlays in a governance file. The file says all of them: what it does not name is ended."""

from collections.abc import Collection, Sequence

import msgspec

from registry.catalog.changes import Changes, Overlay, require_meant
from registry.catalog.pattern import parse_pattern
from registry.commands.overlays import remove_overlay, set_overlay
from registry.errors import Invalid
from registry.governing.steps import DECLARED, Step
from registry.store.interface import Snapshot


class DeclaredOverlay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[overlay]]`: shows what the pattern covers otherwise. `teams`: absent for all of them."""

    name: str
    pattern: str
    changes: Changes
    reason: str = DECLARED
    teams: tuple[str, ...] | None = None

    @property
    def audience(self) -> tuple[str, ...] | None:
        return None if self.teams is None else tuple(sorted(set(self.teams)))


def require_overlay_meant(declared: DeclaredOverlay, teams: Collection[str]) -> None:
    """Raises Invalid for what cannot be meant. *teams*: those that the file names."""
    parse_pattern(declared.pattern)
    for name in declared.teams or ():
        if name not in teams:
            raise Invalid(f'the [[overlay]] "{declared.name}" names team "{name}", and no [[team]] is called so')
    try:
        require_meant(declared.changes)
    except Invalid as error:
        raise Invalid(f'the [[overlay]] "{declared.name}": {error}') from error


def overlay_steps(snapshot: Snapshot, declared: Sequence[DeclaredOverlay]) -> list[Step]:
    """What separates *declared* from the overlays in force. Setting one replaces what has its name."""
    held = {overlay.name: overlay for overlay in snapshot.governance.overlays(in_force=True)}
    wanted = {overlay.name for overlay in declared}
    ended = [_ending(overlay) for name, overlay in held.items() if name not in wanted]
    return [*ended, *(_setting(each, held.get(each.name)) for each in declared if not _same(each, held.get(each.name)))]


def _same(declared: DeclaredOverlay, held: Overlay | None) -> bool:
    return held is not None and (held.pattern, held.audience, held.changes) == (
        parse_pattern(declared.pattern),
        declared.audience,
        declared.changes,
    )


def _setting(declared: DeclaredOverlay, held: Overlay | None) -> Step:
    teams = "" if declared.audience is None else f" for {' '.join(declared.audience)}"
    instead = "" if held is None else f", in place of {held.id}"
    return Step(
        sign="+",
        what=f"overlay {declared.name}: {parse_pattern(declared.pattern)}{teams}{instead}",
        command=lambda transaction, actor: set_overlay(
            transaction,
            declared.name,
            declared.pattern,
            declared.changes,
            reason=declared.reason,
            actor=actor,
            audience=declared.audience,
        ),
    )


def _ending(overlay: Overlay) -> Step:
    return Step(
        sign="-",
        what=f"overlay {overlay.name}: {overlay.pattern} ({overlay.id})",
        command=lambda transaction, actor: remove_overlay(
            transaction, overlay.id, reason="not declared any more", actor=actor
        ),
    )
