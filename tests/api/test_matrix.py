"""Every kind of caller × every route that writes × every kind of name, over HTTP to running registries.

The cells come from the route table of the application. What is expected is in `matrix.py`, who asks in `kinds.py`, and
what they ask for in `targets.py`.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import count
from typing import Any

import pytest

from registry.api.policy import POLICY, Access
from registry.policy.principal import Origin, Role
from tests.api.kinds import KINDS, Caller, Kind, Place
from tests.api.matrix import EXPECTED, IDLE, READS, cells_of
from tests.api.publishing import CONFIGURATION, LOGINS, MIRRORED, Client, taking
from tests.api.raw_request import send
from tests.api.targets import Target, Targets, body_of, path_of
from tests.doubles.issued import issue
from tests.doubles.loaded_store import ANONYMOUS
from tests.doubles.plain_client import Answer
from tests.doubles.route_table import Route, route_table
from tests.running import RunningRegistry

_NUMBERS = count(1)
_ROUTES = [route for route in route_table() if cells_of(route) in EXPECTED]
# Failures are slowed per source and per token, and manifests per source: so long until all of that is forgotten.
_REST_S = 120
_DECIDED_TABLES = ("teams", "grants", "approvals", "rules", "blocks", "capabilities", "drift_policies", "comments")


class World:
    """A registry, somebody of each kind, one who sees all of it, and something standing in every place."""

    def __init__(self, registry: RunningRegistry, kinds: Mapping[str, Kind]) -> None:
        self.registry = registry
        self._kinds = kinds
        self._callers = {name: kind.credential(registry) for name, kind in kinds.items() if not kind.fleeting}
        self._below = {name: kind.below(registry) for name, kind in kinds.items()}
        self.targets = Targets(registry)
        self.standing = {place: self.targets.standing(place) for place in Place}
        # Whatever a refused request might have published, and whatever it might have changed.
        watched = [name for place in Place for name in (f"{place}/standing", f"{place}/unwanted")]
        self._witness = Client(
            registry, issue(registry, Role.PUBLISHER, owner="witness", namespaces=watched, expires_in_s=None)
        )

    def ask(self, route: Route, kind: str, target: Target, name: str) -> Answer:
        """The request of *kind* on *route*; *name* is what it publishes, if that is what it does."""
        body = body_of(route.operation, target, name)
        content = b"" if body is None else json.dumps(body).encode()
        credential = self._callers.get(kind) or self._kinds[kind].credential(self.registry)
        lines = [*credential, f"Content-Length: {len(content)}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        if Access.LOOPBACK in POLICY[route.operation].needs:
            lines.append("X-Forwarded-For: 203.0.113.7")
        path = self._below[kind] + path_of(route, target)
        return send(self.registry.port, path, *lines, method=route.method, body=content)

    def state(self) -> tuple[object, ...]:
        """The view, what is published, the tokens, all that was decided and the record: equal only if none changed."""
        mine = self._witness.mine("?limit=100")
        tokens = self.targets.root.request("GET", "/v1/tokens?limit=100")
        assert "nextCursor" not in tokens.json()["metadata"], "what is compared is all there is"
        etag = self.targets.root.request("GET", "/v0.1/servers?limit=1").headers["etag"]
        with self._store() as connection:
            decided = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in _DECIDED_TABLES]  # noqa: S608
        return etag, mine.body, tokens.body, decided, self.record()

    def record(self) -> tuple[int, str]:
        """How many changes are on record that no job of the registry's own is behind, and the name of the newest."""
        with self._store() as connection:
            found: tuple[int, str] = connection.execute(
                "SELECT count(*) OVER (), action FROM audit_events WHERE actor NOT LIKE 'system:%' AND outcome = 'done'"
                " ORDER BY id DESC LIMIT 1"
            ).fetchone()
            return found

    def _store(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.registry.store}?mode=ro", uri=True))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with taking(tmp_path_factory.mktemp("opened"), CONFIGURATION + LOGINS) as running:
        yield World(running, {name: kind for name, kind in KINDS.items() if kind.open})


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with taking(tmp_path_factory.mktemp("closed"), CONFIGURATION.replace(ANONYMOUS, "") + LOGINS) as running:
        assert Client(running, None).request("GET", "/servers").status == 401
        yield World(running, {name: kind for name, kind in KINDS.items() if not kind.open})


class TestComplete:
    def test_every_route_is_known(self) -> None:
        """
        A route that is added belongs into the matrix, or is a read with a reason not to; nothing is in both.
        """
        routed = {cells_of(route) for route in route_table()}

        assert routed == EXPECTED.keys() | READS.keys()
        assert not EXPECTED.keys() & READS.keys()

    def test_whatever_writes_is_in_the_matrix(self) -> None:
        """
        No route of another method than GET is left out.
        """
        assert {cells_of(route) for route in route_table() if route.writes} <= EXPECTED.keys()

    def test_every_kind_is_asked_about(self) -> None:
        """
        Each origin of a principal has its kinds; each caller of the table is a kind's.
        """
        assert {kind.origin for kind in KINDS.values()} == set(Origin)
        assert {kind.acts_as for kind in KINDS.values()} == set(Caller)


@pytest.mark.parametrize("place", Place, ids=lambda place: place.name.lower())
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", _ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_cell(request: pytest.FixtureRequest, route: Route, kind: str, place: Place) -> None:
    """
    The expected status; on record what the route declares if it changed something, and nothing changed if it did not.
    """
    caller = KINDS[kind]
    world: World = request.getfixturevalue("opened" if caller.open else "closed")
    expected = EXPECTED[cells_of(route)][caller.acts_as][list(Place).index(place)]
    events = POLICY[route.operation].events if expected in (200, 201) else ()
    if caller.acts_as in (Caller.BAD, Caller.AMBIGUOUS) or Access.OPEN in POLICY[route.operation].needs:
        world.registry.clock.advance(_REST_S)
    target = world.targets.fresh(place, route) if events else world.standing[place]
    name = f"{place}/published-{next(_NUMBERS)}" if events else f"{place}/unwanted"
    if place is Place.MIRRORED:
        name = MIRRORED[0]
    before, (recorded_before, _) = world.state(), world.record()

    answer = world.ask(route, kind, target, name)

    assert answer.status == (200 if expected == IDLE else expected), answer.body
    after, (recorded, action) = world.state(), world.record()
    assert recorded - recorded_before == bool(events)
    if events:
        assert action in events
        if "approval.requested" in events:
            world.targets.settle(answer.json()["id"])
    else:
        assert after == before
    if answer.status == 200 and route.operation in ("list-mine", "list-tokens"):
        _only_ones_own(answer, caller.acts_as, place, target)


def _only_ones_own(answer: Answer, caller: Caller, place: Place, target: Target) -> None:
    """A list shows what stands in *place* only to callers whose it is; what is mirrored is nobody's to publish."""
    body: dict[str, Any] = answer.json()
    shown = [each["server"]["name"] for each in body.get("servers", [])] + [
        each["id"] for each in body.get("items", [])
    ]
    covered = place is Place.OWN or caller in (Caller.PUBLISHER_OF_ALL, Caller.ADMIN_OF_ALL)
    if caller is Caller.PUBLIC_PUBLISHER_OF_ALL:
        covered = place is not Place.CLAIMED
    if "servers" in body:
        assert (target.name in shown) is (covered and place is not Place.MIRRORED)
    else:
        assert (target.token in shown) is covered


class TestLoopback:
    def test_operators_on_the_machine(self, opened: World) -> None:
        """
        Without a credential, from the machine itself: each leaves the event that its route declares.
        """
        body = b'{"upstream":"official"}'
        for path, operation, status in (
            ("/v1/sync-runs", "request-sync-run", 202),
            ("/v1/backup", "make-backup", 200),
        ):
            lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
            answer = send(opened.registry.port, path, *lines, method="POST", body=body)

            assert answer.status == status
            assert (opened.record()[1],) == POLICY[operation].events
