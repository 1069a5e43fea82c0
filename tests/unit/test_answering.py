"""Why a source answers for a name: the explanation names the rule that overlay.py applied."""

from itertools import product

from registry.catalog.answering import OwnedBy, answering
from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source, owner

PAYROLL = ServerName.parse("com.acme/payroll")
OFFICIAL, INTERNAL = SourceId("official"), SourceId("internal")
SOURCES = (Source(id=INTERNAL, precedence=1), Source(id=OFFICIAL, precedence=2))
CLAIMED = (Source(id=INTERNAL, precedence=9, claims=("com.acme",)), Source(id=OFFICIAL, precedence=2))


class TestAnswering:
    def test_a_claim(self) -> None:
        """
        The claimant answers, also while it has nothing, and who is not asked is named.
        """
        found = answering(PAYROLL, CLAIMED, having=[OFFICIAL], remembered=OFFICIAL)

        assert (found.source, found.because) == (INTERNAL, OwnedBy.CLAIM)
        assert found.reason == ("internal claims the namespace com.acme; official has the name too and is not asked")

    def test_memory(self) -> None:
        """
        Who had it first goes on to answer, whatever goes before it by now.
        """
        found = answering(PAYROLL, SOURCES, having=[INTERNAL, OFFICIAL], remembered=OFFICIAL)

        assert (found.source, found.because) == (OFFICIAL, OwnedBy.MEMORY)

    def test_precedence(self) -> None:
        """
        Without claim and memory the lowest precedence answers.
        """
        found = answering(PAYROLL, SOURCES, having=[OFFICIAL, INTERNAL], remembered=None)

        assert (found.source, found.because) == (INTERNAL, OwnedBy.PRECEDENCE)

    def test_nobody(self) -> None:
        """
        Where nobody has it and nobody claims it, nobody answers.
        """
        found = answering(PAYROLL, SOURCES, having=[], remembered=SourceId("gone"))

        assert (found.source, found.because) == (None, OwnedBy.NOBODY)
        assert found.reason == "no configured source has or claims com.acme/payroll"

    def test_is_never_of_another_mind(self) -> None:
        """
        What is explained is what is decided, in every combination.
        """
        ids = (OFFICIAL, INTERNAL)
        for sources, having, remembered in product((SOURCES, CLAIMED, ()), ((), (OFFICIAL,), ids), (None, *ids)):
            found = answering(PAYROLL, sources, having=having, remembered=remembered)

            assert found.source == owner(PAYROLL, sources, having=having, remembered=remembered)
            assert (found.because is OwnedBy.NOBODY) == (found.source is None)
