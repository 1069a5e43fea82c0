"""Teams' addresses: `/teams/{team}/v0.1/…` and `/v0`, and what the root address serves. All of it is ours."""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from tests.api.addressed import CATALOGUE, PAYROLL, addressed
from tests.api.raw_request import send
from tests.api.reading import key, keys
from tests.doubles.issued import bearer, issue
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

READS = (
    "servers",
    "servers?limit=3&version=latest",
    "servers?search=payroll",
    "servers?limit=0",
    "servers/com.acme%2Fpayroll/versions",
    "servers/com.acme%252fpayroll/versions",
    "servers/com.acme/payroll/versions/latest",
    "servers/com.acme%2Fpayroll/versions/1.2.0+build.7",
    "servers/com.acme%2Fnobody/versions/latest",
    "servers/a%25zz/versions",
)
MINE = "x/registry/mine"
PREFIXES = ("v0.1", "v0")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that everybody reads, with teams."""
    with addressed(tmp_path_factory.mktemp("teams")) as running:
        yield running


@pytest.fixture(scope="module")
def member(registry: RunningRegistry) -> str:
    """The token of somebody who belongs to several teams, at home in `backend`."""
    teams = ["backend", "backend~prod", "servers", "empty", "everyone"]
    return issue(registry, Role.READER, teams=teams, expires_in_s=None)


@pytest.fixture(autouse=True)
def _failures_are_forgotten(registry: RunningRegistry) -> None:
    registry.clock.advance(120)


def _names(answer: Answer) -> set[str]:
    return {name for name, _ in keys(answer)}


def _unlike(answer: Answer, *others: str) -> tuple[int, dict[str, str], bytes]:
    """All of an answer but when it was given, and other headers that differ between addresses."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id", *others)}
    return answer.status, headers, answer.body


class TestView:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_each_has_its_own(self, registry: RunningRegistry, member: str, prefix: str) -> None:
        """
        A team sees what was granted to it, an environment inherits nothing, and `everyone` is a team as any.
        """
        seen = {
            team: _names(send(registry.port, f"/teams/{team}/{prefix}/servers", bearer(member)))
            for team in ("backend", "backend~prod", "servers", "empty", "everyone")
        }

        assert {name.partition("/")[0] for name in seen["backend"]} == {"com.acme"}
        assert {name.partition("/")[0] for name in seen["backend~prod"]} == {"com.globex"}
        assert seen["empty"] == set()
        assert seen["servers"] == seen["everyone"] > seen["backend"] | seen["backend~prod"]

    def test_what_is_hidden_is_nowhere(self, registry: RunningRegistry, member: str) -> None:
        """
        What another team sees is not found here, as what nobody has.
        """
        for tail in ("versions", "versions/latest", "versions/1.0.0"):
            hidden = send(registry.port, f"/teams/backend/v0.1/servers/{CATALOGUE}/{tail}", bearer(member))
            absent = send(registry.port, f"/teams/backend/v0.1/servers/com.globex/no-such/{tail}", bearer(member))

            assert hidden.status == 404
            assert _unlike(hidden) == _unlike(absent)

    @pytest.mark.parametrize("read", READS)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_as_at_the_root(self, registry: RunningRegistry, read: str, method: str) -> None:
        """
        With the same home team the root answers the same: names in every spelling, filters, refusals, HEAD.
        """
        at_home = issue(registry, Role.READER, teams=["servers"])

        for prefix in PREFIXES:
            root = send(registry.port, f"/{prefix}/{read}", bearer(at_home), method=method)
            team = send(registry.port, f"/teams/servers/{prefix}/{read}", bearer(at_home), method=method)

            assert _unlike(team, "etag") == _unlike(root, "etag")
            assert team.headers["access-control-allow-origin"] == "*"
            assert ("etag" in team.headers) == ("etag" in root.headers)

    def test_slashes_change_nothing(self, registry: RunningRegistry, member: str) -> None:
        """
        Both spellings answer, and no address redirects.
        """
        plain = send(registry.port, "/teams/backend/v0.1/servers", bearer(member))
        slashed = send(registry.port, "/teams/backend/v0.1/servers/", bearer(member))

        assert plain.status == slashed.status == 200
        assert plain.body == slashed.body
        for base in ("/teams/backend", "/teams/backend/", "/teams", "/teams/", "/teams/backend/v0.1", "/teams//v0.1"):
            assert send(registry.port, base, bearer(member)).status == 404

    def test_an_encoded_tilde(self, registry: RunningRegistry, member: str) -> None:
        """
        Some clients encode what stands before an environment.
        """
        answer = send(registry.port, "/teams/backend%7Eprod/v0.1/servers", bearer(member))

        assert CATALOGUE in _names(answer)

    def test_a_validator(self, registry: RunningRegistry, member: str) -> None:
        """
        304 to whoever has the answer; one of another team's is none. No shared cache keeps it.
        """
        first = send(registry.port, "/teams/backend/v0.1/servers", bearer(member))
        again = send(
            registry.port, "/teams/backend/v0.1/servers", bearer(member), f"If-None-Match: {first.headers['etag']}"
        )
        other = send(
            registry.port, "/teams/empty/v0.1/servers", bearer(member), f"If-None-Match: {first.headers['etag']}"
        )

        assert (again.status, other.status) == (304, 200)
        assert first.headers["cache-control"] == again.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in first.headers["vary"]

    def test_preflight(self, registry: RunningRegistry) -> None:
        """
        A page may ask whether it may ask.
        """
        target = "/teams/backend/v0.1/servers"
        answer = send(registry.port, target, "Access-Control-Request-Method: GET", method="OPTIONS")

        assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")

    def test_mine(self, registry: RunningRegistry, member: str) -> None:
        """
        What a publisher may publish is listed at the team's address too, for those who belong to it.
        """
        publisher = issue(registry, Role.PUBLISHER, teams=["backend"], namespaces=["com.acme/*"])

        answers = [
            send(registry.port, f"/teams/{team}/v0.1/{MINE}", bearer(token))
            for team, token in (("backend", publisher), ("empty", publisher), ("backend", member))
        ]

        assert [answer.status for answer in answers] == [200, 404, 403]


class TestWho:
    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize("read", [*READS, MINE])
    def test_nobody_is_401(self, registry: RunningRegistry, prefix: str, read: str) -> None:
        """
        Without a credential every team's address is 401, also where everybody reads the root, there or not.
        """
        answers = [
            send(registry.port, f"/teams/{team}/{prefix}/{read}") for team in ("backend", "everyone", "no-such", "A!")
        ]

        assert {answer.status for answer in answers} == {401}
        assert len({answer.body for answer in answers}) == 1
        assert answers[0].headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("value", ["Bearer x", "Basic eDp5", ""])
    def test_a_bad_credential_is_401(self, registry: RunningRegistry, value: str) -> None:
        """
        Never another view.
        """
        assert send(registry.port, "/teams/everyone/v0.1/servers", f"Authorization: {value}").status == 401

    @pytest.mark.parametrize("read", READS)
    @pytest.mark.parametrize("role", [Role.READER, Role.ADMIN])
    def test_a_stranger_s_team_is_none(self, registry: RunningRegistry, read: str, role: Role) -> None:
        """
        404 byte for byte as for a team that does not exist, whatever the caller's roles, and no word names it.
        """
        stranger = issue(registry, role, teams=["everyone"], namespaces=["*"])

        answers = [
            send(registry.port, f"/teams/{team}/v0.1/{read}", bearer(stranger))
            for team in ("backend", "backend~prod", "backend~other", "no-such", "Backend", "%ff", "x" * 500)
        ]

        assert answers[0].status == 404
        assert {repr(_unlike(answer)) for answer in answers} == {repr(_unlike(answers[0]))}
        assert b"backend" not in answers[0].body

    def test_an_environment_is_another_team(self, registry: RunningRegistry) -> None:
        """
        Who belongs to the team belongs to none of its environments by that, and the other way round.
        """
        of_team, of_environment = (issue(registry, Role.READER, teams=[team]) for team in ("backend", "backend~prod"))

        statuses = [
            send(registry.port, f"/teams/{team}/v0.1/servers", bearer(token)).status
            for team in ("backend", "backend~prod")
            for token in (of_team, of_environment)
        ]

        assert statuses == [200, 404, 404, 200]

    def test_it_takes_the_role_reader(self, registry: RunningRegistry) -> None:
        """
        To belong is not to read.
        """
        administrator = issue(registry, Role.ADMIN, teams=["backend"], namespaces=["*"])

        assert send(registry.port, "/teams/backend/v0.1/servers", bearer(administrator)).status == 403

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize(
        "path", ["servers", "publish", "validate", "servers/com.acme%2Fpayroll/versions/1.0.0", "health", "nothing"]
    )
    def test_nothing_else_is_there(self, registry: RunningRegistry, member: str, method: str, path: str) -> None:
        """
        Only reads have a team's address; the rest is an unknown path, whose words name no team.
        """
        answer = send(registry.port, f"/teams/backend/v0.1/{path}", bearer(member), method=method)

        assert answer.status == 404
        assert b"backend" not in answer.body


class TestHome:
    def test_the_first_team(self, registry: RunningRegistry, member: str) -> None:
        """
        The root serves the first team of the token.
        """
        other = issue(registry, Role.READER, teams=["backend~prod", "backend"])

        first, second = (send(registry.port, "/v0.1/servers", bearer(token)) for token in (member, other))

        assert PAYROLL in _names(first)
        assert CATALOGUE not in _names(first)
        assert CATALOGUE in _names(second)
        assert PAYROLL not in _names(second)

    def test_none(self, registry: RunningRegistry) -> None:
        """
        Without any team 403, and no other view instead.
        """
        answer = send(registry.port, "/v0.1/servers", bearer(issue(registry, Role.READER, teams=[])))

        assert answer.status == 403
        assert "names no team" in answer.json()["detail"]

    def test_one_version(self, registry: RunningRegistry, member: str) -> None:
        """
        The root and the team's address give the same bytes of the same version.
        """
        target = "v0.1/servers/com.acme%2Fpayroll/versions/latest"

        root, team = (send(registry.port, f"{base}/{target}", bearer(member)) for base in ("", "/teams/backend"))

        assert key(team.json())[0] == PAYROLL
        assert root.body == team.body
