"""Which domains can be proven, and what that gives (reference §6.2)."""

import pytest

from registry.auth.exchange.domain import names_at, names_below, require_provable, well_formed
from registry.auth.exchange.login import LoginRefused
from registry.settings.auth import SHARED_HOSTS

LONGEST = ".".join(["a" * 63] * 3 + ["b" * 61])


class TestWellFormed:
    @pytest.mark.parametrize("text", ["acme.example", "a.b", "xn--nxasmq6b.example", "1.example", "a-b.c-d", LONGEST])
    def test_a_domain(self, text: str) -> None:
        """
        Two LDH labels or more, 253 characters at most.
        """
        assert well_formed(text)

    @pytest.mark.parametrize(
        "text",
        ["", ".", "a", "a.", ".a", "a..b", "-a.b", "a-.b", "a_b.c", "a b.c", "a.b\n", "1.2.3.4", "a.1", "a.0x1f",
         "a.0x", "[::1]", "::1", "a.é", "a.１", "*.b", "a/b.c", "a" * 64 + ".b", LONGEST + "c"],
    )  # fmt: skip
    def test_no_domain(self, text: str) -> None:
        """
        Anything else is not, an address in any spelling least of all.
        """
        assert not well_formed(text)


class TestRequireProvable:
    @pytest.mark.parametrize("text", ["octo.github.io", "github.io", "Octo.GitHub.IO", "a.b.github.io", "a.gitlab.io"])
    def test_shared_hosts(self, text: str) -> None:
        """
        Hosts that anybody gets prove nothing, in any case.
        """
        with pytest.raises(LoginRefused, match="given to anybody"):
            require_provable(text, SHARED_HOSTS)

    @pytest.mark.parametrize("text", ["notgithub.io", "github.io.example", "gitlab.example"])
    def test_others(self, text: str) -> None:
        """
        A name that only looks like one is judged by itself.
        """
        assert require_provable(text, SHARED_HOSTS) == text

    def test_configured(self) -> None:
        """
        The list is the operator's.
        """
        assert require_provable("octo.github.io", ["pages.acme.example"]) == "octo.github.io"
        with pytest.raises(LoginRefused):
            require_provable("x.pages.acme.example", ["Pages.Acme.example"])


def test_patterns() -> None:
    """
    Labels are turned round, their case is kept.
    """
    assert (names_at("Data.Acme.example"), names_below("acme.example")) == ("example.Acme.Data/*", "example.acme.*")
