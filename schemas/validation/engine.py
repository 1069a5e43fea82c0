"""One engine for the API, the command line and the findings: `validate` takes bytes and answers with issues.

The stages, in the order their issues are listed:

    text        one JSON object that every parser reads alike (`schemas.server_json.document`), of bounded size
    body        the form of a request body (`body`)
    version     the schema it names (`versions`)
    schema      that JSON Schema (`schema_issues`)
    semantic    what no JSON Schema can say (`semantic`)
    advice      our own warnings (`advice`); the private profile only

Text that fails the first stage gets no further. The official profile stops after a failure of the body too, as the
public registry does; ours lists everything at once. Work is bounded by the number of values in the document, so that
a megabyte of tiny ones costs no more than any other.
"""

from collections.abc import Mapping
from typing import Final

from schemas.server_json.document import AmbiguousDocument, require_unambiguous
from schemas.validation.advice import advice_issues
from schemas.validation.body import body_issues
from schemas.validation.issue import Issue, Profile, Severity, json_error
from schemas.validation.reading import Members, text
from schemas.validation.reserialised import reserialised
from schemas.validation.schema_issues import schema_issues
from schemas.validation.semantic import semantic_issues
from schemas.validation.versions import DRAFT, PUBLISHED, schema_version, version_issues

REVISION: Final = 1
"""Of the rules. Grows whenever a verdict of the private profile may change; what was judged before is judged again."""

MOST_BYTES: Final = 1024 * 1024 - 1
"""A body of exactly 1 MiB is one too many (reference §1.2)."""

MOST_VALUES: Final = 10_000
"""Objects, arrays and everything in them, together. The largest real document known has about 2,200."""

_NO_SCHEMA: Final = "expected required property $schema to be present"
_NO_SEVERITIES: Final[Mapping[str, Severity]] = {}


def validate(
    document: bytes, *, profile: Profile = Profile.PRIVATE, severities: Mapping[str, Severity] = _NO_SEVERITIES
) -> list[Issue]:
    """
    Everything that is wrong with *document*; empty if nothing is. Raises nothing, whatever the bytes.

    Args:
        severities: What an organisation makes of our own rules, by id (`schemas.validation.advice.RULES`). Other
            rules cannot be changed.
    """
    members = read(document)
    if isinstance(members, Issue):
        return [members]
    return validate_members(members, profile=profile, severities=severities)


def read(document: bytes) -> Members | Issue:
    """The members of *document*, or why it cannot be taken as one."""
    if len(document) > MOST_BYTES:
        return json_error(f"it has {len(document)} bytes; {MOST_BYTES} are the most")
    try:
        members = require_unambiguous(document)
    except AmbiguousDocument as error:
        return json_error(str(error))
    if _may_exceed(document) and _values(members) > MOST_VALUES:
        return json_error(f"it holds more than {MOST_VALUES} values")
    return members


def validate_members(
    members: Members, *, profile: Profile = Profile.PRIVATE, severities: Mapping[str, Severity] = _NO_SEVERITIES
) -> list[Issue]:
    """`validate`, for what `read` answered."""
    if profile is Profile.OFFICIAL:
        return body_issues(members) or [*_schema(members, profile), *semantic_issues(members, profile)]
    schema = _schema(members, profile)
    # The schema stage says most of it again, in more words; and `$schema` has rules of its own.
    told = {issue.path for issue in schema} | {"$schema"}
    body = [issue for issue in body_issues(members) if issue.path not in told and issue.message != _NO_SCHEMA]
    return [*body, *schema, *semantic_issues(members, profile), *advice_issues(members, severities)]


def publish_issues(
    members: Members, *, full_schema: bool, severities: Mapping[str, Severity] = _NO_SEVERITIES
) -> list[Issue]:
    """
    What keeps *members*, whose body has the right form, from being published here: errors and warnings.

    Args:
        full_schema: Whether the JSON Schema counts; upstream's publishing leaves it out (reference §5.1).
        severities: What an organisation makes of our own rules, by id.
    """
    schema = _schema(members, Profile.PRIVATE) if full_schema else version_issues(text(members, "$schema"))
    advice = advice_issues(members, severities) if severities else []
    return [*schema, *semantic_issues(members, Profile.PRIVATE), *advice]


def _schema(members: Members, profile: Profile) -> list[Issue]:
    url = text(members, "$schema")
    issues = version_issues(url)
    version = schema_version(url)
    # Nobody can publish a draft; ours goes on to say what else is wrong with it.
    known = (*PUBLISHED, DRAFT) if profile is Profile.PRIVATE else PUBLISHED
    if version is not None and version in known:
        checked = reserialised(members) if profile is Profile.OFFICIAL else members
        issues += schema_issues(checked, version, profile)
    return issues


def _may_exceed(document: bytes) -> bool:
    # Every value but the first of its container follows a comma: this is never too low.
    return document.count(b",") + document.count(b"[") + document.count(b"{") >= MOST_VALUES


def _values(members: Members) -> int:
    count = 0
    level: list[object] = [members]
    while level:
        count += len(level)
        if count > MOST_VALUES:
            break
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        level = inner
    return count
