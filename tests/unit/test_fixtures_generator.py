"""Generated catalogs: the same everywhere, in the shape of the real registry."""

import gzip
import hashlib
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fixtures.generator import OFFICIAL, SAMPLE, generate, sample, write
from fixtures.latest import flagged, precedence
from registry.clock import microseconds

# Changes whenever the generator's output does, on purpose or not. Made anew with the bundled sample.
DIGEST_OF_300 = "c4386d128cd6953a114057242120e805b455f5b17fe85d880f5522a4d5b43d99"
WIRE_NAME = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", re.ASCII)

Entry = dict[str, Any]  # Any: JSON


@pytest.fixture(scope="module")
def catalog() -> list[Entry]:
    return [msgspec.json.decode(line) for line in generate(6000, seed=3)]


class TestGenerate:
    def test_same_seed_same_bytes(self) -> None:
        """
        A catalog is the same on every machine and Python, so its digest can be written down.
        """
        digest = hashlib.sha256(b"\n".join(generate(300, seed=1))).hexdigest()

        assert digest == DIGEST_OF_300

    def test_another_seed_is_another_catalog(self) -> None:
        """
        Seeds make independent catalogs.
        """
        assert list(generate(50, seed=1)) != list(generate(50, seed=2))

    @pytest.mark.parametrize("versions", [0, 1, 2, 997])
    def test_exactly_as_many_as_asked(self, versions: int) -> None:
        """
        The number asked for is the number of versions, each a different one.
        """
        entries = [msgspec.json.decode(line) for line in generate(versions)]

        assert len({(one["server"]["name"], one["server"]["version"]) for one in entries}) == versions

    def test_lines_are_compact(self) -> None:
        """
        A line is exactly one compact JSON object in the wire's order of members.
        """
        for line in generate(50):
            assert msgspec.json.encode(msgspec.json.decode(line)) == line
            assert line.startswith(b'{"server":{"$schema":')
            assert b"\n" not in line

    def test_latest_follows_the_rule(self, catalog: list[Entry]) -> None:
        """
        Each name has exactly one latest version, the one the official registry would flag.
        """
        by_name: dict[str, list[Entry]] = {}
        for entry in catalog:
            by_name.setdefault(entry["server"]["name"], []).append(entry)

        for versions in by_name.values():
            expected = flagged([(one["server"]["version"], _us(one, "publishedAt"), _status(one)) for one in versions])

            assert [one["server"]["version"] for one in versions if _official(one)["isLatest"]] == [expected]

    def test_what_goes_over_the_wire_is_legal(self, catalog: list[Entry]) -> None:
        """
        Names and descriptions keep to the registry's own bounds, and no time runs backwards.
        """
        for entry in catalog:
            assert WIRE_NAME.fullmatch(entry["server"]["name"])
            assert 3 <= len(entry["server"]["name"]) <= 200
            assert 1 <= len(entry["server"]["description"]) <= 100
            assert 1 <= len(entry["server"].get("title", "-")) <= 100
            assert _us(entry, "updatedAt") >= _us(entry, "publishedAt")

    def test_no_real_hosts(self) -> None:
        """
        Addresses in generated documents lead nowhere, but for the schema's own.
        """
        hosts = {host for line in generate(500) for host in re.findall(rb'https?://([^/":]+)', line)}

        real = {host for host in hosts if not host.endswith(b".example") and host != b"127.0.0.1"}

        assert real == {b"static.modelcontextprotocol.io"}


class TestShape:
    """Shares within generous bounds of those measured in the public registry of 2025-12-18."""

    def test_versions_of_a_name(self, catalog: list[Entry]) -> None:
        """
        About 2.5 versions to a name, most names with one, some with dozens.
        """
        counts = Counter(entry["server"]["name"] for entry in catalog)

        assert 2.1 < len(catalog) / len(counts) < 3.0
        assert 0.5 < sum(count == 1 for count in counts.values()) / len(counts) < 0.7
        assert 28 < max(counts.values()) <= 72

    def test_sizes(self, catalog: list[Entry]) -> None:
        """
        Bodies of about 800 bytes in the mean and 550 in the median, a few of many kilobytes.
        """
        sizes = sorted(len(msgspec.json.encode(entry["server"])) for entry in catalog)

        assert 700 < sum(sizes) / len(sizes) < 950
        assert 480 < sizes[len(sizes) // 2] < 650
        assert 2500 < sizes[len(sizes) * 99 // 100] < 6000

    def test_names(self, catalog: list[Entry]) -> None:
        """
        Over half are GitHub users' names, a sixth has upper case, a fifth is one aggregator's.
        """
        names = {entry["server"]["name"] for entry in catalog}

        assert 0.5 < sum(name.startswith("io.github.") for name in names) / len(names) < 0.65
        assert 0.13 < sum(name != name.lower() for name in names) / len(names) < 0.24
        assert 0.15 < sum(name.startswith("ai.assembly/") for name in names) / len(names) < 0.25

    @pytest.mark.parametrize(
        ("member", "share"),
        [("packages", 0.65), ("remotes", 0.36), ("title", 0.29), ("repository", 0.86), ("websiteUrl", 0.115)],
    )
    def test_members(self, catalog: list[Entry], member: str, share: float) -> None:
        """
        Optional members are present as often as they are in reality.
        """
        assert share * 0.8 < sum(member in entry["server"] for entry in catalog) / len(catalog) < share * 1.2

    def test_oddities(self, catalog: list[Entry]) -> None:
        """
        What makes real data awkward is there: empty repositories, odd versions, deleted entries, other scripts.
        """
        total = len(catalog)

        assert 0.07 < sum(entry["server"].get("repository") == {} for entry in catalog) / total < 0.13
        assert 0.003 < sum(precedence(entry["server"]["version"]) is None for entry in catalog) / total < 0.012
        assert any(entry["server"]["version"].startswith("v") for entry in catalog)
        assert any("+" in entry["server"]["version"] for entry in catalog)
        assert 0.002 < sum(_status(entry) == "deleted" for entry in catalog) / total < 0.015
        assert 0.08 < sum(not entry["server"]["description"].isascii() for entry in catalog) / total < 0.15
        assert any("statusChangedAt" not in _official(entry) for entry in catalog)
        types = {package["registryType"] for entry in catalog for package in entry["server"].get("packages", [])}
        assert types == {"npm", "pypi", "oci", "nuget", "mcpb"}

    def test_search_terms_of_every_frequency(self, catalog: list[Entry]) -> None:
        """
        Descriptions hold words that half of them share, words of one in a hundred, and words of a single one.
        """
        words = Counter(
            word for entry in catalog for word in set(re.findall("[a-z]{3,}", entry["server"]["description"].lower()))
        )
        shares = [count / len(catalog) for count in words.values()]

        assert max(shares) > 0.3
        assert sum(0.005 < share < 0.05 for share in shares) > 50
        assert sum(count == 1 for count in words.values()) > 1000


class TestSample:
    def test_bundled_file_is_what_the_generator_makes(self) -> None:
        """
        The sample in the repository is never edited by hand: `python -m fixtures.generator --sample` makes it.
        """
        assert gzip.decompress(SAMPLE.read_bytes()).splitlines() == list(sample())

    def test_small_and_anonymous(self) -> None:
        """
        The file is small and its header says neither when nor under which name it was made.
        """
        packed = SAMPLE.read_bytes()

        assert len(packed) < 40_000
        assert packed[3] == 0
        assert packed[4:8] == bytes(4)

    def test_names(self) -> None:
        """
        120 versions of 45 names, all in namespaces that belong to nobody.
        """
        names = [msgspec.json.decode(line)["server"]["name"] for line in sample()]

        assert len(names) == 120
        assert len(set(names)) == 45
        assert all(re.match(r"com\.acme[./]|org\.example\.", name) for name in names)

    def test_every_kind(self) -> None:
        """
        A demonstration has something of every status and package type to show.
        """
        entries = [msgspec.json.decode(line) for line in sample()]

        types = {package["registryType"] for entry in entries for package in entry["server"].get("packages", [])}

        assert {_status(entry) for entry in entries} == {"active", "deprecated", "deleted"}
        assert types == {"npm", "pypi", "oci", "nuget", "mcpb"}


class TestWrite:
    @pytest.mark.parametrize("name", ["catalog.jsonl", "catalog.jsonl.gz"])
    def test_one_line_each(self, tmp_path: Path, name: str) -> None:
        """
        The file holds the lines, compressed if its name says so, and comes out the same when made again.
        """
        first, second = tmp_path / name, tmp_path / f"again-{name}"

        write(generate(20), first)
        write(generate(20), second)

        content = first.read_bytes()
        assert content == second.read_bytes()
        text = gzip.decompress(content) if name.endswith(".gz") else content
        assert text == b"".join(line + b"\n" for line in generate(20))


def _official(entry: Entry) -> Entry:
    block: Entry = entry["_meta"][OFFICIAL]
    return block


def _status(entry: Entry) -> str:
    return str(_official(entry)["status"])


def _us(entry: Entry, member: str) -> int:
    return microseconds(msgspec.convert(_official(entry)[member], datetime))
