"""The OpenAPI document, driven against the server that serves it.

A parameter that counts as absent when it is empty says so (`allowEmptyValue`), and one that takes text keeps NUL out.

Off: the check that a method the document does not name is answered 405, since it is answered 404 (reference §1.1.5).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, unsupported_method

from registry.api.routes import PREFIXES
from registry.policy.principal import Role
from schemas.openapi import document
from tests.api.publishing import Client, taking
from tests.api.reading import Reader
from tests.doubles.addresses import open_address
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

_few = settings(_settings, max_examples=15)
_fewest = settings(_settings, max_examples=4)


def _described(chosen: Callable[[str, dict[str, Any]], bool]) -> BaseSchema:  # Any: an operation of the document
    """
    The operations that are *chosen* by their path and what is said of them. What takes a credential does not say so
    here: it is always sent, and what a route does without one tests/api/test_matrix.py asks.
    """
    described = document(PREFIXES)
    paths = {
        path: {
            method: {member: value for member, value in operation.items() if member != "security"}
            for method, operation in operations.items()
            if chosen(path, operation)
        }
        for path, operations in described["paths"].items()
    }
    return schemathesis.openapi.from_dict(described | {"paths": {path: each for path, each in paths.items() if each}})


def _below_an_address(path: str) -> bool:
    return path.startswith(("/teams/", "/t/"))


def _governing(operation: dict[str, Any]) -> bool:  # Any: as above
    return bool({"governance", "readers", "capabilities", "record"}.intersection(operation["tags"]))


without_a_credential = _described(
    lambda path, each: not (each.get("security") or _below_an_address(path) or _governing(each))
)
with_a_credential = _described(
    lambda path, each: bool(each.get("security")) and not (_below_an_address(path) or _governing(each))
)
governing = _described(lambda _, each: _governing(each))
below_an_address = _described(lambda path, _: _below_an_address(path))


def test_is_what_is_served(reader: Reader) -> None:
    """
    Ours: the document driven below is the one that clients get.
    """
    assert reader.get("/openapi.json").json() == document(PREFIXES) | {"servers": [{"url": reader.url}]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Somebody who may do whatever takes a credential, where nobody else is."""
    with taking(tmp_path_factory.mktemp("written")) as registry:
        yield Client(registry, issue(registry, *Role, namespaces=["*"], expires_in_s=None))


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
        if not route.operation.startswith(("get-openapi", "get-docs"))
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

    case.call_and_validate(base_url=world.url, timeout=_PATIENCE_S, excluded_checks=off)


@with_a_credential.parametrize()
@_settings
def test_with_a_credential_as_described(written: Client, case: schemathesis.Case[Any]) -> None:  # Any: as above
    """
    The same for what takes a credential, with one that may do it all: no input is answered otherwise than described.
    """
    _asked_with_a_credential(written, case)


@governing.parametrize()
@_few
def test_governing_as_described(written: Client, case: schemathesis.Case[Any]) -> None:  # Any: as above
    """
    The same for what is decided, and for the record of it: fewer examples, since a decision is followed by the views.
    """
    _asked_with_a_credential(written, case)


@pytest.fixture(scope="module")
def address(written: Client) -> str:
    """Of a capability."""
    return open_address(written.registry, "everyone").base.removeprefix("/t/")


@below_an_address.parametrize()
@_fewest
def test_below_an_address_as_described(
    written: Client, address: str, case: schemathesis.Case[Any]
) -> None:  # Any: as above
    """
    The routes that test_as_described asks at the root, at the addresses of a team and a capability.
    """
    headers = {}
    if "team" in case.path_parameters:
        case.path_parameters["team"] = "everyone"
        headers = {"Authorization": f"Bearer {written.token}"}
    else:
        case.path_parameters["capability"] = address
    # The address is replaced: what was wrong with it is not sent.
    off = [unsupported_method, positive_data_acceptance, negative_data_rejection]
    case.call_and_validate(base_url=written.registry.url, headers=headers, timeout=_PATIENCE_S, excluded_checks=off)


def _asked_with_a_credential(written: Client, case: schemathesis.Case[Any]) -> None:  # Any: as above
    # As much time passes as fills every bucket.
    written.registry.clock.advance(_HOUR_S)
    # Which documents, versions and patterns are accepted depends on what is stored, and on rules of ours.
    off = [unsupported_method, positive_data_acceptance]
    headers = {"Authorization": f"Bearer {written.token}"}
    case.call_and_validate(base_url=written.registry.url, headers=headers, timeout=_PATIENCE_S, excluded_checks=off)
