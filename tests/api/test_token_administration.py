"""`/v1/tokens`: issuing, listing and revoking, for the role admin. All of it is ours."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import pytest

from registry.policy.principal import Role
from tests.api import raw_request
from tests.doubles.issued import bearer, issue
from tests.doubles.loaded_store import acme, serving
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

HOST = "registry.example"
TOKENS = "/v1/tokens"
EVERY_ROUTE = [
    ("GET", TOKENS),
    ("HEAD", TOKENS),
    ("POST", TOKENS),
    ("GET", f"{TOKENS}/mcpr_00000000"),
    ("DELETE", f"{TOKENS}/mcpr_00000000"),
    ("POST", f"{TOKENS}/revoke"),
]
READER = {"owner": "bob", "roles": ["reader"], "teams": ["everyone"]}

send = partial(raw_request.send, host=HOST)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry for others, which listens beyond loopback."""
    names = f'allowed_hosts = ["{HOST}"]'
    with serving(tmp_path_factory.mktemp("tokens"), acme(), everywhere=True, server=names) as running:
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
    answer = _ask(registry, by, "POST", TOKENS, READER | wanted)
    assert answer.status == 201, answer.body
    issued: dict[str, Any] = answer.json()
    return issued


class TestWho:
    @pytest.mark.parametrize(("method", "target"), EVERY_ROUTE)
    def test_nobody_is_401(self, registry: RunningRegistry, method: str, target: str) -> None:
        """
        Without a credential, or with a bad one, 401 and how one would authenticate.
        """
        for lines in ([], [bearer("x")], ["Authorization: Basic eDp5"]):
            answer = send(registry.port, target, *lines, method=method)

            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(("method", "target"), EVERY_ROUTE)
    def test_every_other_role_is_403(self, registry: RunningRegistry, method: str, target: str) -> None:
        """
        No other role implies admin, nor do all of them together.
        """
        others = [role for role in Role if role is not Role.ADMIN]

        answer = send(registry.port, target, bearer(issue(registry, *others, namespaces=["*"])), method=method)

        assert answer.status == 403

    @pytest.mark.parametrize(
        ("method", "target", "allowed"),
        [
            ("PUT", TOKENS, "GET, HEAD, POST"),
            ("DELETE", TOKENS, "GET, HEAD, POST"),
            ("POST", f"{TOKENS}/mcpr_00000000", "DELETE, GET, HEAD"),
            ("PATCH", f"{TOKENS}/mcpr_00000000/", "DELETE, GET, HEAD"),
            ("PUT", f"{TOKENS}/revoke", "POST"),
        ],
    )
    def test_a_wrong_method_is_405(
        self, registry: RunningRegistry, root: str, method: str, target: str, allowed: str
    ) -> None:
        """
        Under /v1 a wrong method is 405 with the right ones, with a credential or without.
        """
        for lines in ([], [bearer(root)]):
            answer = send(registry.port, target, *lines, method=method)

            assert (answer.status, answer.headers["allow"]) == (405, allowed)
            assert answer.headers["content-type"] == "application/problem+json"

    def test_no_page_may_read_it(self, registry: RunningRegistry, root: str) -> None:
        """
        Nothing here tells a browser that a page may read the answer.
        """
        answer = send(registry.port, TOKENS, bearer(root), "Origin: https://evil.example")

        assert "access-control-allow-origin" not in answer.headers


class TestIssue:
    def test_shown_once_and_good_at_once(self, registry: RunningRegistry, root: str) -> None:
        """
        The answer has the token and is kept by no cache; nothing shows the secret again.
        """
        answer = _ask(registry, root, "POST", TOKENS, READER | {"label": "laptop"})

        issued = answer.json()
        assert answer.status == 201
        assert answer.headers["cache-control"] == "no-store"
        assert issued["token"].startswith(f"{issued['id']}_")
        assert (issued["owner"], issued["label"], issued["state"]) == ("bob", "laptop", "active")
        assert (issued["roles"], issued["teams"], issued["created_by"]) == (["reader"], ["everyone"], "root")
        assert send(registry.port, "/v0.1/servers", bearer(issued["token"])).status == 200
        secret = issued["token"][14:].encode()
        assert secret not in _ask(registry, root, "GET", TOKENS).body
        assert secret not in _ask(registry, root, "GET", f"{TOKENS}/{issued['id']}").body
        assert secret not in _ask(registry, root, "DELETE", f"{TOKENS}/{issued['id']}").body

    def test_ninety_days_unless_stated(self, registry: RunningRegistry, root: str) -> None:
        """
        Without an expiry it is 90 days; never only where it is said.
        """
        usual = _issued(registry, root)["token"]
        never = _issued(registry, root, expires_in_s=None)
        short = _issued(registry, root, expires_in_s=10)["token"]

        registry.clock.advance(11)
        assert send(registry.port, "/v0.1/servers", bearer(short)).status == 401
        registry.clock.advance(90 * 86400 - 300)
        assert send(registry.port, "/v0.1/servers", bearer(usual)).status == 200
        registry.clock.advance(300)
        assert send(registry.port, "/v0.1/servers", bearer(usual)).status == 401
        assert send(registry.port, "/v0.1/servers", bearer(never["token"])).status == 200
        assert never["expires_at"] is None

    @pytest.mark.parametrize(
        "wanted",
        [
            {"roles": []},
            {"roles": ["king"]},
            {"roles": ["publisher"]},
            {"roles": ["admin"]},
            {"roles": "reader"},
            {"owner": ""},
            {"owner": "local:root"},
            {"owner": "acme:00u1"},
            {"owner": "system:sync"},
            {"owner": "a b"},
            {"label": "x" * 201},
            {"label": "a\nb"},
            {"teams": ["nobody-knows"]},
            {"teams": ["x" * 5000]},
            {"namespaces": ["com.acme*"]},
            {"expires_in_s": 0},
            {"expires_in_s": -1},
            {"expires_in_s": 10**18},
            {"expires_in_s": "90d"},
            {"expires_in_s": 1.5},
            {"digest": "x"},
            {"owner": None},
        ],
        ids=lambda wanted: str(wanted)[:40],
    )
    def test_what_cannot_be_issued(self, registry: RunningRegistry, root: str, wanted: dict[str, object]) -> None:
        """
        What is no request is 400 with what is wrong, and nothing is issued.
        """
        before = _ask(registry, root, "GET", f"{TOKENS}?limit=1").json()["items"]

        answer = _ask(registry, root, "POST", TOKENS, READER | wanted)

        assert answer.status == 400
        assert len(answer.body) < 1500
        assert _ask(registry, root, "GET", f"{TOKENS}?limit=1").json()["items"] == before

    def test_needs_a_content_type(self, registry: RunningRegistry, root: str) -> None:
        """
        A body that does not say it is JSON is none.
        """
        body = msgspec.json.encode(READER)

        answer = send(registry.port, TOKENS, bearer(root), f"Content-Length: {len(body)}", method="POST", body=body)

        assert answer.status == 400


class TestDelegation:
    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({"roles": ["publisher"], "teams": [], "namespaces": ["com.acme/payroll"]}, 201),
            ({"roles": ["admin", "publisher"], "namespaces": ["com.acme/*"]}, 201),
            ({"roles": ["reader"], "teams": []}, 403),
            ({"roles": ["operator"], "teams": []}, 403),
            ({"roles": ["publisher"], "teams": [], "namespaces": ["*"]}, 403),
            ({"roles": ["publisher"], "teams": [], "namespaces": ["com.acme/*", "dev.hooli/*"]}, 403),
            ({"roles": ["publisher"], "teams": [], "namespaces": ["com.acme.*"]}, 403),
        ],
        ids=str,
    )
    def test_within_one_s_own(self, registry: RunningRegistry, wanted: dict[str, object], expected: int) -> None:
        """
        An administrator of a namespace hands out its own roles, teams and names, and no more.
        """
        scoped = issue(registry, Role.ADMIN, Role.PUBLISHER, owner="acme-admin", namespaces=["com.acme/*"])

        assert _ask(registry, scoped, "POST", TOKENS, READER | wanted).status == expected

    def test_others_are_not_there(self, registry: RunningRegistry, root: str) -> None:
        """
        It neither sees nor revokes what it could not have issued; that looks like what does not exist.
        """
        scoped = issue(registry, Role.ADMIN, owner="acme-admin", teams=(), namespaces=["com.acme/*"])
        own = _issued(registry, scoped, roles=["admin"], teams=[], namespaces=["com.acme/x"], owner="shared")
        foreign = _issued(registry, root, owner="shared")

        listed = _ask(registry, scoped, "GET", f"{TOKENS}?subject=shared").json()["items"]
        refused = _ask(registry, scoped, "DELETE", f"{TOKENS}/{foreign['id']}")
        absent = _ask(registry, scoped, "DELETE", f"{TOKENS}/mcpr_00000000")
        revoked = _ask(registry, scoped, "POST", f"{TOKENS}/revoke", {"subject": "shared"}).json()["items"]

        assert [each["id"] for each in listed] == [each["id"] for each in revoked] == [own["id"]]
        assert refused.status == absent.status == 404
        assert refused.body.replace(foreign["id"].encode(), b"mcpr_00000000") == absent.body
        assert _ask(registry, scoped, "GET", f"{TOKENS}/{foreign['id']}").status == 404
        assert send(registry.port, "/v0.1/servers", bearer(foreign["token"])).status == 200


class TestList:
    def test_pages_newest_first(self, registry: RunningRegistry, root: str) -> None:
        """
        By cursor, each once, of one subject or of all; a full last page promises no other.
        """
        issued = [_issued(registry, root, owner="pages")["id"] for _ in range(5)]

        found, target = [], f"{TOKENS}?subject=pages&limit=2"
        sizes = []
        while target:
            page = _ask(registry, root, "GET", target).json()
            found += [each["id"] for each in page["items"]]
            sizes.append(page["metadata"]["count"])
            cursor = page["metadata"].get("nextCursor")
            target = f"{TOKENS}?subject=pages&limit=2&cursor={cursor}" if cursor else ""

        assert found == issued[::-1]
        assert sizes == [2, 2, 1]
        assert "nextCursor" not in _ask(registry, root, "GET", f"{TOKENS}?subject=pages&limit=5").json()["metadata"]
        assert _ask(registry, root, "GET", f"{TOKENS}?subject=Pages").json()["items"] == []

    @pytest.mark.parametrize("query", ["cursor=x", "cursor=1-AB12CD34", "cursor=-1-ab12cd34", "cursor=9" + "9" * 30])
    def test_a_foreign_cursor(self, registry: RunningRegistry, root: str, query: str) -> None:
        """
        A cursor that is none of this list's is 400.
        """
        assert _ask(registry, root, "GET", f"{TOKENS}?{query}").status == 400

    def test_says_how_each_stands(self, registry: RunningRegistry, root: str) -> None:
        """
        Active, expired, revoked and by whom.
        """
        active, expired, revoked = (_issued(registry, root, owner="states", expires_in_s=60)["id"] for _ in range(3))
        registry.clock.advance(61)
        active = _issued(registry, root, owner="states")["id"]
        _ask(registry, root, "DELETE", f"{TOKENS}/{revoked}")

        items = {each["id"]: each for each in _ask(registry, root, "GET", f"{TOKENS}?subject=states").json()["items"]}

        assert (items[active]["state"], items[expired]["state"], items[revoked]["state"]) == (
            "active",
            "expired",
            "revoked",
        )
        assert items[revoked]["revoked_by"] == "root"


class TestRevoke:
    def test_one(self, registry: RunningRegistry, root: str) -> None:
        """
        It is bad from the answer on; again changes nothing, not even who and when.
        """
        issued = _issued(registry, root)

        first = _ask(registry, root, "DELETE", f"{TOKENS}/{issued['id']}")
        after = send(registry.port, "/v0.1/servers", bearer(issued["token"])).status
        again = _ask(registry, root, "DELETE", f"{TOKENS}/{issued['id'].removeprefix('mcpr_')}")

        assert (first.status, first.json()["state"], after) == (200, "revoked", 401)
        assert again.body == first.body

    def test_all_of_a_subject(self, registry: RunningRegistry, root: str) -> None:
        """
        All tokens of the subject and of nobody else; none left is nothing wrong.
        """
        theirs = [_issued(registry, root, owner="leaver") for _ in range(3)]
        other = _issued(registry, root, owner="leaver2")

        revoked = _ask(registry, root, "POST", f"{TOKENS}/revoke", {"subject": "leaver"}).json()
        again = _ask(registry, root, "POST", f"{TOKENS}/revoke", {"subject": "leaver"}).json()

        assert {each["id"] for each in revoked["items"]} == {each["id"] for each in theirs}
        assert again == {"items": [], "metadata": {"count": 0}}
        for each, expected in ((theirs[0], 401), (theirs[2], 401), (other, 200)):
            assert send(registry.port, "/v0.1/servers", bearer(each["token"])).status == expected

    def test_an_administrator_may_revoke_itself(self, registry: RunningRegistry) -> None:
        """
        The last thing a token can do is end.
        """
        token = issue(registry, Role.ADMIN, owner="gone", namespaces=["*"])

        assert _ask(registry, token, "DELETE", f"{TOKENS}/{token[:13]}").status == 200
        assert _ask(registry, token, "GET", TOKENS).status == 401

    @pytest.mark.parametrize(("named", "status"), [("mcpr_00000000", 404), ("x", 400), ("MCPR_00000000", 400)])
    def test_what_is_not_there(self, registry: RunningRegistry, root: str, named: str, status: int) -> None:
        """
        An id that names no token is 404, a text that is no id 400.
        """
        for method in ("GET", "DELETE"):
            assert _ask(registry, root, method, f"{TOKENS}/{named}").status == status
