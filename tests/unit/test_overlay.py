"""Which source answers for a name."""

from itertools import permutations

import pytest

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source, owner

OFFICIAL, PARTNER, INTERNAL = SourceId("official"), SourceId("partner"), SourceId("internal")
PAYROLL = ServerName.parse("com.acme/payroll")
WEATHER = ServerName.parse("io.github.octavia/weather")


def _source(source_id: str, precedence: int = 10, *claims: str) -> Source:
    return Source(id=SourceId(source_id), precedence=precedence, claims=claims)


class TestClaimOn:
    @pytest.mark.parametrize(
        ("claim", "namespace", "covered"),
        [
            ("com.acme", "com.acme", True),
            ("com.acme", "com.acme.data", False),
            ("com.acme", "com.acmeevil", False),
            ("com.acme", "org.com.acme", False),
            ("com.acme", "Com.ACME", True),
            ("Com.Acme", "com.acme", True),
            ("com.acme.*", "com.acme", False),
            ("com.acme.*", "com.acme.data", True),
            ("com.acme.*", "com.acme.data.lake", True),
            ("com.acme.*", "COM.Acme.Data", True),
            ("Com.Acme.*", "com.acme.data", True),
            ("com.acme.*", "com.acmedata", False),
            ("com.acme.*", "evil.com.acme.data", False),
            ("com.acme", "com", False),
        ],
    )
    def test_table(self, claim: str, namespace: str, covered: bool) -> None:
        """
        A plain claim is that namespace alone, `.*` everything below it and not itself, both without case.
        """
        assert bool(_source("internal", 10, claim).claim_on(namespace)) == covered

    def test_nothing_claimed_nothing_covered(self) -> None:
        """
        An empty list of claims means nothing.
        """
        assert _source("internal").claim_on("com.acme") == 0

    def test_the_longest_counts(self) -> None:
        """
        Of several claims that cover a namespace the most specific is the one that is weighed.
        """
        both = _source("internal", 10, "com.*", "com.acme.*")

        assert both.claim_on("com.acme.data") == _source("x", 10, "com.acme.*").claim_on("com.acme.data")


class TestOwner:
    def test_claimed_namespace_wins_even_when_empty(self) -> None:
        """
        Nobody upstream can occupy a name in our namespace before we publish it.
        """
        sources = [_source("official", 1), _source("internal", 99, "com.acme")]

        assert owner(PAYROLL, sources, having=[OFFICIAL], remembered=OFFICIAL) == INTERNAL

    def test_claim_beats_a_name_in_another_case(self) -> None:
        """
        `Com.Acme/payroll` does not slip past a claim on `com.acme`.
        """
        sources = [_source("official", 1), _source("internal", 99, "com.acme")]
        namesake = ServerName.parse("Com.Acme/payroll")

        assert owner(namesake, sources, having=[OFFICIAL], remembered=None) == INTERNAL

    @pytest.mark.parametrize("sources", list(permutations([("official", "com.*"), ("partner", "com.acme.*")])))
    def test_the_longer_claim_wins(self, sources: tuple[tuple[str, str], ...]) -> None:
        """
        Of two sources that claim a namespace the more specific one answers, in whichever order they are configured.
        """
        lineage = ServerName.parse("com.acme.data/lineage")

        found = owner(lineage, [_source(name, 10, claim) for name, claim in sources], having=[], remembered=None)

        assert found == PARTNER

    @pytest.mark.parametrize(("exact", "wildcard"), [("official", "partner"), ("partner", "official")])
    def test_an_exact_claim_beats_a_wildcard_of_the_same_length(self, exact: str, wildcard: str) -> None:
        """
        `com.acme.d` is more specific for `com.acme.d` than `com.acme.*`, though both have ten characters.
        """
        sources = [_source(wildcard, 1, "com.acme.*"), _source(exact, 2, "com.acme.d")]

        assert owner(ServerName.parse("com.acme.d/x"), sources, having=[], remembered=None) == exact

    @pytest.mark.parametrize(("first", "second"), [("official", "partner"), ("partner", "official")])
    def test_equal_claims_go_by_precedence(self, first: str, second: str) -> None:
        """
        Two equally specific claims are settled as everything else between sources: the lower precedence first.
        """
        sources = [_source(second, 2, "com.acme"), _source(first, 1, "COM.ACME")]

        assert owner(PAYROLL, sources, having=[], remembered=None) == first

    def test_remembered_beats_precedence(self) -> None:
        """
        A name stays with the source that answered for it, also when a source that goes first gets one of that name.
        """
        sources = [_source("official", 1), _source("partner", 2)]

        assert owner(WEATHER, sources, having=[OFFICIAL, PARTNER], remembered=PARTNER) == PARTNER

    def test_remembered_stays_when_it_has_nothing_left(self) -> None:
        """
        A name whose source listed it no longer does not fall through to the next source.
        """
        sources = [_source("official", 1), _source("partner", 2)]

        assert owner(WEATHER, sources, having=[OFFICIAL], remembered=PARTNER) == PARTNER

    def test_an_unconfigured_memory_does_not_count(self) -> None:
        """
        A source that was taken out of the configuration answers for nothing; those who have the name go by precedence.
        """
        sources = [_source("official", 5), _source("partner", 2)]

        assert owner(WEATHER, sources, having=[OFFICIAL, PARTNER, INTERNAL], remembered=INTERNAL) == PARTNER

    @pytest.mark.parametrize(
        ("official", "partner", "expected"),
        [(1, 2, "official"), (2, 1, "partner"), (1, 1, "official"), (-1, 0, "official")],
    )
    def test_the_lower_precedence_goes_first(self, official: int, partner: int, expected: str) -> None:
        """
        Among those who have the name the lower precedence decides, then the name of the source.
        """
        sources = [_source("partner", partner), _source("official", official)]

        assert owner(WEATHER, sources, having=[PARTNER, OFFICIAL], remembered=None) == expected

    def test_who_does_not_have_the_name_does_not_answer(self) -> None:
        """
        Precedence is among those who have the name, not among all.
        """
        sources = [_source("official", 1), _source("partner", 2)]

        assert owner(WEATHER, sources, having=[PARTNER], remembered=None) == PARTNER

    @pytest.mark.parametrize("having", [[], [INTERNAL]])
    def test_nobody(self, having: list[SourceId]) -> None:
        """
        A name no configured source has is nobody's.
        """
        assert owner(WEATHER, [_source("official", 1)], having=having, remembered=None) is None

    def test_no_sources_no_owner(self) -> None:
        """
        Nothing configured means nothing answers, whatever was remembered.
        """
        assert owner(PAYROLL, [], having=[OFFICIAL], remembered=OFFICIAL) is None
