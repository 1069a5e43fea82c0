"""The OpenAPI document, driven against the server that serves it.

A parameter that counts as absent when it is empty says so (`allowEmptyValue`), and one that takes text keeps NUL out.

Off: the check that a method the document does not name is answered 405, since it is answered 404 (reference §1.1.5).
"""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from registry.api.routes import PREFIXES
from schemas.openapi import document
from tests.api.reading import Reader
from tests.running import RunningRegistry

_PATIENCE_S = 10.0

schema = schemathesis.openapi.from_dict(document(PREFIXES))


def test_is_what_is_served(reader: Reader) -> None:
    """
    Ours: the document driven below is the one that clients get.
    """
    assert reader.get("/openapi.json").json() == document(PREFIXES) | {"servers": [{"url": reader.url}]}


@schema.parametrize()
@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_as_described(world: RunningRegistry, case: schemathesis.Case[Any]) -> None:  # Any: of every operation
    """
    reference §8 TestOpenAPIEndpointCompliance: every operation answers as the document says, good input or bad.
    """
    off = [unsupported_method]
    if case.query.get("updated_since") and case.query.get("include_deleted") in ("false", False):
        # Each is right and both together are refused (reference §2), which OpenAPI has no words for.
        off.append(positive_data_acceptance)
    if case.path.endswith("/validate"):
        # Which bodies have the form of a server.json (reference §1.5: an address is what Go parses) OpenAPI cannot say.
        off.append(positive_data_acceptance)
    if case.path.endswith("/x/registry/requests") and case.method == "POST":
        # Without a credential, a write is 422 here (reference §4.1), and a header `Authorization` OpenAPI leaves out.
        off.append(positive_data_acceptance)

    case.call_and_validate(base_url=world.url, timeout=_PATIENCE_S, excluded_checks=off)
