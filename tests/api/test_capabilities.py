"""Capability addresses, `/t/{team}.{secret}/…`: a team's view for clients that send no token. All of it is ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.policy.principal import Role
from tests.api.addressed import CATALOGUE, PAYROLL, addressed
from tests.api.raw_request import send
from tests.api.reading import Reader, keys
from tests.api.test_teams import PREFIXES, READS
from tests.doubles.addresses import Address, close_address, open_address
from tests.doubles.issued import bearer, issue
from tests.doubles.plain_client import Answer
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

WRONG = "0123456789abcdefghijklmnopqrstuv"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that nobody reads without a credential, behind a proxy."""
    with addressed(tmp_path_factory.mktemp("capabilities"), configuration="") as running:
        yield running


@pytest.fixture(scope="module")
def address(registry: RunningRegistry) -> Address:
    """An address of the team `backend`."""
    return open_address(registry, "backend")


@pytest.fixture(autouse=True)
def _failures_are_forgotten(registry: RunningRegistry) -> None:
    registry.clock.advance(120)


def _all_of(answer: Answer, *but: str) -> tuple[int, dict[str, str], bytes]:
    return (
        answer.status,
        {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id", *but)},
        answer.body,
    )


class TestView:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_the_team_s_and_nothing_more(self, registry: RunningRegistry, address: Address, prefix: str) -> None:
        """
        Without a credential, where nobody reads the root: what the team sees, and no name of another.
        """
        listed = keys(send(registry.port, f"{address.base}/{prefix}/servers?limit=100"))
        hidden = send(registry.port, f"{address.base}/{prefix}/servers/{CATALOGUE}/versions/latest")

        assert PAYROLL in {name for name, _ in listed}
        assert all(name.startswith("com.acme/") for name, _ in listed)
        assert hidden.status == 404
        assert send(registry.port, f"/{prefix}/servers").status == 401

    @pytest.mark.parametrize("read", READS)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_as_with_a_token(self, registry: RunningRegistry, read: str, method: str) -> None:
        """
        The same answers as at the team's own address: spellings, filters, refusals, HEAD, CORS. No shared cache keeps
        them, and no page that has one tells where it came from.
        """
        token = issue(registry, Role.READER, teams=["servers"])
        of_all = open_address(registry, "servers")

        for prefix in PREFIXES:
            member = send(registry.port, f"/teams/servers/{prefix}/{read}", bearer(token), method=method)
            visitor = send(registry.port, f"{of_all.base}/{prefix}/{read}", method=method)

            assert _all_of(visitor, "etag", "referrer-policy") == _all_of(member, "etag")
            assert visitor.headers["referrer-policy"] == "no-referrer"
            if visitor.status == 200:
                assert visitor.headers["cache-control"] == "private, no-cache"

    def test_every_page(self, registry: RunningRegistry) -> None:
        """
        Cursors go on behind the address, and a validator is answered 304.
        """
        reader = Reader(registry.url, f"{open_address(registry, 'servers').base}/v0.1")

        walk = reader.walk(2)
        first = reader.page("limit=2")
        again = reader.get(f"{reader.prefix}/servers?limit=2", If_None_Match=first.headers["etag"])

        assert len(walk.pages) > 2
        assert len(set(walk.keys)) == len(walk.keys)
        assert again.status == 304

    def test_of_an_environment(self, registry: RunningRegistry) -> None:
        """
        It reads the environment it names and not its team, also with the tilde encoded.
        """
        of_prod = open_address(registry, "backend~prod")

        for base in (of_prod.base, of_prod.base.replace("~", "%7E")):
            names = {name for name, _ in keys(send(registry.port, f"{base}/v0.1/servers"))}

            assert CATALOGUE in names
            assert PAYROLL not in names

    def test_nothing_is_written(self, registry: RunningRegistry, address: Address) -> None:
        """
        Every other method, and every other route, is an unknown path.
        """
        one = f"servers/{PAYROLL}/versions/1.0.0"
        asked = [
            (method, path)
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")
            for path in ("servers", one, f"{one}/status", "publish", "validate", "auth/none")
        ]
        asked += [
            ("GET", path)
            for path in ("x/registry/mine", "x/registry/publish-check", "health", "publish", "openapi.json", "")
        ]

        answers = [send(registry.port, f"{address.base}/v0.1/{path}", method=method) for method, path in asked]
        answers += [send(registry.port, f"{address.base}{path}") for path in ("", "/", "/v1/tokens", "/metrics")]

        assert {answer.status for answer in answers} == {404}
        assert {answer.body for answer in answers} == {answers[0].body}

    @pytest.mark.parametrize("value", ["Bearer x", "Basic eDp5", ""])
    @pytest.mark.parametrize("right", [True, False])
    def test_a_credential_beside_it(self, registry: RunningRegistry, address: Address, value: str, right: bool) -> None:
        """
        401, good or bad, at a right address and at a wrong one: two credentials could speak for two callers.
        """
        token = issue(registry, Role.READER, teams=["backend"])
        base = address.base if right else address.base.replace(address.secret, WRONG)

        for line in (f"Authorization: {value}", bearer(token)):
            assert send(registry.port, f"{base}/v0.1/servers", line).status == 401


class TestWrong:
    def test_one_more_404(self, registry: RunningRegistry, address: Address) -> None:
        """
        A wrong secret, another team's, a cut one, one that ended: all the same, and the same as an unknown path.
        """
        expired = open_address(registry, "backend", expires_in_s=60)
        revoked = open_address(registry, "backend")
        elsewhere = open_address(registry, "backend", networks=["192.0.2.0/24"])
        registry.clock.advance(60)
        close_address(registry, revoked)
        bases = [
            address.base.replace(address.secret, WRONG),
            address.base.replace("backend", "servers"),
            address.base.replace("backend", "no-such"),
            address.base[:-1],
            f"{address.base}x",
            address.base.replace(address.secret, address.secret.upper()),
            "/t/x",
            "/t/%ff",
            expired.base,
            revoked.base,
            elsewhere.base,
        ]

        unknown = send(registry.port, f"{address.base}/v0.1/nothing")
        answers = [send(registry.port, f"{base}/v0.1/servers") for base in bases]

        assert unknown.status == 404
        assert {repr(_all_of(answer)) for answer in answers} == {repr(_all_of(unknown))}
        assert b"backend" not in unknown.body

    def test_it_is_the_404_of_a_team(self, registry: RunningRegistry, address: Address) -> None:
        """
        A body that a stranger to a team gets as well.
        """
        stranger = issue(registry, Role.READER, teams=["everyone"])

        wrong = send(registry.port, f"{address.base}x/v0.1/servers")

        assert wrong.body == send(registry.port, "/teams/backend/v0.1/servers", bearer(stranger)).body

    def test_guessing_is_slowed(self, registry: RunningRegistry, address: Address) -> None:
        """
        Each source is let down after some failures, until it waited as long as it is told; others are not.
        """
        near, far = "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 198.51.100.8"
        statuses = [send(registry.port, f"/t/backend.{WRONG}/v0.1/servers", near).status for _ in range(40)]

        throttled = send(registry.port, f"{address.base}/v0.1/servers", near)

        assert statuses[0] == 404
        assert statuses[-1] == 429
        assert throttled.status == 429
        assert send(registry.port, f"{address.base}/v0.1/servers", far).status == 200
        registry.clock.advance(int(throttled.headers["retry-after"]))
        assert send(registry.port, f"{address.base}/v0.1/servers", near).status == 200

    def test_what_was_good_is_no_guess(self, registry: RunningRegistry, address: Address) -> None:
        """
        Editors that were left with a revoked address keep nobody out who sits behind the same one.
        """
        office = "X-Forwarded-For: 198.51.100.9"
        old = open_address(registry, "backend")
        close_address(registry, old)

        statuses = {send(registry.port, f"{old.base}/v0.1/servers", office).status for _ in range(60)}

        assert statuses == {404}
        assert send(registry.port, f"{address.base}/v0.1/servers", office).status == 200


class TestLife:
    def test_several_of_one_team(self, registry: RunningRegistry) -> None:
        """
        Each ends by itself.
        """
        first, second = (open_address(registry, "backend") for _ in range(2))

        close_address(registry, first)

        assert send(registry.port, f"{first.base}/v0.1/servers").status == 404
        assert send(registry.port, f"{second.base}/v0.1/servers").status == 200

    def test_until_it_expires(self, registry: RunningRegistry) -> None:
        """
        Good until the instant of its expiry, nothing at it.
        """
        short = open_address(registry, "backend", expires_in_s=100)

        registry.clock.advance(99)
        assert send(registry.port, f"{short.base}/v0.1/servers").status == 200
        registry.clock.advance(1)
        assert send(registry.port, f"{short.base}/v0.1/servers").status == 404

    @pytest.mark.parametrize(
        ("forwarded", "expected"),
        [
            ((), 404),
            (("192.0.2.7",), 200),
            (("2001:db8::7",), 200),
            (("192.0.3.7",), 404),
            (("192.0.2.7, 192.0.3.7",), 404),
            (("192.0.3.7, 192.0.2.7",), 200),
            (("192.0.3.7", "192.0.2.7"), 200),
            (("nonsense",), 404),
        ],
    )
    def test_only_from_its_networks(self, registry: RunningRegistry, forwarded: tuple[str, ...], expected: int) -> None:
        """
        The caller is who a trusted proxy says it is; what stands further left anybody may have written.
        """
        inside = open_address(registry, "backend", networks=["192.0.2.0/24", "2001:db8::/32"])
        lines = [f"X-Forwarded-For: {each}" for each in forwarded]

        assert send(registry.port, f"{inside.base}/v0.1/servers", *lines).status == expected


class TestCanary:
    def test_nothing_holds_it(self, tmp_path: Path) -> None:
        """
        Not an answer, not the log, not the metrics, not the database or its log, not a backup, not the record.
        """
        with addressed(tmp_path) as registry:
            words = ("--config", registry.config)
            made = mcp_registry("capability", "create", "--team", "backend", *words)
            rotated = mcp_registry("capability", "rotate", made.err.split()[0], "--overlap", "1h", *words)
            listed = mcp_registry("capability", "list", *words)
            paths = [outcome.out.strip().removeprefix(registry.url) for outcome in (made, rotated)]
            answers = [answer for base in paths for answer in _everywhere(registry, base)]
            backup = mcp_registry("backup", tmp_path / "copy.db", *words)
            with closing(sqlite3.connect(registry.store)) as connection:
                events = repr(connection.execute("SELECT record FROM audit_events").fetchall())
            written = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
            registry.stop()
            log = repr(registry.log)

        assert [outcome.status for outcome in (made, rotated, listed, backup)] == [0, 0, 0, 0]
        assert "capability.issued" in events
        assert "capability.rotated" in events
        assert "/t/backend.…/v0.1/servers" in log
        assert any(b'path="/t/{capability' in answer.body for answer in answers)
        for path in paths:
            secret = path.partition(".")[2]
            assert len(secret) == 32
            assert secret not in log + events + listed.out + listed.err + made.err + rotated.err
            assert [answer for answer in answers if secret in repr((answer.headers, answer.body))] == []
            assert [name for name, content in written.items() if secret.encode() in content] == []


def _everywhere(registry: RunningRegistry, base: str) -> list[Answer]:
    """What comes back when *base* is used as it should, and as it should not."""
    text = base.removeprefix("/t/")
    label = b'{"team":"backend","label":"%b"}' % base.encode()
    admin = issue(registry, Role.ADMIN, namespaces=["*"])
    json = ("Content-Type: application/json", f"Content-Length: {len(label)}", bearer(admin))
    targets = [
        f"{base}/v0.1/servers",
        f"{base}/v0.1/servers?limit=x&cursor={text}",
        f"{base}/v0/servers/a%25zz/versions",
        f"{base}/v0.1/servers/x/y/versions",
        f"{base}/v0.1/nothing",
        base,
        f"{base}x/v0.1/servers",
        f"/{base}/v0.1/servers",
        f"/v0.1{base}/servers",
        f"/{text}/v0.1/servers",
        f"/teams/{text}/v0.1/servers",
        f"/v1/capabilities/{text}",
    ]
    answers = [send(registry.port, target, method=method) for target in targets for method in ("GET", "PUT")]
    answers += [
        send(registry.port, f"{base}/v0.1/servers", "Authorization: Bearer x"),
        send(registry.port, f"{base}/v0.1/servers", f"Referer: {registry.url}{base}", f"Host: {text}"),
        send(registry.port, f"/v1/capabilities/{text}", bearer(admin)),
        send(registry.port, f"/v1/capabilities?team={text}&cursor={text}", bearer(admin)),
        send(registry.port, "/v1/capabilities", *json, method="POST", body=label),
        send(registry.port, "/metrics"),
    ]
    return answers
