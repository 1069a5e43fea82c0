"""Values that look like real credentials: whoever reads the registry reads them too.

Only shapes that are hardly ever anything else, so that the rule can be made an error. The message never repeats what
was found.
"""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, inputs, text, transports

_MEMBERS: Final = ("value", "default", "placeholder")
_SHAPES: Final = {
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{60}", re.ASCII),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20}", re.ASCII),
    "an API key": re.compile(r"\bsk-(?:[a-z]+-){0,2}[A-Za-z0-9_-]{32}|\bAIza[A-Za-z0-9_-]{35}", re.ASCII),
    "a Slack token": re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{20}", re.ASCII),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}", re.ASCII),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", re.ASCII),
    "a private key": re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}", re.ASCII),
    "a token of this registry": re.compile(r"\bmcpr_[A-Za-z0-9_-]{8}_[A-Za-z0-9_-]{43}", re.ASCII),
}
_PASSWORD_IN_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/@:?#]{1,100}:([^\s/@?#]{1,200})@", re.ASCII)
_PLACEHOLDERS: Final = re.compile(r"[{<$*\[]|^(?:x+|pass(?:word)?|pwd|secret|your.*|example|changeme)$", re.IGNORECASE)
_REPEATED: Final = re.compile(r"(.)\1{7}")
_LONGEST: Final = 20_000


def _check(members: Members) -> Iterator[Remark]:
    for path, _, name, given in inputs(members):
        for member in _MEMBERS:
            yield from _remarks(f"{path}.{member}", name, text(given, member))
        choices = given.get("choices")
        if isinstance(choices, list):
            for index, choice in enumerate(choices):
                yield from _remarks(f"{path}.choices[{index}]", name, choice if isinstance(choice, str) else "")
    for path, transport in transports(members):
        yield from _remarks(f"{path}.url", "url", text(transport, "url"))


def _remarks(path: str, name: str, value: str) -> Iterator[Remark]:
    found = _credential(value[:_LONGEST]) if len(value) >= 12 else None
    if found:
        yield path, f"the value of {name or 'this input'} looks like {found}: withdraw it there, then remove it here"


def _credential(value: str) -> str | None:
    for what, shape in _SHAPES.items():
        found = shape.search(value)
        # `ghp_xxxxxxxx…` is an example.
        if found and not _REPEATED.search(found[0]):
            return what
    password = _PASSWORD_IN_URL.search(value)
    return "an address with a password" if password and not _PLACEHOLDERS.search(password[1]) else None


RULE: Final = Rule(id="credential-in-value", check=_check)
