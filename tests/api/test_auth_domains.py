"""`/auth/dns` and `/auth/http`, against a real name server and a real web server (reference §6.2)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.policy.principal import Origin, Role
from tests.api.logins import PUBLIC, Surroundings, login, now, principal, publish, refused
from tests.doubles.publisher import Ed25519Key, P384Key, ProofKey, proof
from tests.doubles.web import Reply
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
    around.names.failing.clear()


@pytest.mark.parametrize("prefix", ["/v0", "/v0.1"])
@pytest.mark.parametrize("key", [Ed25519Key(), P384Key()], ids=["ed25519", "p384"])
class TestGranted:
    def test_dns(self, around: Surroundings, registry: RunningRegistry, key: ProofKey, prefix: str) -> None:
        """
        reference §8 TestDNSAuthHandler: publish in the domain's namespace and in those below.
        """
        publish(around, "dns", "v=spf1 -all", key.record)

        answer = login(registry, "dns", proof(key, ACME, now(registry)), prefix=prefix)

        who = principal(registry, answer)
        assert who.subject == "dns:acme.example"
        assert who.namespaces == ("example.acme/*", "example.acme.*")
        assert who.roles == {Role.PUBLISHER}
        assert who.origin is Origin.PUBLIC_IDENTITY
        assert 299 <= answer.json()["expires_at"] - now(registry) // 1_000_000 <= 300
        assert answer.headers["cache-control"] == "no-store"

    def test_http(self, around: Surroundings, registry: RunningRegistry, key: ProofKey, prefix: str) -> None:
        """
        reference §8 TestHTTPvsDNS_PermissionDifferences: publish in the domain's namespace, not below.
        """
        publish(around, "http", key.record)

        answer = login(registry, "http", proof(key, ACME, now(registry)), prefix=prefix)

        who = principal(registry, answer)
        assert (who.subject, who.namespaces) == ("http:acme.example", ("example.acme/*",))
        asked = around.web.asked[-1]
        assert (asked.target, asked.host) == ("/.well-known/mcp-registry-auth", ACME)
        assert asked.headers["accept"] == "text/plain"


@pytest.mark.parametrize(("method", "detail"), [("dns", DNS), ("http", HTTP)])
class TestBoth:
    def test_another_key(self, around: Surroundings, registry: RunningRegistry, method: str, detail: str) -> None:
        """
        reference §6.2: names the published key that was tried.
        """
        published = Ed25519Key()
        publish(around, method, published.record)

        answer = login(registry, method, proof(Ed25519Key(), ACME, now(registry)))

        shown = published.record.rpartition("p=")[2][:8]
        assert refused(answer, detail).startswith(
            f"signature verification failed (tried published key ed25519:{shown}); "
        )

    def test_the_stock_clients_short_signature(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str
    ) -> None:
        """
        reference §7: about one P-384 login in 128 of the stock client has 95 bytes; the refusal says what to do.
        """
        key = P384Key()
        publish(around, method, key.record)
        body = proof(key, ACME, now(registry))

        short = body | {"signed_timestamp": key.sign_short(body["timestamp"]).hex()}

        reason = refused(login(registry, method, short), detail)
        assert reason.startswith("signature verification failed (tried published key ecdsap384:")
        assert reason.endswith("; the signature has 95 bytes instead of 96; log in again")

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            ("v=MCPv1; k=rsa; p=AAAA", "unsupported public key algorithm: rsa"),
            ("v=MCPv1; k=ed25519; p=AAAA", "invalid Ed25519 public key size"),
            ("v=MCPv1; k=ecdsap384; p=AAAA", "invalid ECDSA P-384 public key size"),
        ],
    )
    def test_a_bad_key(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str, record: str, reason: str
    ) -> None:
        """
        reference §6.2: a key that cannot be used is told as what it is.
        """
        publish(around, method, record)

        assert refused(login(registry, method, proof(Ed25519Key(), ACME, now(registry))), detail) == reason

    @pytest.mark.parametrize(
        "domain",
        ["9.9.9.9", "localhost", "127.0.0.1", "[::1]", "a..b", "-a.example", "a_b.example", "octo.github.io", "x" * 254,
         "acme.example/path", "acme.example:8443", "user@acme.example", "acme.example.", "0x7f.1", "älso.example"],
    )  # fmt: skip
    def test_no_domain(
        self, around: Surroundings, registry: RunningRegistry, method: str, detail: str, domain: str
    ) -> None:
        """
        reference §8 TestIsValidDomain, TestValidateDomainAndTimestampRejectsGitHubPages: nothing is asked for it.
        """
        before = len(around.names.asked), len(around.web.asked)

        reason = refused(login(registry, method, proof(Ed25519Key(), domain, now(registry))), detail)

        assert reason.startswith("invalid domain: ")
        assert (len(around.names.asked), len(around.web.asked)) == before

    def test_case_is_kept(self, around: Surroundings, registry: RunningRegistry, method: str, detail: str) -> None:
        """
        reference §6.2: a domain is the same in any case, its namespace is as it was asked for.
        """
        key = Ed25519Key()
        publish(around, method, key.record)

        answer = login(registry, method, proof(key, "Acme.EXAMPLE", now(registry)))

        if method == "dns":
            assert principal(registry, answer).namespaces == ("EXAMPLE.Acme/*", "EXAMPLE.Acme.*"), detail
        else:
            assert principal(registry, answer).namespaces == ("EXAMPLE.Acme/*",)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"timestamp": "yesterday"}, "invalid timestamp: expected RFC 3339, such as 2025-08-07T13:15:04Z"),
            ({"signed_timestamp": "zz"}, "invalid signature: expected hexadecimal characters"),
            ({"signed_timestamp": ""}, "invalid signature: expected hexadecimal characters"),
        ],
    )
    def test_malformed(
        self,
        registry: RunningRegistry,
        method: str,
        detail: str,
        changes: dict[str, str],
        reason: str,
    ) -> None:
        """
        reference §6.2: what cannot be read is told as what it is.
        """
        body = proof(Ed25519Key(), ACME, now(registry)) | changes

        assert refused(login(registry, method, body), detail) == reason


class TestDns:
    def test_any_published_key(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §8 TestDNSAuthHandler: several keys of both kinds, and any of them may sign; bad ones are passed over.
        """
        keys: list[ProofKey] = [Ed25519Key(), P384Key(), Ed25519Key()]
        publish(around, "dns", "v=MCPv1; k=rsa; p=AAAA", *(key.record for key in keys))

        answers = [login(registry, "dns", proof(key, ACME, now(registry))) for key in keys]
        stranger = login(registry, "dns", proof(P384Key(), ACME, now(registry)))

        assert [answer.status for answer in answers] == [200, 200, 200]
        reason = refused(stranger, DNS)
        assert reason.startswith("signature verification failed against all 3 published keys (tried: ")
        assert (reason.count("ed25519:"), reason.count("ecdsap384:")) == (2, 1)

    def test_a_long_record(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §6.2: the proof is found anywhere in a text, also one that travels in several strings.
        """
        key = Ed25519Key()
        publish(around, "dns", "x" * 230 + key.record.replace("; ", ";  ") + " and more")

        assert login(registry, "dns", proof(key, ACME, now(registry))).status == 200

    def test_nothing_there(self, registry: RunningRegistry) -> None:
        """
        reference §6.2: no record, and no such name, are the same.
        """
        reasons = {
            refused(login(registry, "dns", proof(Ed25519Key(), domain, now(registry))), DNS)
            for domain in (ACME, "nobody.example")
        }

        assert reasons == {"no MCP public key found in DNS TXT records"}

    @pytest.mark.parametrize("selector", ["_mcp-auth", "_mcp-registry"])
    def test_under_a_selector(self, around: Surroundings, registry: RunningRegistry, selector: str) -> None:
        """
        reference §8 selector probe: a record that is somewhere else counts for nothing, and the refusal says where.
        """
        key = Ed25519Key()
        publish(around, "dns", key.record, domain=f"{selector}.{ACME}")

        reason = refused(login(registry, "dns", proof(key, ACME, now(registry))), DNS)

        assert reason == (
            "no MCP public key found in DNS TXT records; "
            f"there is one at {selector}.acme.example, and it belongs at acme.example itself"
        )

    def test_a_broken_name_server(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: what cannot be found out is not proven.
        """
        around.names.failing.add(ACME)

        reason = refused(login(registry, "dns", proof(Ed25519Key(), ACME, now(registry))), DNS)

        assert reason == "failed to look up the DNS TXT records of acme.example; try again later"


class TestHttp:
    def test_the_first_key_alone(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §6.2: over HTTP one key is published, the first.
        """
        first, second = Ed25519Key(), Ed25519Key()
        publish(around, "http", first.record, second.record)

        assert login(registry, "http", proof(first, ACME, now(registry))).status == 200
        assert login(registry, "http", proof(second, ACME, now(registry))).status == 401

    @pytest.mark.parametrize(
        ("reply", "said"),
        [
            (Reply(status=404), "answered 404"),
            (Reply(status=500), "answered 500"),
            (Reply(status=301, headers={"Location": "https://www.acme.example/"}), "redirects are not followed"),
            (Reply(status=302, headers={"Location": "http://127.0.0.1/"}), "redirects are not followed"),
            (Reply(status=204), "answered 204"),
            (Reply(body=b"x" * 4097), "at most 4096 bytes"),
        ],
    )
    def test_not_a_proof(self, around: Surroundings, registry: RunningRegistry, reply: Reply, said: str) -> None:
        """
        reference §8 TestDefaultHTTPKeyFetcher: exactly 200, at most 4096 bytes, no redirect.
        """
        around.pages[ACME] = reply

        reason = refused(login(registry, "http", proof(Ed25519Key(), ACME, now(registry))), HTTP)

        assert reason.startswith("failed to fetch public key: https://acme.example/.well-known/mcp-registry-auth")
        assert said in reason

    def test_4096_bytes(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §8 4096 cap: so many are read.
        """
        key = Ed25519Key()
        around.pages[ACME] = Reply(body=key.record.encode().ljust(4096))

        assert login(registry, "http", proof(key, ACME, now(registry))).status == 200

    def test_nothing_in_it(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        reference §6.2: an answer without a key.
        """
        around.pages[ACME] = Reply(body=b"<html>nothing here</html>")

        reason = refused(login(registry, "http", proof(Ed25519Key(), ACME, now(registry))), HTTP)

        assert reason == "no MCP public key found in HTTP response"

    @pytest.mark.parametrize(
        "addresses",
        [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["100.64.0.1"], ["192.168.1.1"], ["0.0.0.0"], ["224.0.0.1"],
         [PUBLIC, "10.0.0.1"]],
    )  # fmt: skip
    def test_a_private_address(self, around: Surroundings, registry: RunningRegistry, addresses: list[str]) -> None:
        """
        threats.md SSRF: one address that is not public and nothing is asked; the caller does not learn which it was.
        """
        publish(around, "http", Ed25519Key().record, domain="inside.example")
        around.names.addresses["inside.example"] = addresses
        before = len(around.web.asked)

        reason = refused(login(registry, "http", proof(Ed25519Key(), "inside.example", now(registry))), HTTP)

        assert reason == (
            "failed to fetch public key: https://inside.example/.well-known/mcp-registry-auth cannot be reached from "
            "here: it needs a public address, a trusted certificate, and an answer within 10 s"
        )
        assert len(around.web.asked) == before

    def test_an_untrusted_certificate(self, around: Surroundings, registry: RunningRegistry) -> None:
        """
        Ours: a certificate for another name proves nothing.
        """
        publish(around, "http", Ed25519Key().record, domain="globex.example")
        around.names.addresses["globex.example"] = [PUBLIC]

        answer = login(registry, "http", proof(Ed25519Key(), "globex.example", now(registry)))

        assert "a trusted certificate" in refused(answer, HTTP)


def test_a_private_address_that_is_allowed(around: Surroundings, tmp_path: Path) -> None:
    """
    Ours: `allow_private` is for organisations whose domains are inside; metadata addresses stay closed.
    """
    key = Ed25519Key()
    publish(around, "http", key.record)
    around.names.addresses[ACME] = ["10.1.2.3"]
    configuration = around.configuration(http="allow_private = true")
    try:
        with RunningRegistry(tmp_path, configuration, https_port=around.web.port) as registry:
            granted = login(registry, "http", proof(key, ACME, now(registry)))
            around.names.addresses["www.acme.example"] = ["169.254.169.254"]
            metadata = login(registry, "http", proof(key, "www.acme.example", now(registry)))
    finally:
        around.names.addresses[ACME] = around.names.addresses["www.acme.example"] = [PUBLIC]

    assert granted.status == 200
    assert metadata.status == 401
