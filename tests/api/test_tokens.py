"""Our own tokens as Bearer: who they make a caller, and what a bad one is told (reference §4.1)."""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from registry.policy.token import compose, public_id
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue, revoke
from tests.doubles.loaded_store import acme, serving
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

LIST = "/v0.1/servers"
READS = (LIST, "/v0/servers/com.acme%2Fpayroll/versions", "/v0.1/servers/com.acme/payroll/versions/latest")
PROXIED = 'trusted_proxies = ["127.0.0.1/32"]'


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that nobody reads without a credential."""
    with serving(tmp_path_factory.mktemp("closed"), acme(), configuration="", server=PROXIED) as registry:
        yield registry


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that everybody reads."""
    with serving(tmp_path_factory.mktemp("opened"), acme(), server=PROXIED) as registry:
        yield registry


@pytest.fixture(autouse=True)
def _failures_are_forgotten(closed: RunningRegistry, opened: RunningRegistry) -> None:
    closed.clock.advance(120)
    opened.clock.advance(120)


def _bad(answer: Answer) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status, problem["detail"], [error["message"] for error in problem.get("errors", [])]


class TestReading:
    @pytest.mark.parametrize("target", READS)
    @pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
    def test_the_view_of_its_home_team(self, closed: RunningRegistry, target: str, scheme: str) -> None:
        """
        Ours: a token with the role reader reads, where nobody does without; the scheme in any case (reference §4.1.2).
        """
        answer = send(closed.port, target, f"Authorization: {scheme}{issue(closed, Role.READER)}")

        assert answer.status == 200
        assert b"payroll" in answer.body

    def test_is_not_for_shared_caches(self, opened: RunningRegistry) -> None:
        """
        Ours: what a credential decided is private; what none decided may be shared. Both vary by it.
        """
        with_token = send(opened.port, LIST, bearer(issue(opened, Role.READER)))
        without = send(opened.port, LIST)

        assert (with_token.headers["cache-control"], without.headers["cache-control"]) == (
            "private, no-cache",
            "no-cache",
        )
        assert with_token.headers["vary"] == without.headers["vary"] == "Authorization"
        assert with_token.body == without.body

    def test_is_validated(self, closed: RunningRegistry) -> None:
        """
        Ours: a 304 is for a token too, and is private as the 200 is.
        """
        token = issue(closed, Role.READER)
        etag = send(closed.port, LIST, bearer(token)).headers["etag"]

        answer = send(closed.port, LIST, bearer(token), f"If-None-Match: {etag}")

        assert (answer.status, answer.headers["cache-control"]) == (304, "private, no-cache")

    def test_without_the_role(self, opened: RunningRegistry) -> None:
        """
        Ours: no role implies reader, also not where everybody reads; 403 says what is missing.
        """
        others = [role for role in Role if role is not Role.READER]

        answer = send(opened.port, LIST, bearer(issue(opened, *others, namespaces=["*"])))

        assert answer.status == 403
        assert "lacks the role reader" in answer.json()["detail"]
        assert b"com.acme" not in answer.body

    def test_without_a_team(self, opened: RunningRegistry) -> None:
        """
        Ours: a reader of no team reads nothing, also not what everybody reads.
        """
        answer = send(opened.port, LIST, bearer(issue(opened, Role.READER, teams=())))

        assert answer.status == 403
        assert "names no team" in answer.json()["detail"]


class TestBad:
    def _every_kind(self, registry: RunningRegistry) -> dict[str, str]:
        good = issue(registry, Role.READER)
        known = public_id(good)
        assert known is not None
        revoked = issue(registry, Role.READER)
        revoke(registry, revoked)
        expired = issue(registry, Role.READER, expires_in_s=1)
        registry.clock.advance(1)
        return {
            "unknown": compose("00000000", bytes(32)),
            "wrong secret": compose(known, bytes(32)),
            "expired": expired,
            "revoked": revoked,
            "too short": good[:-1],
            "too long": good + "x",
            "upper case": good.upper(),
            "only its name": good[:13],
            "a JWT": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
            "two": f"{good} {good}",
            "a list": f"{good}, Bearer {good}",
            "not ASCII": "mcpr_é",
            "nonsense": "x",
        }

    @pytest.mark.parametrize("where", ["closed", "opened"])
    def test_all_look_alike(self, where: str, request: pytest.FixtureRequest) -> None:
        """
        reference §4.1.3: the text clients look for. Ours: whatever is wrong, the answer is the same, byte for byte, and
        never the anonymous view.
        """
        registry = request.getfixturevalue(where)

        answers = {kind: send(registry.port, LIST, bearer(token)) for kind, token in self._every_kind(registry).items()}

        assert {answer.body for answer in answers.values()} == {answers["unknown"].body}
        assert {answer.status for answer in answers.values()} == {401}
        status, detail, (why,) = _bad(answers["unknown"])
        assert (status, detail) == (401, "Invalid or expired Registry JWT token")
        assert why.startswith("failed to parse token: ")
        assert answers["unknown"].headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(
        "value", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "", "x", "null", "Bearerx", "Token abc", "Bearer\tx"]
    )
    def test_another_scheme(self, opened: RunningRegistry, value: str) -> None:
        """
        reference §4.1.2: anything but `Bearer ` and something has a text of its own.
        """
        assert _bad(send(opened.port, LIST, f"Authorization: {value}")) == (
            401,
            "Invalid Authorization header format. Expected 'Bearer <token>'",
            [],
        )

    def test_two_headers(self, opened: RunningRegistry) -> None:
        """
        Ours: two credentials are 400, also if both are good.
        """
        token = issue(opened, Role.READER)

        assert send(opened.port, LIST, bearer(token), bearer(token)).status == 400


class TestLifetime:
    def test_expires_at_the_instant(self, closed: RunningRegistry) -> None:
        """
        Ours: the clock decides at every use, and a token issued for a minute is bad after a minute.
        """
        token = issue(closed, Role.READER, expires_in_s=60)

        before = send(closed.port, LIST, bearer(token)).status
        closed.clock.advance(60)
        after = send(closed.port, LIST, bearer(token)).status

        assert (before, after) == (200, 401)

    def test_never(self, closed: RunningRegistry) -> None:
        """
        Ours: one without an end is good a hundred years later.
        """
        token = issue(closed, Role.READER, expires_in_s=None)
        closed.clock.step(100 * 365 * 86400)
        try:
            assert send(closed.port, LIST, bearer(token)).status == 200
        finally:
            closed.clock.step(-100 * 365 * 86400)

    def test_revocation_in_every_worker(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """
        Ours: from the commit on no worker takes it, whichever process revoked it.
        """
        folder = tmp_path_factory.mktemp("workers")
        with serving(folder, acme(), configuration="") as single:
            single.stop()
        registry = RunningRegistry(folder, "", workers=3)
        with registry:
            for _ in range(4):
                token = issue(registry, Role.READER)
                before = {send(registry.port, LIST, bearer(token)).status for _ in range(8)}
                revoke(registry, token)
                after = {send(registry.port, LIST, bearer(token)).status for _ in range(8)}

                assert (before, after) == ({200}, {401})


class TestGuessing:
    def _from(self, number: int) -> str:
        return f"X-Forwarded-For: 203.0.113.{number}"

    def test_a_source_that_fails_waits(self, opened: RunningRegistry) -> None:
        """
        Ours: after too many failures a source is told to wait, whatever it sends then; others are not, and neither is
        the source without a credential.
        """
        good = bearer(issue(opened, Role.READER))
        statuses = [send(opened.port, LIST, bearer("x"), self._from(1)).status for _ in range(40)]

        held_up = send(opened.port, LIST, good, self._from(1))

        assert statuses[:20] == [401] * 20
        assert statuses[-1] == held_up.status == 429
        assert 1 <= int(held_up.headers["retry-after"]) <= 2
        assert send(opened.port, LIST, good, self._from(2)).status == 200
        assert send(opened.port, LIST, self._from(1)).status == 200
        opened.clock.advance(int(held_up.headers["retry-after"]))
        assert send(opened.port, LIST, good, self._from(1)).status == 200

    def test_a_token_that_is_guessed_from_everywhere(self, opened: RunningRegistry) -> None:
        """
        Ours: who knows the public part of a token gets few guesses, from however many sources; its bearer, where it
        was good before, is not locked out.
        """
        token = issue(opened, Role.READER)
        named = public_id(token)
        assert named is not None
        assert send(opened.port, LIST, bearer(token), self._from(200)).status == 200

        statuses = [
            send(opened.port, LIST, bearer(compose(named, bytes([number]) * 32)), self._from(number)).status
            for number in range(12)
        ]

        assert statuses == [401] * 10 + [429] * 2
        assert send(opened.port, LIST, bearer(token), self._from(201)).status == 429
        assert send(opened.port, LIST, bearer(token), self._from(200)).status == 200

    def test_all_routes_count_together(self, opened: RunningRegistry) -> None:
        """
        Ours: there is one limit, whichever route a credential is tried on.
        """
        targets = (LIST, "/v0/servers/com.acme%2Fpayroll/versions", "/v1/tokens")

        statuses = [send(opened.port, targets[count % 3], bearer("x"), self._from(3)).status for count in range(40)]

        assert statuses[-3:] == [429] * 3
