"""The JSON Schemas, ready to be asked, with the meaning that the public registry gives to their keywords.

jsonschema reads patterns as Python does and does not assert formats; upstream's patterns are Go's (ASCII, `$` is the
end of the text) and its "uri" is an absolute address that Go can parse.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any, Final, Protocol, cast

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from schemas.validation.go_url import GoUrlError, parse
from schemas.validation.reading import Members


class Failure(Protocol):
    """A ValidationError of jsonschema, once it is complete: its stubs give every attribute as perhaps not set yet."""

    message: str
    validator: str
    # Whatever the document, and the schema, hold there.
    instance: Any
    validator_value: Any
    schema: Any
    context: "list[Failure]"
    absolute_path: deque[str | int]
    relative_path: deque[str | int]
    absolute_schema_path: deque[str | int]
    relative_schema_path: deque[str | int]


class CompiledSchema(Protocol):
    """What is asked of a validator."""

    def iter_errors(self, instance: object) -> Iterator[Failure]: ...

    def is_valid(self, instance: object) -> bool: ...


class _Descending(Protocol):
    """What a keyword needs of the validator that calls it."""

    def descend(
        self, instance: object, schema: object, path: object = None, schema_path: object = None
    ) -> Iterator[ValidationError]: ...


_Keyword = Callable[[_Descending, str, object, object], Iterator[ValidationError]]

_DEFINITION: Final = "#/definitions/"


@cache
def validator(version: str) -> CompiledSchema:
    """The validator for the schema of that *version*: one of `schemas.validation.versions.PUBLISHED`, or the draft."""
    text = resources.files("schemas.server_json").joinpath(f"{version}.json").read_text(encoding="utf-8")
    return compile_schema(json.loads(text))


def compile_schema(schema: Members) -> CompiledSchema:
    """A validator for *schema*, all of whose references are to its own definitions."""
    definitions = cast(dict[str, Members], schema["definitions"])
    keywords = {"$ref": _reference(definitions), "pattern": _pattern}
    kind = extend(Draft7Validator, keywords)  # type: ignore[no-untyped-call]  # its stubs leave it untyped
    return cast(CompiledSchema, kind(schema, format_checker=_FORMATS))


def _reference(definitions: dict[str, Members]) -> _Keyword:
    def referenced(
        validator: _Descending, reference: str, instance: object, _schema: object
    ) -> Iterator[ValidationError]:
        # The name of the definition stands in the path of the error: upstream's references tell it (reference §5.2).
        definition = definitions[reference.removeprefix(_DEFINITION)]
        return validator.descend(instance, definition, schema_path=f"[{reference}]")

    return referenced


def _pattern(_validator: _Descending, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _as_go_reads(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _as_go_reads(pattern: str) -> re.Pattern[str]:
    # Go's \s has no vertical tab.
    translated = pattern.replace(r"\s", r"\t\n\f\r ").removesuffix("$")
    return re.compile(translated + (r"\Z" if pattern.endswith("$") else ""), re.ASCII)


def _absolute(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return parse(value).scheme != ""
    except GoUrlError:
        return False


_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("uri")(_absolute)
