"""Headers with parts in braces that nothing fills: clients then send the braces."""

from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, headers, member_object, text
from schemas.validation.url_template import names


def _check(members: Members) -> Iterator[Remark]:
    for path, header in headers(members):
        value = text(header, "value")
        if "{" not in value:
            continue
        known = member_object(header, "variables")
        # Real clients fill a header from its own `variables` only.
        missing = [name for name in dict.fromkeys(names(value)) if name not in known]
        if missing:
            listed = ", ".join(f"{{{name}}}" for name in missing)
            yield f"{path}.value", f"nothing fills {listed}: add each to the header's variables"


RULE: Final = Rule(id="header-template-without-variables", check=_check)
