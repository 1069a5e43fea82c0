"""How often something may be changed here (registry/commands/quota.py), over HTTP, by one worker and by several."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from registry.api.write_turns import WITHOUT_CHANGE
from registry.policy.principal import Role
from tests.api.publishing import Client, manifest, problem, taking
from tests.doubles.issued import issue
from tests.doubles.loaded_store import ANONYMOUS
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_NUMBERS = count(1)
_PROXY = 'trusted_proxies = ["127.0.0.1/32"]'


def _configuration(*, principal: int, source: int) -> str:
    return f"{ANONYMOUS}\n[publish]\nprincipal_quota = {principal}\nsource_quota = {source}\n"


def _publisher(registry: RunningRegistry, owner: str) -> Client:
    return Client(registry, issue(registry, Role.PUBLISHER, owner=owner, namespaces=["*"], expires_in_s=None))


def _publish(client: Client, *lines: str) -> Answer:
    return client.publish(manifest(f"com.partner/counted-{next(_NUMBERS)}"), *lines)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("quotas"), _configuration(principal=6, source=9), server=_PROXY) as running:
        yield running


@pytest.fixture(autouse=True)
def _rested(registry: RunningRegistry) -> None:
    """Enough time passes before each test for every bucket to be full."""
    registry.clock.advance(_HOUR_S + 1)


class TestSubject:
    def test_too_many_are_429_until_it_says(self, registry: RunningRegistry) -> None:
        """
        Ours: so many at once, then 429 with a Retry-After that is enough and whole; nothing is stored meanwhile.
        """
        client = _publisher(registry, "eager")
        statuses = [_publish(client).status for _ in range(6)]
        refused = client.publish(manifest("com.partner/one-too-many"))
        checked = client.request("POST", "/x/registry/publish-check", manifest("com.partner/one-too-many"))

        wait_s = int(refused.headers["retry-after"])
        status, detail, _ = problem(refused)
        missing = Client(registry, None).read("com.partner/one-too-many").status
        registry.clock.advance(wait_s)

        assert statuses == [200] * 6
        assert status == checked.status == 429
        assert detail == f"too many changes by eager: 6 an hour are the most; try again in {wait_s} s"
        assert 0 < wait_s <= _HOUR_S / 6
        assert missing == 404
        assert client.publish(manifest("com.partner/one-too-many")).status == 200
        assert _publish(client).status == 429

    def test_two_tokens_of_one_subject_share_it(self, registry: RunningRegistry) -> None:
        """
        Ours: who asks for another token gets no more; another subject has its own.
        """
        first, second, other = (_publisher(registry, owner) for owner in ("twice", "twice", "once"))
        for _ in range(6):
            _publish(first)

        assert (_publish(second).status, _publish(other).status) == (429, 200)

    def test_every_change_counts_and_nothing_else(self, registry: RunningRegistry) -> None:
        """
        Ours: publishing, statuses, edits and deletions; not what is refused, not a check, not reading.
        """
        subject = "counted"
        roles = (Role.PUBLISHER, Role.ADMIN)
        token = issue(registry, *roles, owner=subject, namespaces=["*"], expires_in_s=None)
        client, name = Client(registry, token), "com.partner/counted"
        uncounted = [
            client.publish(manifest(name, "latest")),
            client.set_status(name, "9.9.9", "deleted"),
            client.request("POST", "/x/registry/publish-check", manifest(name)),
            client.mine(),
        ]
        counted = [
            client.publish(manifest(name)),
            client.set_status(name, "1.0.0", "deprecated"),
            client.edit(name, "1.0.0", manifest(name, description="Edited")),
            client.set_all(name, "active"),
            client.delete(name, "1.0.0"),
        ]
        again = [client.publish(manifest(name)), client.delete(name, "1.0.0")]
        last = client.set_all(name, "active")

        assert [answer.status for answer in uncounted] == [422, 404, 200, 200]
        assert [answer.status for answer in counted] == [200] * 5
        assert [answer.status for answer in again] == [400, 200]
        assert (last.status, _publish(client).status) == (200, 429)

    @pytest.mark.parametrize("by_s", [_DAY_S, 30 * _DAY_S])
    def test_a_clock_that_was_set_back_locks_nobody_out(self, registry: RunningRegistry, by_s: int) -> None:
        """
        Ours: whoever changed something before the host's clock was set back may go on, and is counted anew.
        """
        client = _publisher(registry, f"back-by-{by_s}")
        _publish(client)
        registry.clock.step(-by_s)

        try:
            statuses = [_publish(client).status for _ in range(7)]
        finally:
            registry.clock.step(by_s)

        assert statuses == [200] * 6 + [429]

    @pytest.mark.parametrize("by_s", [0.001, 1, 1800])
    def test_an_instant_before_the_last_one_gives_nothing(self, registry: RunningRegistry, by_s: float) -> None:
        """
        Ours: requests that waited are older than those that did not; a quota that is used up is not filled by them.
        """
        client = _publisher(registry, f"older-by-{by_s}")
        for _ in range(6):
            _publish(client)
        registry.clock.step(-by_s)

        try:
            assert _publish(client).status == 429
        finally:
            registry.clock.step(by_s)


class TestSource:
    def test_subjects_behind_one_address_share_it(self, registry: RunningRegistry) -> None:
        """
        Ours: an address has a quota of its own; elsewhere the same subject goes on.
        """
        first, second = (_publisher(registry, f"shared-{number}") for number in range(2))
        here, there = (f"X-Forwarded-For: 198.51.100.{number}" for number in (1, 2))

        statuses = [_publish(client, here).status for client in (first, second) for _ in range(5)]
        refused = _publish(second, here)

        assert statuses == [200] * 9 + [429]
        assert problem(refused)[1].startswith("too many changes by this address: 9 an hour")
        assert _publish(second, there).status == 200

    def test_a_network_of_addresses_is_one_source(self, registry: RunningRegistry) -> None:
        """
        Ours: whoever has an IPv6 address has 2^64 of them, and one quota.
        """
        clients = [_publisher(registry, f"many-addresses-{number}") for number in range(2)]
        lines = [f"X-Forwarded-For: 2001:db8:7:7::{number:x}" for number in range(1, 12)]

        statuses = [_publish(clients[number % 2], line).status for number, line in enumerate(lines)]

        assert statuses == [200] * 9 + [429] * 2

    def test_a_header_that_nobody_trusts_changes_nothing(self, tmp_path: Path) -> None:
        """
        threats "Host": where no proxy is trusted a caller does not choose its address.
        """
        with taking(tmp_path, _configuration(principal=100, source=3)) as registry:
            client = _publisher(registry, "liar")

            statuses = [_publish(client, f"X-Forwarded-For: 198.51.100.{number}").status for number in range(5)]

        assert statuses == [200] * 3 + [429] * 2


class TestWorkers:
    def test_all_workers_count_together(self, tmp_path: Path) -> None:
        """
        Ours: in four processes at once it is one quota, to the last change; and so is what comes back with time.
        """
        registry = RunningRegistry(tmp_path, _configuration(principal=12, source=1000), workers=4)
        with registry:
            client = _publisher(registry, "parallel")
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: _publish(client), range(40)))
            registry.clock.advance(_HOUR_S / 4)
            with ThreadPoolExecutor(8) as pool:
                later = list(pool.map(lambda _: _publish(client), range(12)))

        assert Counter(answer.status for answer in answers) == {200: 12, 429: 28}
        assert all(1 <= int(answer.headers["retry-after"]) <= 300 for answer in answers if answer.status == 429)
        assert Counter(answer.status for answer in later) == {200: 3, 429: 9}
        assert len({line["pid"] for line in registry.log if line.get("path") == "/v0.1/publish"}) > 1


class TestWithoutChange:
    def test_checks_and_refusals_are_limited_too(self, registry: RunningRegistry) -> None:
        """
        Ours: what comes to nothing takes a turn to write all the same, so it has a limit of its own for each subject,
        which says when to come back; what is accepted does not count.
        """
        client, other = _publisher(registry, "refused"), _publisher(registry, "not-refused")
        name = f"com.partner/counted-{next(_NUMBERS)}"
        assert client.publish(manifest(name)).status == 200
        asked: list[Callable[[], Answer]] = [
            lambda: client.publish(manifest(name)),
            lambda: client.request("POST", "/x/registry/publish-check", manifest(f"{name}-else")),
            lambda: client.set_status(name, "9.9.9", "deleted"),
        ]
        statuses = [asked[number % 3]().status for number in range(WITHOUT_CHANGE.burst)]
        answers = [ask() for ask in asked]
        # What came back while they were sent.
        while answers[-1].status != 429:
            answers.append(client.set_status(name, "9.9.9", "deleted"))
        refused = answers[-1]

        assert set(statuses) == {400, 200, 404}
        assert problem(refused)[1].startswith("too many checks and refused changes by refused; try again in 1 s")
        assert (int(refused.headers["retry-after"]), _publish(other).status) == (1, 200)
        registry.clock.advance(1)
        assert _publish(client).status == 200
