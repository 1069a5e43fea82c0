"""An address is one server's (reference §4.1, §10.23): which texts are the same address, and which versions count."""

import json
from collections.abc import Iterator
from itertools import count

import pytest

from tests.api.attacking import attacker
from tests.api.publishing import Client, manifest, problem, taking

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("attacked")) as registry:
        yield attacker(registry)


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/attacked-{next(_NUMBERS)}"


class TestRemotes:
    def _clash(self, client: Client, first: str, second: bytes) -> bool:
        """Whether a document with the remote *second*, as JSON, clashes with one that has *first*."""
        number = next(_NUMBERS)
        one, two = f"com.partner/first-{number}", f"com.partner/second-{number}"
        assert client.publish(manifest(one, remotes=[{"type": "sse", "url": first}])).status == 200
        body = json.dumps(manifest(two)).encode()[:-1] + b',"remotes":[{"type":"sse","url":%b}]}' % second
        answer = client.publish(body)
        assert answer.status in (200, 400), answer.body
        return answer.status == 400

    @pytest.mark.parametrize(
        "spelling", ["https://mcp.example/{}", "https:\\/\\/mcp.example\\/{}", "\\u0068ttps://mcp.example/{}"]
    )
    def test_the_same_text_however_it_is_escaped(self, client: Client, spelling: str) -> None:
        """
        reference §4.1: what is compared is the address, not how JSON writes it.
        """
        unique = f"escaped-{next(_NUMBERS)}"

        assert self._clash(client, f"https://mcp.example/{unique}", f'"{spelling.format(unique)}"'.encode())

    @pytest.mark.parametrize(
        "spelling",
        [
            "https://mcp.example/{}/",
            "https://MCP.example/{}",
            "https://mcp.example:443/{}",
            "https://mcp.example/{}?",
            "https://mcp.example/%61{}",
            "https://mcp.example./{}",
        ],
    )
    def test_other_spellings_are_other_addresses(self, client: Client, spelling: str) -> None:
        """
        reference §10.23: raw texts are compared, nothing is normalised.
        """
        unique = f"a{next(_NUMBERS)}"

        assert not self._clash(client, f"https://mcp.example/{unique}", f'"{spelling.format(unique)}"'.encode())

    def test_composed_and_decomposed_are_two(self, client: Client) -> None:
        """
        reference §10.23: as texts of code points.
        """
        unique = f"u{next(_NUMBERS)}"

        assert self._clash(
            client, f"https://mcp.example/{unique}/é", f'"https://mcp.example/{unique}/\\u00e9"'.encode()
        )
        assert not self._clash(
            client, f"https://mcp.example/{unique}/ö", f'"https://mcp.example/{unique}/o\u0308"'.encode()
        )

    def test_what_counts(self, client: Client, name: str) -> None:
        """
        reference §10.23: deprecated and old versions of others count, deleted ones and packages do not.
        """
        remotes = [{"type": "sse", "url": f"https://mcp.example/{name}"}]
        package = {
            "registryType": "npm",
            "identifier": "x",
            "version": "1.0.0",
            "transport": {"type": "sse", "url": f"https://mcp.example/{name}"},
        }
        client.publish(manifest(name, remotes=remotes))
        client.publish(manifest(name, "2.0.0"))
        client.set_status(name, "1.0.0", "deprecated")

        packaged = client.publish(manifest(f"{name}-package", packages=[package]))
        clash = client.publish(manifest(f"{name}-clash", remotes=remotes))
        client.delete(name, "1.0.0")
        freed = client.publish(manifest(f"{name}-heir", remotes=remotes))

        assert (packaged.status, clash.status, freed.status) == (200, 400, 200)

    def test_an_address_that_holds_the_words_of_the_answer(self, client: Client, name: str) -> None:
        """
        The address is shown as it was sent, and the other server named once.
        """
        url = f"https://mcp.example/{name}/another%20server/another server"
        client.publish(manifest(name, remotes=[{"type": "sse", "url": url}]))

        answer = client.publish(manifest(f"{name}-other", remotes=[{"type": "sse", "url": url}]))

        assert problem(answer)[2] == [f"remote URL {url} is already used by server {name}"]
