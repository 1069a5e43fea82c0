"""`/v1/capabilities`: issuing, listing, rotating and revoking, for the role admin. All of it is ours."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import pytest

from registry.policy.principal import Role
from tests.api import raw_request
from tests.api.addressed import GOVERNANCE, PROXIED
from tests.doubles.issued import bearer, issue
from tests.doubles.loaded_store import acme, serving
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

HOST = "registry.example"
CAPABILITIES = "/v1/capabilities"
NONE = f"cap_{'0' * 26}"
EVERY_ROUTE = [
    ("GET", CAPABILITIES),
    ("HEAD", CAPABILITIES),
    ("POST", CAPABILITIES),
    ("GET", f"{CAPABILITIES}/{NONE}"),
    ("DELETE", f"{CAPABILITIES}/{NONE}"),
    ("POST", f"{CAPABILITIES}/{NONE}/rotate"),
]
PUBLIC = "https://registry.example/mcp"

send = partial(raw_request.send, host=HOST)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry for others, which listens beyond loopback, behind a proxy that gives it a path."""
    server = f'{PROXIED}\nallowed_hosts = ["{HOST}"]\npublic_url = "{PUBLIC}"'
    folder = tmp_path_factory.mktemp("capabilities")
    with serving(folder, acme(), everywhere=True, server=server, governance=GOVERNANCE) as running:
        yield running


@pytest.fixture(scope="module")
def root(registry: RunningRegistry) -> str:
    """An administrator for every name."""
    return issue(registry, Role.ADMIN, owner="root", namespaces=["*"], teams=(), expires_in_s=None)


@pytest.fixture(autouse=True)
def _failures_are_forgotten(registry: RunningRegistry) -> None:
    registry.clock.advance(120)


def _ask(registry: RunningRegistry, token: str, method: str, target: str, body: object = None) -> Answer:
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [bearer(token)]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return send(registry.port, target, *lines, method=method, body=content)


def _issued(registry: RunningRegistry, by: str, **wanted: object) -> dict[str, Any]:
    answer = _ask(registry, by, "POST", CAPABILITIES, {"team": "backend"} | wanted)
    assert answer.status == 201, answer.body
    issued: dict[str, Any] = answer.json()
    return issued


def _reads(registry: RunningRegistry, issued: dict[str, Any], *lines: str) -> int:
    return send(registry.port, f"{issued['url'].removeprefix(PUBLIC)}/v0.1/servers", *lines).status


class TestWho:
    @pytest.mark.parametrize(("method", "target"), EVERY_ROUTE)
    def test_only_administrators(self, registry: RunningRegistry, method: str, target: str) -> None:
        """
        Nobody is 401, and every other role 403.
        """
        others = [role for role in Role if role is not Role.ADMIN]

        nobody = send(registry.port, target, method=method)
        other = send(registry.port, target, bearer(issue(registry, *others, namespaces=["*"])), method=method)

        assert (nobody.status, other.status) == (401, 403)
        assert nobody.headers["www-authenticate"].startswith("Bearer")
        assert "access-control-allow-origin" not in other.headers

    def test_a_wrong_method_is_405(self, registry: RunningRegistry, root: str) -> None:
        """
        With the right ones.
        """
        answer = _ask(registry, root, "PUT", CAPABILITIES)

        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")

    def test_an_address_administers_nothing(self, registry: RunningRegistry, root: str) -> None:
        """
        There is no /v1 behind one.
        """
        base = _issued(registry, root)["url"].removeprefix(PUBLIC)

        assert send(registry.port, f"{base}{CAPABILITIES}").status == 404

    @pytest.mark.parametrize(
        ("roles", "teams", "namespaces", "expected"),
        [
            ([Role.ADMIN, Role.READER], ["backend"], ["com.acme/*"], 201),
            ([Role.ADMIN, Role.READER], ["backend~prod"], ["com.acme/*"], 403),
            ([Role.ADMIN], ["backend"], ["com.acme/*"], 403),
            ([Role.ADMIN], [], ["*"], 201),
        ],
    )
    def test_within_one_s_own(
        self,
        registry: RunningRegistry,
        roles: list[Role],
        teams: list[str],
        namespaces: list[str],
        expected: int,
    ) -> None:
        """
        An administrator of some names hands out what it reads itself, of its own teams.
        """
        giver = issue(registry, *roles, teams=teams, namespaces=namespaces)

        assert _ask(registry, giver, "POST", CAPABILITIES, {"team": "backend"}).status == expected

    def test_others_are_not_there(self, registry: RunningRegistry, root: str) -> None:
        """
        It neither sees nor rotates nor revokes those of other teams; that looks like what does not exist.
        """
        scoped = issue(registry, Role.ADMIN, Role.READER, teams=["empty"], namespaces=["com.acme/*"])
        own, foreign = _issued(registry, scoped, team="empty"), _issued(registry, root)

        listed = _ask(registry, scoped, "GET", CAPABILITIES).json()["items"]
        refused = [
            _ask(registry, scoped, method, f"{CAPABILITIES}/{foreign['id']}{tail}", body)
            for method, tail, body in (("GET", "", None), ("DELETE", "", None), ("POST", "/rotate", {}))
        ]
        absent = _ask(registry, scoped, "GET", f"{CAPABILITIES}/{NONE}")

        assert [each["id"] for each in listed] == [own["id"]]
        assert {answer.body.replace(foreign["id"].encode(), NONE.encode()) for answer in refused} == {absent.body}
        assert _reads(registry, foreign) == 200


class TestIssue:
    def test_shown_once_and_good_at_once(self, registry: RunningRegistry, root: str) -> None:
        """
        The answer has the base address under the public one and is kept by no cache; nothing shows it again.
        """
        answer = _ask(
            registry, root, "POST", CAPABILITIES, {"team": "backend~prod", "label": "editors", "owner": "platform"}
        )

        issued = answer.json()
        assert answer.headers["cache-control"] == "no-store"
        assert issued["url"].startswith(f"{PUBLIC}/t/backend~prod.")
        assert (issued["team"], issued["label"], issued["owner"], issued["state"], issued["created_by"]) == (
            "backend~prod",
            "editors",
            "platform",
            "active",
            "root",
        )
        assert _reads(registry, issued) == 200
        secret = issued["url"].rpartition(".")[2].encode()
        for method, target in (("GET", CAPABILITIES), ("GET", "/" + issued["id"]), ("DELETE", "/" + issued["id"])):
            target = target if target.startswith(CAPABILITIES) else CAPABILITIES + target
            assert secret not in _ask(registry, root, method, target).body

    @pytest.mark.parametrize(
        "wanted",
        [
            {"team": "no-such"},
            {"team": "Backend"},
            {"team": ""},
            {"label": "x" * 201},
            {"label": "a\nb"},
            {"owner": "local:root"},
            {"owner": ""},
            {"networks": ["10.0.0.1/8"]},
            {"networks": ["everywhere"]},
            {"networks": ["10.0.0.0/8"] * 101},
            {"expires_in_s": 0},
            {"expires_in_s": "90d"},
            {"digest": "x"},
        ],
        ids=lambda wanted: str(wanted)[:40],
    )
    def test_what_cannot_be_issued(self, registry: RunningRegistry, root: str, wanted: dict[str, object]) -> None:
        """
        What is no request is 400 with what is wrong, and nothing is issued.
        """
        before = _ask(registry, root, "GET", f"{CAPABILITIES}?limit=1").json()["items"]

        answer = _ask(registry, root, "POST", CAPABILITIES, {"team": "backend"} | wanted)

        assert answer.status == 400
        assert len(answer.body) < 1500
        assert _ask(registry, root, "GET", f"{CAPABILITIES}?limit=1").json()["items"] == before

    def test_networks(self, registry: RunningRegistry, root: str) -> None:
        """
        Kept as they were given, and in force.
        """
        issued = _issued(registry, root, networks=["192.0.2.0/24", "192.0.2.0/24"])

        assert issued["networks"] == ["192.0.2.0/24"]
        assert _reads(registry, issued) == 404
        assert _reads(registry, issued, "X-Forwarded-For: 192.0.2.1") == 200


class TestList:
    def test_pages_newest_first(self, registry: RunningRegistry, root: str) -> None:
        """
        By cursor, each once, of one team or of all.
        """
        issued = []
        for _ in range(5):
            registry.clock.advance(1)
            issued.append(_issued(registry, root, team="servers")["id"])

        found, target = [], f"{CAPABILITIES}?team=servers&limit=2"
        while target:
            page = _ask(registry, root, "GET", target).json()
            found += [each["id"] for each in page["items"]]
            cursor = page["metadata"].get("nextCursor")
            target = f"{CAPABILITIES}?team=servers&limit=2&cursor={cursor}" if cursor else ""

        assert found == issued[::-1]
        assert _ask(registry, root, "GET", f"{CAPABILITIES}?team=Servers").json()["items"] == []
        assert _ask(registry, root, "GET", f"{CAPABILITIES}?cursor=x").status == 400


class TestRotate:
    def test_with_an_overlap(self, registry: RunningRegistry, root: str) -> None:
        """
        Both are good until the overlap ends; then the new one alone, for as long as the old one was to be.
        """
        old = _issued(registry, root, networks=["192.0.2.0/24"], label="editors", expires_in_s=86400)
        line = "X-Forwarded-For: 192.0.2.1"

        answer = _ask(registry, root, "POST", f"{CAPABILITIES}/{old['id']}/rotate", {"overlap_s": 3600})

        new = answer.json()
        assert answer.status == 201
        assert new["replaces"]["id"] == old["id"]
        assert new["replaces"]["replaced_by"] == new["id"]
        for member in ("team", "label", "owner", "networks"):
            assert new[member] == old[member]
        assert [_reads(registry, each, line) for each in (old, new)] == [200, 200]
        registry.clock.advance(3600)
        assert [_reads(registry, each, line) for each in (old, new)] == [404, 200]
        registry.clock.advance(86400 - 3600)
        assert _reads(registry, new, line) == 404

    def test_the_overlap_lengthens_nothing(self, registry: RunningRegistry, root: str) -> None:
        """
        The old one ends when it was to end, if that is earlier.
        """
        old = _issued(registry, root, expires_in_s=60)

        new = _ask(registry, root, "POST", f"{CAPABILITIES}/{old['id']}/rotate", {"overlap_s": 3600}).json()

        assert new["replaces"]["expires_at"] == old["expires_at"]

    def test_at_once(self, registry: RunningRegistry, root: str) -> None:
        """
        Without an overlap the old one is nothing any more.
        """
        old = _issued(registry, root)

        new = _ask(registry, root, "POST", f"{CAPABILITIES}/{old['id']}/rotate", {"overlap_s": 0}).json()

        assert [_reads(registry, each) for each in (old, new)] == [404, 200]

    def test_once(self, registry: RunningRegistry, root: str) -> None:
        """
        What was replaced, or is revoked, is not rotated: 409. An overlap that is none is 400.
        """
        old, revoked = _issued(registry, root), _issued(registry, root)
        rotate = f"{CAPABILITIES}/{old['id']}/rotate"

        _ask(registry, root, "POST", rotate, {})
        _ask(registry, root, "DELETE", f"{CAPABILITIES}/{revoked['id']}")

        assert _ask(registry, root, "POST", rotate, {}).status == 409
        assert _ask(registry, root, "POST", f"{CAPABILITIES}/{revoked['id']}/rotate", {}).status == 409
        assert _ask(registry, root, "POST", rotate, {"overlap_s": -1}).status == 400


class TestRevoke:
    def test_one(self, registry: RunningRegistry, root: str) -> None:
        """
        Nothing is there from the answer on; again changes nothing.
        """
        issued = _issued(registry, root)

        first = _ask(registry, root, "DELETE", f"{CAPABILITIES}/{issued['id']}")
        after = _reads(registry, issued)
        again = _ask(registry, root, "DELETE", f"{CAPABILITIES}/{issued['id']}")

        assert (first.status, first.json()["state"], after) == (200, "revoked", 404)
        assert again.body == first.body

    @pytest.mark.parametrize(("named", "status"), [(NONE, 404), ("x", 400), (NONE.upper(), 400)])
    def test_what_is_not_there(self, registry: RunningRegistry, root: str, named: str, status: int) -> None:
        """
        An id that names none is 404, a text that is no id 400.
        """
        for method in ("GET", "DELETE"):
            assert _ask(registry, root, method, f"{CAPABILITIES}/{named}").status == status
