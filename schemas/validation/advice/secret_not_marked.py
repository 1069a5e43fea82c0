"""Inputs that are secrets by their name and do not say so: clients then show them and store them in the clear."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import InputKind, Members, inputs, member_object, text

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRETS: Final = frozenset(
    {"token", "secret", "password", "passwd", "passphrase", "pwd", "apikey", "credential", "credentials"}
    | {"authorization", "jwt", "pat"}
)
_KEYS: Final = frozenset({"api", "access", "private", "secret", "auth", "signing", "encryption", "service", "account"})
# What follows a secret word and makes it something else: TOKEN_FILE, SECRET_NAME, ACCESS_KEY_ID, TOKEN_LIMIT.
_NO_SECRETS: Final = frozenset(
    {"file", "path", "dir", "directory", "url", "uri", "endpoint", "name", "id", "limit", "count", "ttl", "expiry"}
    | {"expiration", "type", "length", "size", "max", "min", "timeout", "header", "prefix", "enabled", "required"}
    | {"mode", "store", "manager", "provider", "method", "policy", "source", "arn", "scope", "scopes", "region"}
)


def _check(members: Members) -> Iterator[Remark]:
    for path, kind, name, given in inputs(members):
        if given.get("isSecret") is True or not _secret(name):
            continue
        value = text(given, "value")
        if kind is not InputKind.VARIABLE and value and (_filled_with_secret(given) or _from_outside(value)):
            continue
        what = "argument" if kind is InputKind.ARGUMENT else kind.value
        yield path, f"the {what} {name} looks like a secret and is not marked isSecret"


def _secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name[:200])]
    if not words or words[-1] in _NO_SECRETS:
        return False
    if not _SECRETS.isdisjoint(words):
        return True
    return any(last == "key" and first in _KEYS for first, last in pairwise(words))


def _filled_with_secret(given: Members) -> bool:
    """Whether the secret part of a value is a variable that is marked."""
    return any(
        isinstance(variable, dict) and variable.get("isSecret") is True
        for variable in member_object(given, "variables").values()
    )


def _from_outside(value: str) -> bool:
    """Whether a fixed value only says which environment variable to take: `${TOKEN}`, or for docker its bare name."""
    return value.startswith("$") or (value.isidentifier() and value.isupper())


RULE: Final = Rule(id="secret-not-marked", check=_check)
