"""The OpenAPI document, driven against the server that serves it.

A parameter that counts as absent when it is empty says so (`allowEmptyValue`), and one that takes text keeps NUL out.

Off: the check that a method the document does not name is answered 405, since it is answered 404 (reference §1.1.5).
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from registry.api.routes import PREFIXES
from registry.policy.principal import Role
from schemas.openapi import document
from tests.api.publishing import Client, taking
from tests.api.reading import Reader
from tests.doubles.issued import issue
from tests.doubles.route_table import route_table
from tests.running import RunningRegistry

_PATIENCE_S = 10.0
_HOUR_S = 3600
_PARAMETER = re.compile(r"\{[^}]*\}")

_settings = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _described(*, with_a_credential: bool) -> BaseSchema:
    """
    The operations that take a credential, or the others. The former do not say so here: it is always sent, and what a
    route does without one tests/api/test_matrix.py asks.
    """
    described = document(PREFIXES)
    paths = {
        path: {
            method: {member: value for member, value in operation.items() if member != "security"}
            for method, operation in operations.items()
            if ("security" in operation) is with_a_credential
        }
        for path, operations in described["paths"].items()
    }
    return schemathesis.openapi.from_dict(described | {"paths": {path: each for path, each in paths.items() if each}})


without_a_credential = _described(with_a_credential=False)
with_a_credential = _described(with_a_credential=True)


def test_is_what_is_served(reader: Reader) -> None:
    """
    Ours: the document driven below is the one that clients get.
    """
    assert reader.get("/openapi.json").json() == document(PREFIXES) | {"servers": [{"url": reader.url}]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Somebody who may do whatever takes a credential, where nobody else is."""
    with taking(tmp_path_factory.mktemp("written")) as registry:
        roles = (Role.PUBLISHER, Role.ADMIN, Role.READER)
        yield Client(registry, issue(registry, *roles, namespaces=["*"], expires_in_s=None))


# The same routes at other addresses, what the commands `capability`, `audit` and `token` ask for, of which README
# tells, and what RFC 9728 describes.
_ELSEWHERE = ("/teams/", "/t/", "/v1/capabilities", "/v1/audit-", "/v1/subjects", "/.well-known/")


def test_every_route_is_described() -> None:
    """
    reference §8 TestOpenAPIEndpointCompliance, the other way round: what is served is described, and nothing else is.
    """
    described = {
        (method.upper(), _PARAMETER.sub("{}", path))
        for path, operations in document(PREFIXES)["paths"].items()
        for method in operations
    }
    served = {
        (route.method, _PARAMETER.sub("{}", route.path))
        for route in route_table()
        if not route.operation.startswith(("get-openapi", "get-docs")) and not route.path.startswith(_ELSEWHERE)
    }

    assert described == served


@without_a_credential.parametrize()
@_settings
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


@with_a_credential.parametrize()
@_settings
def test_with_a_credential_as_described(written: Client, case: schemathesis.Case[Any]) -> None:  # Any: as above
    """
    The same for what takes a credential, with one that may do it all: no input is answered otherwise than described.
    """
    # As much time passes as fills every bucket.
    written.registry.clock.advance(_HOUR_S)
    # Which documents, versions and patterns are accepted depends on what is stored, and on rules of ours.
    off = [unsupported_method, positive_data_acceptance]
    headers = {"Authorization": f"Bearer {written.token}"}
    case.call_and_validate(base_url=written.registry.url, headers=headers, timeout=_PATIENCE_S, excluded_checks=off)
