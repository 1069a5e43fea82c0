"""Images named by a tag alone: a tag can be moved to another image at any time, a digest cannot."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, listed, text

_KINDS: Final = ("oci", "docker", "docker-hub")
_DIGEST: Final = re.compile(r"@sha256:[a-f0-9]{64}\Z", re.ASCII)


def _check(members: Members) -> Iterator[Remark]:
    for path, package in listed(members, "packages"):
        if text(package, "registryType") not in _KINDS:
            continue
        identifier, version = text(package, "identifier"), text(package, "version")
        if not _DIGEST.search(identifier) and not _DIGEST.match(f"@{version}"):
            yield f"{path}.identifier", f"the image {identifier} has no digest: append @sha256:… to its reference"


RULE: Final = Rule(id="oci-without-digest", check=_check)
