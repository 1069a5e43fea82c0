"""What can be done with subjects of issuers and logins, on the store itself and on a running server."""

from typing import Protocol

import msgspec

from registry.auth.listing import SubjectReport, subject_report
from registry.cli.desks import PAGE, answered, performed, whole, whole_there
from registry.cli.target import Local, Remote
from registry.commands.perform import perform
from registry.commands.revoke_subject import reinstate_subject, revoke_subject
from registry.store.interface import Store
from registry.store.subjects import RevokedSubject


class SubjectDesk(Protocol):
    """Where subjects are revoked, reinstated and listed."""

    def revoke(self, subject: str, reason: str) -> SubjectReport:
        """The subject, refused from now on."""

    def reinstate(self, subject: str, reason: str) -> SubjectReport | None:
        """None if it is not revoked."""

    def revoked(self) -> list[SubjectReport]:
        """In their order."""


def subject_desk(chosen: Local | Remote) -> SubjectDesk:
    """For what a command works on."""
    return _There(chosen) if isinstance(chosen, Remote) else _Here(chosen)


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    items: list[SubjectReport]
    metadata: dict[str, int | str]


class _Here:
    """On the store. Whoever reaches it may do everything, and is recorded as such."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    def revoke(self, subject: str, reason: str) -> SubjectReport:
        async def revoke(store: Store) -> RevokedSubject:
            return await perform(
                store,
                lambda transaction: revoke_subject(transaction, subject, reason=reason, actor=self._chosen.actor),
            )

        return subject_report(self._chosen.run(revoke))

    def reinstate(self, subject: str, reason: str) -> SubjectReport | None:
        async def reinstate(store: Store) -> RevokedSubject | None:
            return await performed(
                store,
                lambda transaction: reinstate_subject(transaction, subject, reason=reason, actor=self._chosen.actor),
            )

        reinstated = self._chosen.run(reinstate)
        return None if reinstated is None else subject_report(reinstated)

    def revoked(self) -> list[SubjectReport]:
        async def read(store: Store) -> list[RevokedSubject]:
            snapshot = store.snapshot()

            def page(after: str | None) -> tuple[list[RevokedSubject], str | None]:
                found = snapshot.revoked_subjects(after=after or "", limit=PAGE)
                return found, found[-1].subject if found else None

            return whole(page)

        return [subject_report(each) for each in self._chosen.run(read)]


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    def revoke(self, subject: str, reason: str) -> SubjectReport:
        return self._chosen.post("/v1/subjects/revoke", {"subject": subject, "reason": reason}, SubjectReport)

    def reinstate(self, subject: str, reason: str) -> SubjectReport | None:
        body = {"subject": subject, "reason": reason}
        return answered(lambda: self._chosen.post("/v1/subjects/reinstate", body, SubjectReport))

    def revoked(self) -> list[SubjectReport]:
        return whole_there(self._chosen, "/v1/subjects", {}, _Page)
