"""The small world of the examples is what its README says it is."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fixtures.generator import OFFICIAL
from fixtures.latest import flagged
from registry.clock import microseconds

ACME = Path(__file__).parents[2] / "fixtures" / "acme"
UPSTREAMS = ("official", "internal")

Entries = list[dict[str, Any]]  # Any: JSON as it stands in the file


def entries(upstream: str) -> Entries:
    document: dict[str, Any] = msgspec.json.decode((ACME / f"{upstream}.json").read_bytes())
    assert document["metadata"]["count"] == len(document["servers"])
    return list(document["servers"])


def names(upstream: str) -> set[str]:
    return {entry["server"]["name"] for entry in entries(upstream)}


class TestAcme:
    def test_a_dozen_servers(self) -> None:
        """
        Examples choose among twelve names, and the README has a line for every one.
        """
        together = names("official") | names("internal")

        described = set(re.findall(r"^\| `([^` ]+/[^` ]+)`", (ACME / "README.md").read_text(), re.MULTILINE))

        assert len(together) == 12
        assert described == together

    def test_one_name_is_in_both_upstreams(self) -> None:
        """
        The world holds the case that ownership is about: a public namesake of a private server.
        """
        assert names("official") & names("internal") == {"com.acme/payroll"}

    @pytest.mark.parametrize("upstream", UPSTREAMS)
    def test_entries_are_in_the_order_of_the_list(self, upstream: str) -> None:
        """
        A file reads like an answer: byte order of name, then version, every pair once.
        """
        keys = [(entry["server"]["name"], entry["server"]["version"]) for entry in entries(upstream)]

        assert keys == sorted(set(keys))

    @pytest.mark.parametrize("upstream", UPSTREAMS)
    def test_the_latest_flag_follows_the_rule(self, upstream: str) -> None:
        """
        Exactly the version that the official registry would flag is flagged (reference §3).
        """
        by_name: dict[str, Entries] = {}
        for entry in entries(upstream):
            by_name.setdefault(entry["server"]["name"], []).append(entry)

        for versions in by_name.values():
            expected = flagged([(one["server"]["version"], _published_us(one), _status(one)) for one in versions])

            assert [one["server"]["version"] for one in versions if one["_meta"][OFFICIAL]["isLatest"]] == [expected]

    def test_every_status_and_package_type_occurs(self) -> None:
        """
        Whoever needs an example of a kind finds one here.
        """
        everything = entries("official") + entries("internal")

        packages = [package for entry in everything for package in entry["server"].get("packages", [])]
        remotes = [remote for entry in everything for remote in entry["server"].get("remotes", [])]

        assert {_status(entry) for entry in everything} == {"active", "deprecated", "deleted"}
        assert {package["registryType"] for package in packages} == {"npm", "pypi", "oci", "nuget", "mcpb"}
        assert {remote["type"] for remote in remotes} == {"streamable-http", "sse"}

    @pytest.mark.parametrize("upstream", UPSTREAMS)
    def test_no_host_is_real(self, upstream: str) -> None:
        """
        Nothing in the examples points at a machine that could exist, but for the schema's own address.
        """
        hosts = set(re.findall(r'https?://([^/"{:]+)', (ACME / f"{upstream}.json").read_text()))

        real = {host for host in hosts if not host.endswith(".example") and host != "127.0.0.1"}

        assert real == {"static.modelcontextprotocol.io"}


def _status(entry: dict[str, Any]) -> str:
    return str(entry["_meta"][OFFICIAL]["status"])


def _published_us(entry: dict[str, Any]) -> int:
    return microseconds(msgspec.convert(entry["_meta"][OFFICIAL]["publishedAt"], datetime))
