"""From the failures of a JSON Schema to issues, as each profile shows them (reference §5.2).

A failed `anyOf` says little by itself. The public registry lists what every branch had against the value; ours shows
the branch that was meant, which is the one whose `type` fits.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Final

from schemas.validation.compiled import Failure, validator
from schemas.validation.issue import Issue, Profile, schema_error
from schemas.validation.reading import Members

MOST_ISSUES: Final = 100

_LONGEST_SHOWN: Final = 100


def schema_issues(members: Members, version: str, profile: Profile) -> list[Issue]:
    """How *members* fail the schema of that *version*: the first 100 failures."""
    errors = validator(version).iter_errors(members)
    issues = _as_upstream(errors) if profile is Profile.OFFICIAL else _as_ours(errors)
    return list(islice(issues, MOST_ISSUES))


def _as_upstream(errors: Iterable[Failure]) -> Iterator[Issue]:
    leaves = (leaf for error in errors for leaf in _leaves(error))
    # jsonschema reports each missing member by itself, upstream all of an object together.
    for (path, reference, keyword), group in groupby(leaves, key=_place):
        same = list(group)
        if not path:
            continue  # Upstream drops what is wrong at the root of the document.
        if keyword == "required":
            yield schema_error(path, f"missing required fields: {_names(_missing(same[0]))}", reference)
        else:
            yield from (schema_error(path, _upstream_message(each), reference) for each in same)


def _as_ours(errors: Iterable[Failure]) -> Iterator[Issue]:
    told = set()
    for error in errors:
        for each, message in _meant(error):
            path, reference, _ = _place(each)
            # What is no object at all fails every part of an `allOf` alike.
            if (path, message) not in told:
                told.add((path, message))
                yield schema_error(path, message, reference)


def _leaves(error: Failure) -> Iterator[Failure]:
    if not error.context:
        yield error
    for inner in error.context:
        yield from _leaves(inner)


def _meant(error: Failure) -> Iterator[tuple[Failure, str]]:
    """What to show of *error*, and what to say: itself, or what is wrong in the branch that was meant."""
    if error.validator != "anyOf" or not error.context:
        yield error, _message(error)
        return
    branches: dict[object, list[Failure]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [branch for branch in branches.values() if not any(map(_about_type, branch))]
    if not meant:
        of_type = [inner for inner in error.context if _about_type(inner)]
        known = dict.fromkeys(value for inner in of_type for value in inner.validator_value)
        yield of_type[0], f"{_shown(of_type[0].instance)} is not one of {_names(known)}"
    elif len(meant) > 1 and all(each.validator == "required" for branch in meant for each in branch):
        # One of several members is needed: no branch says so by itself.
        yield error, f"it needs {' or '.join(_names(_missing(branch[0])) for branch in meant)}"
    else:
        for inner in min(meant, key=len):
            yield from _meant(inner)


def _about_type(error: Failure) -> bool:
    return error.validator == "enum" and list(error.relative_path) == ["type"]


def _place(error: Failure) -> tuple[str, str, object]:
    """Path in the document, reference, keyword."""
    steps = [str(step) for step in error.absolute_schema_path]
    last = max(index for index, step in enumerate(steps) if step.startswith("[#"))
    location = "/".join([steps[last][1:-1], *steps[last + 1 :]])
    return _path(error), f"{location} from: {'/'.join(steps)}", error.validator


def _path(error: Failure) -> str:
    path = ""
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _missing(error: Failure) -> list[str]:
    """The members that a `required` failure is about. jsonschema reports each by itself; this is all of them."""
    return [name for name in error.validator_value if name not in error.instance]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _upstream_message(error: Failure) -> str:
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "enum":
            choices = ", ".join(f'"{choice}"' for choice in rule)
            return f"value must be one of {choices}" if len(rule) > 1 else f"value must be {choices}"
        case "minLength":
            return f"length must be >= {rule}, but got {len(value)}"
        case "maxLength":
            return f"length must be <= {rule}, but got {len(value)}"
        case "pattern":
            return f"does not match pattern '{rule}'"
        case "format":
            return f"'{value}' has invalid format '{rule}'"
        case "additionalProperties":
            unknown = (name for name in value if name not in error.schema["properties"])
            return f"additionalProperties {_names(unknown)} not allowed"
        case "not":
            return "not failed"
    return error.message


def _message(error: Failure) -> str:
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "type":
            return f"it is {_shown(value)}, and must be of type {rule}"
        case "enum":
            return f"{_shown(value)} is not one of {_names(rule)}"
        case "minLength":
            return f"it has {len(value)} characters, and needs {rule}"
        case "maxLength":
            return f"it has {len(value)} characters, {len(value) - rule} more than the {rule} allowed"
        case "pattern":
            return f"{_shown(value)} does not match {rule}"
        case "format":
            return f"{_shown(value)} is no absolute URI"
        case "not":
            return f"{_shown(value)} is not allowed here"
        case "additionalProperties":
            unknown = [name for name in value if name not in error.schema["properties"]]
            return f"the schema it names knows no {_names(unknown)}"
    return error.message


def _shown(value: object) -> str:
    """*value* as it stands in the document, if that is short enough to read."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
        value = value[:_LONGEST_SHOWN] + "…"
    return json.dumps(value, ensure_ascii=False)
