"""The revision of the rules grows with them, else what was judged before keeps the verdict of before."""

import hashlib
import json
from random import Random
from typing import Final

from fixtures.generator import generate
from schemas.validation.engine import REVISION, validate
from tests.manifests import manifest, mutated

_VERDICTS: Final = {1: "e6709ad42ddae5fe"}
"""By revision. Whoever changes a verdict adds a line, with the digest that the failing test shows."""


class TestRevision:
    def test_a_change_of_any_verdict_is_a_new_revision(self) -> None:
        """
        The same 1,200 documents have the same findings, under one revision: rule, place, severity, message.
        """
        random = Random(7)
        documents = [json.dumps(json.loads(line)["server"]).encode() for line in generate(200, seed=7)]
        documents += [json.dumps(mutated(manifest(), random)).encode() for _ in range(1000)]
        digest = hashlib.sha256()

        for document in documents:
            # jsonschema goes through a set somewhere: the order of its failures is not always the same.
            for issue in sorted(map(repr, validate(document))):
                digest.update(issue.encode())

        assert digest.hexdigest()[:16] == _VERDICTS.get(REVISION), "rules changed: schemas.validation.engine.REVISION"
        assert max(_VERDICTS) == REVISION
