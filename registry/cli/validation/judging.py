"""What is found in one manifest: the same for `validate` and for what has to explain a refusal."""

from collections.abc import Mapping
from typing import Final

from registry.cli.validation.finding import Checked, findings_in
from registry.cli.validation.sources import shown
from schemas.validation.engine import MOST_BYTES, validate
from schemas.validation.issue import Issue, Profile, Severity, json_error

_NO_SEVERITIES: Final[Mapping[str, Severity]] = {}


def issues_in(
    document: bytes, *, profile: Profile = Profile.PRIVATE, severities: Mapping[str, Severity] = _NO_SEVERITIES
) -> list[Issue]:
    """Everything that is wrong with *document*, as `sources.read` read it."""
    if len(document) > MOST_BYTES:
        return [json_error(f"it has more than the {MOST_BYTES} bytes that a manifest may have")]
    return validate(document, profile=profile, severities=severities)


def checked(source: str, document: bytes, issues: list[Issue]) -> Checked:
    """*issues* of what *source* holds, with their places."""
    return Checked(file=shown(source), findings=findings_in(document, issues))
