"""The rules that no JSON Schema can hold, in the order the public registry lists them (reference §5.3)."""

from schemas.validation.issue import Issue, Profile
from schemas.validation.reading import Members
from schemas.validation.semantic.names import name_issues
from schemas.validation.semantic.packages import package_issues
from schemas.validation.semantic.presentation import icon_issues, title_issues, website_issues
from schemas.validation.semantic.remotes import remote_issues
from schemas.validation.semantic.repository import repository_issues
from schemas.validation.semantic.specific_version import version_issues

__all__ = ["semantic_issues"]


def semantic_issues(members: Members, profile: Profile) -> list[Issue]:
    """How *members*, a server.json, break the semantic rules."""
    return [
        *name_issues(members),
        *version_issues(members, "version", profile),
        *repository_issues(members),
        *website_issues(members),
        *title_issues(members),
        *icon_issues(members),
        *package_issues(members, profile),
        *remote_issues(members),
    ]
