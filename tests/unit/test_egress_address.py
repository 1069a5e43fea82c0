"""Which addresses may be dialled, row by row, and which spellings of a host are taken."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.egress.address import Reach, allowed, parse_host, range_of
from registry.errors import Invalid

TABLE = [
    # Reachable by everybody.
    ("11.22.33.44", Reach.PUBLIC),
    ("9.255.255.255", Reach.PUBLIC),
    ("11.0.0.0", Reach.PUBLIC),
    ("100.63.255.255", Reach.PUBLIC),
    ("100.128.0.0", Reach.PUBLIC),
    ("126.255.255.255", Reach.PUBLIC),
    ("128.0.0.0", Reach.PUBLIC),
    ("168.63.129.15", Reach.PUBLIC),
    ("169.253.255.255", Reach.PUBLIC),
    ("169.255.0.0", Reach.PUBLIC),
    ("172.15.255.255", Reach.PUBLIC),
    ("172.32.0.0", Reach.PUBLIC),
    ("192.0.1.0", Reach.PUBLIC),
    ("192.167.255.255", Reach.PUBLIC),
    ("192.169.0.0", Reach.PUBLIC),
    ("198.17.255.255", Reach.PUBLIC),
    ("198.20.0.0", Reach.PUBLIC),
    ("223.255.255.255", Reach.PUBLIC),
    ("2000::1", Reach.PUBLIC),
    ("2001:200::1", Reach.PUBLIC),
    ("2a01::1", Reach.PUBLIC),
    ("2c0f:ffff::1", Reach.PUBLIC),
    # Reachable for those who may.
    ("10.0.0.0", Reach.PRIVATE),
    ("10.255.255.255", Reach.PRIVATE),
    ("100.64.0.0", Reach.PRIVATE),
    ("100.127.255.255", Reach.PRIVATE),
    ("127.0.0.1", Reach.PRIVATE),
    ("127.255.255.255", Reach.PRIVATE),
    ("172.16.0.0", Reach.PRIVATE),
    ("172.31.255.255", Reach.PRIVATE),
    ("192.168.0.0", Reach.PRIVATE),
    ("192.168.255.255", Reach.PRIVATE),
    ("::1", Reach.PRIVATE),
    ("fc00::1", Reach.PRIVATE),
    ("fdff:ffff::1", Reach.PRIVATE),
    # Reachable for nobody.
    ("0.0.0.0", Reach.NEVER),
    ("0.255.255.255", Reach.NEVER),
    ("100.100.100.200", Reach.NEVER),
    ("168.63.129.16", Reach.NEVER),
    ("169.254.0.0", Reach.NEVER),
    ("169.254.169.254", Reach.NEVER),
    ("169.254.170.2", Reach.NEVER),
    ("169.254.255.255", Reach.NEVER),
    ("192.0.0.0", Reach.NEVER),
    ("192.0.0.192", Reach.NEVER),
    ("192.0.2.1", Reach.NEVER),
    ("192.31.196.1", Reach.NEVER),
    ("192.52.193.1", Reach.NEVER),
    ("192.88.99.1", Reach.NEVER),
    ("192.175.48.1", Reach.NEVER),
    ("198.18.0.0", Reach.NEVER),
    ("198.19.255.255", Reach.NEVER),
    ("198.51.100.7", Reach.NEVER),
    ("203.0.113.7", Reach.NEVER),
    ("224.0.0.1", Reach.NEVER),
    ("239.255.255.255", Reach.NEVER),
    ("240.0.0.1", Reach.NEVER),
    ("255.255.255.255", Reach.NEVER),
    ("::", Reach.NEVER),
    ("::2", Reach.NEVER),
    ("::127.0.0.1", Reach.NEVER),
    ("::ffff:0:0", Reach.NEVER),
    ("::ffff:127.0.0.1", Reach.NEVER),
    ("::ffff:11.22.33.44", Reach.NEVER),
    ("::ffff:0:127.0.0.1", Reach.NEVER),
    ("64:ff9b::7f00:1", Reach.NEVER),
    ("64:ff9b::808:808", Reach.NEVER),
    ("64:ff9b:1::a9fe:a9fe", Reach.NEVER),
    ("64:ff9b:1:ffff::1", Reach.NEVER),
    ("100::1", Reach.NEVER),
    ("100:0:0:1::1", Reach.NEVER),
    ("400::1", Reach.NEVER),
    ("1fff:ffff::1", Reach.NEVER),
    ("2001::1", Reach.NEVER),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Reach.NEVER),
    ("2001:2::1", Reach.NEVER),
    ("2001:10::1", Reach.NEVER),
    ("2001:20::1", Reach.NEVER),
    ("2001:1ff::1", Reach.NEVER),
    ("2001:db8::1", Reach.NEVER),
    ("2002:7f00:1::", Reach.NEVER),
    ("2002:808:808::1", Reach.NEVER),
    ("2620:4f:8000::1", Reach.NEVER),
    ("2a01:1450::5efe:10.0.0.1", Reach.NEVER),
    ("2a01:1450::200:5efe:11.22.33.44", Reach.NEVER),
    ("fc00::5efe:10.0.0.1", Reach.NEVER),
    ("3ffe::1", Reach.NEVER),
    ("3fff::1", Reach.NEVER),
    ("4000::1", Reach.NEVER),
    ("5f00::1", Reach.NEVER),
    ("fd00:ec2::254", Reach.NEVER),
    ("fd20:ce::254", Reach.NEVER),
    ("fe00::1", Reach.NEVER),
    ("fe80::1", Reach.NEVER),
    ("fe80::1%eth0", Reach.NEVER),
    ("2a01:1450::1%eth0", Reach.NEVER),
    ("febf:ffff::1", Reach.NEVER),
    ("fec0::1", Reach.NEVER),
    ("feff::1", Reach.NEVER),
    ("ff02::1", Reach.NEVER),
    ("ff0e::1", Reach.NEVER),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reach.NEVER),
]


class TestReach:
    @pytest.mark.parametrize(("text", "reach"), TABLE)
    def test_every_kind_of_address_has_its_reach(self, text: str, reach: Reach) -> None:
        """
        First and last addresses of each block, and their neighbours, are on the right side.
        """
        address = ip_address(text)

        actual = range_of(address).reach

        assert actual == reach

    @pytest.mark.parametrize(("text", "reach"), TABLE)
    def test_permission_opens_private_addresses_and_nothing_else(self, text: str, reach: Reach) -> None:
        """
        allow_private adds exactly the private rows to the public ones.
        """
        address = ip_address(text)

        may = {permitted for permitted in (False, True) if allowed(address, allow_private=permitted)}

        assert may == {Reach.PUBLIC: {False, True}, Reach.PRIVATE: {True}, Reach.NEVER: set()}[reach]

    @given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
    def test_public_is_never_wider_than_the_standard_library_says(self, address: IPv4Address | IPv6Address) -> None:
        """
        Our table and Python's were written apart; ours calls nothing public that Python calls special.
        """
        public = allowed(address, allow_private=False)

        assert not public or (address.is_global and not address.is_multicast)


class TestHost:
    @pytest.mark.parametrize(
        ("text", "host"),
        [
            ("registry.upstream.example", "registry.upstream.example"),
            ("Registry.Upstream.EXAMPLE", "registry.upstream.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("my_service", "my_service"),
            ("1password.example", "1password.example"),
            ("0x7f.example", "0x7f.example"),
            ("a" * 63 + ".example", "a" * 63 + ".example"),
            ("127.0.0.1", IPv4Address("127.0.0.1")),
            ("[::1]", IPv6Address("::1")),
            ("[2A01:1450::1]", IPv6Address("2a01:1450::1")),
            ("[::ffff:10.0.0.1]", IPv6Address("::ffff:10.0.0.1")),
        ],
    )
    def test_names_and_plain_addresses_are_read(self, text: str, host: str | IPv4Address | IPv6Address) -> None:
        """
        A name is lowered, an address is recognised as one.
        """
        actual = parse_host(text)

        assert actual == host

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "2130706433",
            "0",
            "017700000001",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "0X7F000001",
            "0x7f.1",
            "0x",
            "127.1",
            "127.0.1",
            "127.0.0.01",
            "127.0.0.256",
            "1.2.3.4.5",
            "foo.1",
            "foo.0x1",
            "127.0.0.1.",
            "registry.upstream.example.",
            "registry..example",
            ".example",
            "-registry.example",
            "registry-.example",
            "a" * 64 + ".example",
            ".".join(["a" * 60] * 5),
            "bücher.example",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "127.0.0.1%00.example",
            "registry%2eexample",
            "registry example",
            "user@registry.example",
            "registry.example\\@other.example",
            "registry.example/other",
            "registry.example\n",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[127.0.0.1]",
            "[fe80::1%eth0]",
            "[fe80::1%25eth0]",
            "[v1.fe80]",
            "[[::1]]",
        ],
    )
    def test_other_spellings_are_refused(self, text: str) -> None:
        """
        What one reader takes for a name and another for an address is taken by nobody.
        """
        with pytest.raises(Invalid):
            parse_host(text)
