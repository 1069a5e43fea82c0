"""Manifests that may be published, in the shape of the real ones: those of the generator, mended where they must be.

Half of the real entries were published under rules of older days, and so are the generator's. What a publisher has to
mend to publish today is mended here, and nothing else: what remains has the generator's packages, settings, arguments
and remotes, in its proportions.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from fixtures.generator import generate
from schemas.validation.engine import publish_issues
from schemas.validation.issue import valid
from schemas.validation.versions import CURRENT_URL

NAMESPACES: Final = "com.acme.*"
"""What all names are in. No name of a catalog is."""
_SEED: Final = 2


def manifests(count: int) -> list[bytes]:
    """*count* of them, each another name or version. Raises ValueError if one could not be published."""
    found = list(islice(_mended(count), count))
    for document in found:
        if not valid(issues := publish_issues(json.loads(document), full_schema=True)):
            raise ValueError(f"a manifest that is no good to publish: {issues}: {document!r}")
    return found


def as_generated(count: int) -> list[bytes]:
    """*count* manifests as the generator makes them: seven in ten break a rule of today."""
    return [json.dumps(json.loads(line)["server"], indent=2).encode() for line in generate(count, seed=_SEED)]


def _mended(count: int) -> Iterator[bytes]:
    for line in generate(count, seed=_SEED):
        document = json.loads(line)["server"]
        _mend(document)
        yield json.dumps(document, ensure_ascii=False).encode()


def _mend(document: dict[str, Any]) -> None:  # Any: JSON of many shapes
    namespace, _, slug = document["name"].partition("/")
    document["$schema"] = CURRENT_URL
    document["name"] = f"com.acme.{namespace}/{slug}"
    if not document.get("repository"):
        document.pop("repository", None)
    else:
        user = namespace.rpartition(".")[2]
        document["repository"]["url"] = f"https://github.com/{user}/{slug}"
    for package in document.get("packages", []):
        _mend_package(package)
    for number, remote in enumerate(document.get("remotes", [])):
        # One address is one server's.
        remote["url"] = f"{remote['url']}/{namespace}/{slug}/{number}"


def _mend_package(package: dict[str, Any]) -> None:
    for member in ("runtimeArguments", "packageArguments"):
        for argument in package.get(member, []):
            if argument["type"] == "positional":
                argument.setdefault("valueHint", "value")
