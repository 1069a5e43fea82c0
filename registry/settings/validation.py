"""`[validation]`: what an organisation makes of the rules of advice."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from registry.settings.problem import did_you_mean
from schemas.validation.advice import RULES
from schemas.validation.issue import Severity


def rule_id(value: object) -> str:
    """The id of a rule of advice. Raises ValueError for anything else, with the one that was probably meant."""
    if not isinstance(value, str):
        raise ValueError
    if value not in RULES:
        raise ValueError(did_you_mean(value, RULES).removeprefix("; "))
    return value


RuleId = Annotated[str, Meta(description="the id of a rule of advice (docs/VALIDATION.md)", extra={"parse": rule_id})]


class ValidationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[validation]`: the rules of advice by how bad they are here; no rule stands twice. Others keep their own."""

    errors: tuple[RuleId, ...] = ()
    warnings: tuple[RuleId, ...] = ()
    infos: tuple[RuleId, ...] = ()

    def severities(self) -> Mapping[str, Severity]:
        """For `schemas.validation.engine.validate`: the severity of every rule that stands here."""
        return {
            rule: severity
            for rules, severity in (
                (self.infos, Severity.INFO),
                (self.warnings, Severity.WARNING),
                (self.errors, Severity.ERROR),
            )
            for rule in rules
        }
