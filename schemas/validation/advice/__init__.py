"""Rules of our own: what is allowed and yet unwise, each with a stable id and a section in docs/VALIDATION.md.

They are warnings until an organisation's configuration makes one an error, or mere information.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from schemas.validation.advice import (
    credential_in_value,
    env_name_not_posix,
    header_template,
    missing_value_hint,
    oci_without_digest,
    plain_http,
    secret_not_marked,
    unpinned_version,
    vscode_drops,
    xcode_decoder,
)
from schemas.validation.advice.rule import Rule
from schemas.validation.issue import Issue, IssueType, Severity, shortened
from schemas.validation.reading import Members

__all__ = ["RULES", "advice_issues"]

MOST_ISSUES: Final = 50
"""Per rule: who has not mended fifty places does not read on."""

RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for rule in (
        secret_not_marked.RULE,
        credential_in_value.RULE,
        unpinned_version.RULE,
        oci_without_digest.RULE,
        plain_http.RULE,
        missing_value_hint.RULE,
        env_name_not_posix.RULE,
        header_template.RULE,
        vscode_drops.RULE,
        xcode_decoder.RULE,
    )
}
"""Every rule by its id. Whoever reads a configuration refuses ids that are not here."""


def advice_issues(members: Members, severities: Mapping[str, Severity]) -> list[Issue]:
    """What every rule has to say about *members*, with the severity that *severities* gives it, if any."""
    return [
        Issue(
            type=IssueType.LINTER,
            path=path,
            message=shortened(message),
            severity=severities.get(rule.id, rule.severity),
            reference=rule.id,
        )
        for rule in RULES.values()
        for path, message in islice(rule.check(members), MOST_ISSUES)
    ]
