"""Our JSON Schemas against the published ones: the verdicts agree, on what is real and on what mutates from it.

The published schemas are read from the real data, where they stand beside the registry of one day.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from schemas.validation.compiled import validator
from schemas.validation.engine import validate
from schemas.validation.go_url import GoUrlError, parse
from schemas.validation.issue import Profile, valid
from schemas.validation.versions import DRAFT, PUBLISHED, schema_version
from tests.manifests import mutated

MUTATIONS = 20_000
_OURS = Path(__file__).resolve().parents[3] / "schemas" / "server_json"
_VERSIONS = (*PUBLISHED, DRAFT)


def _published(folder: Path, version: str) -> Validator:
    """The published schema of that version, asked by jsonschema as it comes, but for what Go reads differently."""
    formats = FormatChecker(formats=())

    @formats.checks("uri", raises=GoUrlError)
    def _uri(value: object) -> bool:
        return not isinstance(value, str) or parse(value).scheme != ""

    file = next((folder / "official-schemas").glob(f"{version}*.json"))
    kind = extend(Draft7Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # its stubs leave it untyped
    return cast(Validator, kind(json.loads(file.read_text()), format_checker=formats))


def _pattern(_validator: object, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    if isinstance(instance, str) and not re.fullmatch(pattern[1:-1], instance, re.ASCII):
        yield ValidationError("it does not match")


def _entries(real_registry: Path) -> Iterator[Any]:
    for line in real_registry.read_text().splitlines():
        yield json.loads(line)["server"]


def _files(real_registry: Path) -> Iterator[Any]:
    for file in sorted((real_registry.parent / "server-json").glob("*.json")):
        if file.name != "INDEX.json":
            yield json.loads(file.read_text())


@pytest.mark.real_data
class TestPublishedSchemas:
    @pytest.mark.parametrize("version", _VERSIONS)
    def test_all_that_is_real(self, real_registry: Path, version: str) -> None:
        """
        On every real entry and every real file, our schema of each date says what the published one says.
        """
        published, ours = _published(real_registry.parent, version), validator(version)

        documents = [*_entries(real_registry), *_files(real_registry)]
        verdicts = [(published.is_valid(document), ours.is_valid(document)) for document in documents]

        assert len(verdicts) > 2_800
        assert [index for index, (theirs, mine) in enumerate(verdicts) if theirs != mine] == []

    def test_mutations(self, real_registry: Path) -> None:
        """
        On 20,000 mutations of them, half of which are held against the schema they name, the verdicts agree too.
        """
        random = Random(20251211)
        published = {version: _published(real_registry.parent, version) for version in _VERSIONS}
        # Documents of average size: a mutation of a long list of arguments only costs more.
        sources = [each for each in [*_entries(real_registry), *_files(real_registry)] if len(json.dumps(each)) < 6_000]

        disagreements, verdicts = [], {True: 0, False: 0}
        for _ in range(MUTATIONS):
            source = random.choice(sources)
            document = mutated(source, random)
            named = schema_version(source.get("$schema", "")) if random.random() < 0.5 else None
            version = named if named in _VERSIONS else random.choice(_VERSIONS)
            theirs = published[version].is_valid(document)
            verdicts[theirs] += 1
            if validator(version).is_valid(document) != theirs:
                disagreements.append((version, document))

        assert disagreements == []
        assert min(verdicts.values()) > MUTATIONS // 20

    def test_the_engine_says_the_same_of_a_real_day(self, real_registry: Path) -> None:
        """
        Of the real entries, 395 fail the schema they name, under both profiles, and no rule fails another one.
        """
        documents = [json.dumps(document).encode() for document in _entries(real_registry)]

        refused = {
            profile: sum(not valid(validate(each, profile=profile)) for each in documents) for profile in Profile
        }

        assert refused == {Profile.PRIVATE: 395, Profile.OFFICIAL: 395}

    @pytest.mark.parametrize("version", _VERSIONS)
    def test_the_descriptions_are_our_own(self, real_registry: Path, version: str) -> None:
        """
        What the schemas demand is a fact; no sentence that explains it is taken from the published ones.
        """
        file = next((real_registry.parent / "official-schemas").glob(f"{version}*.json"))

        theirs = set(_descriptions(json.loads(file.read_text())))
        ours = set(_descriptions(json.loads((_OURS / f"{version}.json").read_text())))

        assert len(ours) > 40
        assert ours & theirs == set()


def _descriptions(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "description" and isinstance(value, str):
                yield value
            yield from _descriptions(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _descriptions(value)
