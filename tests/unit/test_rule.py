"""Which rules approve what a name brings."""

from registry.catalog.rule import Rule, approving


def _rule(
    name: str,
    made_us: int,
    *,
    pattern: str = "com.acme/*",
    audience: tuple[str, ...] | None = None,
    without_cool_off: bool = False,
) -> Rule:
    return Rule(
        id=f"rule_{name}",
        name=name,
        pattern=pattern,
        approval=f"apr_{name}",
        reason="trusted",
        made_us=made_us,
        made_by="ada",
        audience=audience,
        without_cool_off=without_cool_off,
    )


def _names(*rules: Rule) -> list[str]:
    return [rule.name for rule in approving("com.acme/payroll", rules)]


class TestApproving:
    def test_the_first_of_an_audience(self) -> None:
        """
        Two rules for the same teams decide once, under the one made first.
        """
        assert _names(_rule("second", 2, audience=("data",)), _rule("first", 1, audience=("data",))) == ["first"]
        assert _names(_rule("second", 2), _rule("first", 1)) == ["first"]

    def test_each_audience(self) -> None:
        """
        A rule for one team takes nothing from a rule for another, whichever was made first.
        """
        found = _names(_rule("wide", 1, pattern="*", audience=("everyone",)), _rule("narrow", 2, audience=("data",)))

        assert found == ["wide", "narrow"]

    def test_all_teams_are_enough(self) -> None:
        """
        Beside a rule for all teams none is needed.
        """
        assert _names(_rule("one", 1, audience=("data",)), _rule("all", 2)) == ["all"]

    def test_without_cool_off_is_more(self) -> None:
        """
        A rule whose versions wait leaves room for one whose versions do not; the other way round it is not needed.
        """
        waits, at_once = _rule("waits", 1), _rule("at once", 2, audience=("data",), without_cool_off=True)
        all_at_once = _rule("all at once", 3, without_cool_off=True)

        assert _names(waits, at_once) == ["waits", "at once"]
        assert _names(_rule("waits", 1, audience=("data",)), at_once) == ["at once"]
        assert _names(waits, at_once, all_at_once) == ["all at once"]

    def test_what_is_not_covered_or_over(self) -> None:
        """
        A rule of another pattern, and one that ended, approve nothing.
        """
        assert _names(_rule("other", 1, pattern="com.acme.*")) == []
