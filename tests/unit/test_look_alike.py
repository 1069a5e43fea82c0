"""Which names could be taken for another one, and that looking for them finds them."""

from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.look_alike import Claims, Likeness, likeness, probes, shape
from registry.catalog.overlay import Source

PAYROLL: Final = ServerName.parse("com.acme/payroll")
# What is confused with what, and what stands between.
_CHARACTERS: Final = "acilnorvw10IO.-_"
_namespaces = st.text(_CHARACTERS.replace("_", ""), min_size=1, max_size=8)
_slugs = st.text(_CHARACTERS, min_size=1, max_size=8)


def _like(one: str, other: str) -> Likeness | None:
    return likeness(ServerName.parse(one), ServerName.parse(other))


class TestLikeness:
    @pytest.mark.parametrize(
        "name",
        [
            "com.acrne/payroll",  # rn, m
            "corn.acme/payroll",
            "com.Acme/payroll",
            "COM.ACME/PAYROLL",
            "com-acme/payroll",
            "comacme/payroll",
            "com.ac-me/pay_roll",
            "c0m.acme/payroll",
            "com.acrne/payro11",  # two at once
            "com.acrne/payroII",
        ],
    )
    def test_reads_the_same(self, name: str) -> None:
        """
        Confusable characters, case and separators, any number of them.
        """
        assert _like(name, PAYROLL) is Likeness.SAME

    @pytest.mark.parametrize(
        "name",
        ["com.acne/payroll", "com.acmee/payroll", "com.acm/payroll", "com.amce/payroll", "co.acme/payroll"],
    )
    def test_one_edit(self, name: str) -> None:
        """
        A character more, less, another one, or two neighbours exchanged.
        """
        assert _like(name, PAYROLL) is Likeness.ONE_EDIT

    def test_w_is_two_v(self) -> None:
        """
        `vv` reads as `w`.
        """
        assert _like("com.vvorks/x", "com.works/x") is Likeness.SAME

    @pytest.mark.parametrize(
        "name",
        ["com.acme/payrol", "com.acme/pay-roll", "com.globex/payroll", "com.acnee/payroll", "com.acmes/payrolls"],
    )
    def test_is_none(self, name: str) -> None:
        """
        Names of the same namespace are its owner's, and two edits are another name.
        """
        assert _like(name, PAYROLL) is None

    @given(_namespaces, _slugs, st.data())
    @settings(max_examples=300, deadline=None)
    def test_looking_for_it_finds_it(self, namespace: str, slug: str, data: st.DataObject) -> None:
        """
        Whatever is an edit away looks alike, from both sides, and has a probe for one of the stored keys.
        """
        one = ServerName(f"{namespace}/{slug}")
        other = ServerName(_edited(one, data))
        assume(other.count("/") == 1 and other.namespace and other.slug and other.namespace != one.namespace)

        assert likeness(one, other) is not None
        assert likeness(other, one) is not None
        assert {*shape(one)} & {*probes(other)}
        assert {*shape(other)} & {*probes(one)}


class TestClaims:
    CLAIMS: Final = Claims(
        [
            Source(id=SourceId("internal"), precedence=1, claims=("com.acme", "com.acme.*")),
            Source(id=SourceId("other"), precedence=2, claims=("org.zeta",)),
        ]
    )

    @pytest.mark.parametrize(
        ("namespace", "claim"),
        [
            ("com.acrne", "com.acme"),
            ("com.acme-evil", "com.acme.*"),
            ("com.acrne.data", "com.acme.*"),
            ("com.acme2", "com.acme"),
            ("0rg.zeta", "org.zeta"),
            ("com.acme", None),
            ("COM.ACME", None),
            ("com.acme.data", None),
            ("org.zeta.below", None),  # only the namespace itself is claimed
            ("com.globex", None),
        ],
    )
    def test_a_namespace_beside_a_claimed_one(self, namespace: str, claim: str | None) -> None:
        """
        Looks like it, or pretends to be below it; what is claimed is no look-alike.
        """
        found = self.CLAIMS.resembled(namespace)

        assert (found is None) == (claim is None)
        assert claim is None or (found or "").removesuffix(".*") == claim.removesuffix(".*")

    def test_nothing_is_claimed(self) -> None:
        """
        Without claims nothing resembles one.
        """
        assert Claims([Source(id=SourceId("official"), precedence=1)]).resembled("com.acrne") is None


def _edited(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from(_CHARACTERS.replace("_", "")))
    return data.draw(
        st.sampled_from(
            [
                f"{text[:at]}{character}{text[at:]}",
                f"{text[:at]}{text[at + 1 :]}",
                f"{text[:at]}{character}{text[at + 1 :]}",
                f"{text[:at]}{text[at + 1 : at + 2]}{text[at]}{text[at + 2 :]}",
            ]
        )
    )
