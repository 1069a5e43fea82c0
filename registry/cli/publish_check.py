"""Whether a running registry would take a manifest, as the bearer of the token that asks: at most one more issue.

It answers exactly as publishing would, and keeps nothing. A refusal is about this manifest; where the question itself
is refused there is no answer, and so no verdict.
"""

import re
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.cli.publishing_desk import explained, verdict_of
from registry.cli.target import Remote
from registry.errors import Invalid, InvalidManifest, UpstreamRefused
from schemas.validation import engine
from schemas.validation.body import body_failures
from schemas.validation.issue import Issue, IssueType, Severity, shortened, valid
from schemas.validation.reading import Members, listed, text

RULE: Final = "publish-check"

# The texts are a contract with programs (reference §4.1), so they can be told apart.
_OF_A_URL: Final = re.compile(r"remote URL (\S+) is already used")
_OF_A_PACKAGE: Final = re.compile(r"package ([0-9]{1,5}) \(", re.ASCII)
_OF_THE_VERSION: Final = re.compile(r"duplicate version|not a version|number of versions")
_OF_META: Final = re.compile(r"publisher-provided")


class _Checked(msgspec.Struct, frozen=True):
    accepted: bool


def publish_check(chosen: Remote, document: bytes, issues: list[Issue]) -> list[Issue]:
    """
    What the server at *chosen* says to *document*; nothing if it would accept it, or is not worth asking.

    Args:
        issues: What is known to be wrong already. It is not told again, and a manifest without the form of one is not
            sent at all.

    Raises:
        Unauthenticated, Refused: the token is bad, or is not for this name.
        Invalid, UpstreamFault: there is no such answer.
    """
    members = engine.read(document)
    if isinstance(members, Issue) or body_failures(members):
        return []
    name = ServerName.parse(text(members, "name"))
    try:
        checked = chosen.post("/v0.1/x/registry/publish-check", msgspec.Raw(document), _Checked)
    except UpstreamRefused as refused:
        match explained(refused, chosen, name):
            case InvalidManifest() if not valid(issues):
                return []
            case InvalidManifest() as error:
                return [_of_its_own(verdict_of(chosen, document), str(error))]
            case Invalid() as error:
                return [_issue(_path(str(error), members), str(error))]
            case error:
                raise error from refused
    if not checked.accepted:
        raise Invalid(f"{chosen.url} did not answer like an mcp-registry of this release")
    return []


def _of_its_own(verdict: list[Issue], why: str) -> Issue:
    """The first error that a server finds by rules that are not those of the verdict here."""
    first = next((issue for issue in verdict if issue.severity is Severity.ERROR), None)
    return _issue("", why) if first is None else _issue(first.path, f"{first.message} [{first.reference}]")


def _path(why: str, members: Members) -> str:
    """What of the manifest *why* is about; the name where it says nothing else."""
    if (url := _OF_A_URL.search(why)) is not None:
        places = (path for path, remote in listed(members, "remotes") if text(remote, "url") == url[1])
        return f"{next(places, 'remotes[0]')}.url"
    if (package := _OF_A_PACKAGE.search(why)) is not None:
        return f"packages[{package[1]}]"
    if _OF_THE_VERSION.search(why):
        return "version"
    return "_meta" if _OF_META.search(why) else "name"


def _issue(path: str, message: str) -> Issue:
    return Issue(
        type=IssueType.SEMANTIC, path=path, message=shortened(message), severity=Severity.ERROR, reference=RULE
    )
