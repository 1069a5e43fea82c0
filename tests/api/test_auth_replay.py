"""A proof of a domain is good for one login, within its window (reference §6.2; threats.md)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.logins import Surroundings, login, now, publish, refused
from tests.api.raw_request import send
from tests.doubles.publisher import P384_ORDER, Ed25519Key, P384Key, proof
from tests.running import RunningRegistry

DNS = "DNS authentication failed"
HTTP = "HTTP authentication failed"
ACME = "acme.example"


@pytest.fixture(scope="module")
def registry(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """Two workers, so that what one of them was told the other one knows."""
    folder = tmp_path_factory.mktemp("registry")
    with RunningRegistry(folder, around.configuration(), workers=2, https_port=around.web.port) as running:
        yield running


@pytest.fixture(autouse=True)
def _nobody_published(around: Surroundings) -> None:
    around.pages.clear()
    around.names.texts.clear()


@pytest.mark.parametrize(("method", "detail"), [("dns", DNS), ("http", HTTP)])
class TestOnce:
    def test_replay(self, around: Surroundings, registry: RunningRegistry, method: str, detail: str) -> None:
        """
        Ours: a proof is good for one login, whichever worker is asked, and for no other domain or method.
        """
        key = Ed25519Key()
        for domain in (ACME, "initech.example"):
            publish(around, "dns", key.record, domain=domain)
            publish(around, "http", key.record, domain=domain)
        body = proof(key, ACME, now(registry))
        assert login(registry, method, body).status == 200

        again = [login(registry, method, body) for _ in range(4)]
        elsewhere = login(registry, "dns", body | {"domain": "initech.example"})
        otherwise = login(registry, "http", body | {"domain": ACME.upper()})

        assert {refused(answer, detail) for answer in again} == {
            "this proof was used before; sign the present instant, and log in again"
        }
        assert "used before" in refused(elsewhere, DNS)
        assert "used before" in refused(otherwise, HTTP)

    def test_all_at_once(self, around: Surroundings, registry: RunningRegistry, method: str, detail: str) -> None:
        """
        Ours: of many who come with one proof at the same moment, one is let in.
        """
        key = Ed25519Key()
        publish(around, method, key.record)
        registry.clock.advance(60)
        body = json.dumps(proof(key, ACME, now(registry))).encode()
        target, length = f"/v0/auth/{method}", f"Content-Length: {len(body)}"

        with ThreadPoolExecutor(8) as callers:
            made = [callers.submit(send, registry.port, target, length, method="POST", body=body) for _ in range(16)]
        answers = [each.result() for each in made]

        assert sorted(answer.status for answer in answers) == [200] + [401] * 15, detail

    def test_replay_of_the_other_spelling(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str
    ) -> None:
        """
        Ours: on P-384 whoever saw a signature can write it in a second way, which is as spent as the first.
        """
        key = P384Key()
        publish(around, method, key.record)
        body = proof(key, ACME, now(registry))
        assert login(registry, method, body).status == 200
        seen = bytes.fromhex(body["signed_timestamp"])

        mirrored = seen[:48] + (P384_ORDER - int.from_bytes(seen[48:], "big")).to_bytes(48, "big")

        answer = login(registry, method, body | {"signed_timestamp": mirrored.hex()})
        assert "used before" in refused(answer, detail)

    @pytest.mark.parametrize("off_s", [-14, 12])
    def test_within_the_window(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str, off_s: int
    ) -> None:
        """
        reference §6.2: clocks of two parties differ by a few seconds.
        """
        key = Ed25519Key()
        publish(around, method, key.record)

        # The login itself takes two of them.
        assert login(registry, method, proof(key, ACME, now(registry) + (off_s + 2) * 1_000_000)).status == 200, detail

    @pytest.mark.parametrize("off_s", [-18, 18, -86_400])
    def test_outside_the_window(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str, off_s: int
    ) -> None:
        """
        reference §6.2: more than 15 s is too far away, before or after.
        """
        key = Ed25519Key()
        publish(around, method, key.record)

        answer = login(registry, method, proof(key, ACME, now(registry) + (off_s + 2) * 1_000_000))

        assert refused(answer, detail) == "timestamp outside valid window (±15 seconds)"

    def test_a_clock_set_back(self, around: Surroundings, registry: RunningRegistry, method: str, detail: str) -> None:
        """
        Ours: a host's clock that is set back a little makes no old proof new.
        """
        key = Ed25519Key()
        publish(around, method, key.record)
        body = proof(key, ACME, now(registry))
        assert login(registry, method, body).status == 200
        registry.clock.advance(120)
        other = Ed25519Key()
        publish(around, method, key.record, other.record)
        assert login(registry, "dns", proof(other, "nobody.example", now(registry))).status == 401

        registry.clock.step(-124)

        assert "used before" in refused(login(registry, method, body), detail)
