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

import msgspec
import pytest

from registry.api.policy import POLICY, Access
from registry.policy.principal import Origin, Role
from tests.api.kinds import ISSUER_KEY, KINDS, Caller, Kind, Place, trusting
from tests.api.matrix import EXPECTED, IDLE, READS, cells_of
from tests.api.publishing import CONFIGURATION, LOGINS, MIRRORED, Client, taking
from tests.api.raw_request import send
from tests.api.targets import Target, Targets, body_of, path_of
from tests.doubles.issued import issue
from tests.doubles.issuer import Issuer
from tests.doubles.loaded_store import ANONYMOUS
from tests.doubles.plain_client import Answer
from tests.doubles.route_table import Route, route_table
from tests.running import RunningRegistry

_NUMBERS = count(1)
_ROUTES = [route for route in route_table() if cells_of(route) in EXPECTED]
# Failures are slowed per source and per token, and manifests per source: so long until all of that is forgotten.
_REST_S = 120
_DECIDED_TABLES = (
    "teams",
    "grants",
    "approvals",
    "rules",
    "overlays",
    "blocks",
    "capabilities",
    "revoked_subjects",
    "drift_policies",
    "look_alikes",
    "offers",
    "comments",
)


State = Mapping[str, frozenset[object]]
"""What may change, part by part."""


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

    def state(self) -> State:
        """The view, what is published, the tokens, all that was decided and the record: equal only if none changed."""
        mine = self._witness.mine("?limit=100").json()
        tokens = self.targets.root.request("GET", "/v1/tokens?limit=100").json()
        assert "nextCursor" not in tokens["metadata"], "what is compared is all there is"
        etag = self.targets.root.request("GET", "/v0.1/servers?limit=1").headers["etag"]
        with self._store() as connection:
            decided = {
                table: frozenset(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608
                for table in _DECIDED_TABLES
            }
        return {
            "view": frozenset([etag]),
            "published": frozenset(map(json.dumps, mine["servers"])),
            "tokens": frozenset(map(json.dumps, tokens["items"])),
            "record": frozenset(self.record()),
            **decided,
        }

    def record(self) -> list[tuple[int, str, str]]:
        """The changes on record that no job of the registry's own is behind: number, action, actor."""
        with self._store() as connection:
            return connection.execute(
                "SELECT id, action, actor FROM audit_events WHERE actor NOT LIKE 'system:%' AND outcome = 'done'"
                " ORDER BY id"
            ).fetchall()

    def _store(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.registry.store}?mode=ro", uri=True))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("opened")
    with Issuer(ISSUER_KEY) as issuer, taking(folder, CONFIGURATION + LOGINS + trusting(issuer)) as running:
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


@pytest.mark.parametrize("route", _ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_route(opened: World, closed: World, route: Route) -> None:
    """
    Everybody everywhere: the expected status; on record what the route declares if it changed something, and nothing
    changed if it did not.
    """
    wrong: list[str] = []
    for world, is_open in ((opened, True), (closed, False)):
        cells = _cells(route, is_open)
        before = world.state()
        for cell in cells:
            if not cell.events:
                wrong += _idle(world, route, cell)
        if (after := world.state()) != before:
            wrong.append(f"changed by requests that change nothing: {_differences(before, after)}")
        for cell in cells:
            if cell.events:
                wrong += _done(world, route, cell)

    assert not wrong, "\n".join(wrong)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who asks for something where, and what is expected of it.

    Attributes:
        events: One of these is on record afterwards. Empty if nothing is to change.
    """

    kind: str
    place: Place
    status: int
    events: tuple[str, ...]

    @property
    def acts_as(self) -> Caller:
        return KINDS[self.kind].acts_as

    def __str__(self) -> str:
        return f"{self.kind}, {self.place.name.lower()}"


def _cells(route: Route, is_open: bool) -> list[Cell]:
    """All of *route* at the registry that is read without a credential, or at the other."""
    return [
        Cell(
            kind=name,
            place=place,
            status=200 if status == IDLE else status,
            events=POLICY[route.operation].events if status in (200, 201) else (),
        )
        for name, kind in KINDS.items()
        if kind.open is is_open
        for place, status in zip(Place, EXPECTED[cells_of(route)][kind.acts_as], strict=True)
    ]


def _idle(world: World, route: Route, cell: Cell) -> list[str]:
    """What is wrong with the answer to a request that is to change nothing."""
    target = world.standing[cell.place]
    name = MIRRORED[0] if cell.place is Place.MIRRORED else f"{cell.place}/unwanted"
    answer = _asked(world, route, cell, target, name)
    if answer.status != cell.status:
        return [f"{cell}: {answer.status}, not {cell.status}: {answer.body!r}"]
    if answer.status == 200 and route.operation in ("list-mine", "list-tokens"):
        return [f"{cell}: {each}" for each in _not_ones_own(answer, cell, target)]
    return []


def _done(world: World, route: Route, cell: Cell) -> list[str]:
    """What is wrong with the answer to a request that is to change something, and with what is on record of it."""
    target = world.targets.fresh(cell.place, route)
    name = MIRRORED[0] if cell.place is Place.MIRRORED else f"{cell.place}/published-{next(_NUMBERS)}"
    before = world.record()
    answer = _asked(world, route, cell, target, name)
    if answer.status != cell.status:
        return [f"{cell}: {answer.status}, not {cell.status}: {answer.body!r}"]
    recorded = [action for _, action, _ in world.record()[len(before) :]]
    if len(recorded) != 1 or recorded[0] not in cell.events:
        return [f"{cell}: on record are {recorded}, not one of {cell.events}"]
    if "approval.requested" in cell.events:
        world.targets.settle(answer.json()["id"])
    return []


def _asked(world: World, route: Route, cell: Cell, target: Target, name: str) -> Answer:
    if cell.acts_as in (Caller.BAD, Caller.AMBIGUOUS) or Access.OPEN in POLICY[route.operation].needs:
        world.registry.clock.advance(_REST_S)
    return world.ask(route, cell.kind, target, name)


def _not_ones_own(answer: Answer, cell: Cell, target: Target) -> list[str]:
    """
    What a list shows or hides wrongly: it shows what stands in a place only to callers whose it is, and what is
    mirrored is nobody's to publish.
    """
    body: dict[str, Any] = answer.json()
    place, caller = cell.place, cell.acts_as
    covered = place is Place.OWN or caller in (Caller.PUBLISHER_OF_ALL, Caller.ADMIN_OF_ALL)
    if caller is Caller.PUBLIC_PUBLISHER_OF_ALL:
        covered = place is not Place.CLAIMED
    if "servers" in body:
        wanted, expected = target.name, covered and place is not Place.MIRRORED
        shown = wanted in [each["server"]["name"] for each in body["servers"]]
    else:
        wanted, expected = target.token, covered
        shown = wanted in [each["id"] for each in body["items"]]
    return [] if shown is expected else [f"{wanted} is {'shown' if shown else 'missing'}"]


def _differences(before: State, after: State) -> dict[str, frozenset[object]]:
    """What differs, part by part. What is on record tells who did it."""
    return {part: before[part] ^ after[part] for part in before if before[part] != after[part]}


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
            assert (opened.record()[-1][1],) == POLICY[operation].events
