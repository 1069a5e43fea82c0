"""Every rule is explained where its anchor says, and nothing is explained that is no rule."""

import re
from pathlib import Path

import pytest

from schemas.validation.advice import RULES
from schemas.validation.advice.rule import Rule

_PROJECT = Path(__file__).resolve().parents[3]
_TEXT = (_PROJECT / "docs" / "VALIDATION.md").read_text()


class TestDocumentation:
    @pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
    def test_an_anchor_leads_to_its_rule(self, rule: Rule) -> None:
        """
        The anchor of each rule names a file and a heading that are there.
        """
        file, _, heading = rule.anchor.partition("#")

        assert (_PROJECT / file).read_text() == _TEXT
        assert f"\n### {heading}\n" in _TEXT

    def test_every_heading_is_a_rule(self) -> None:
        """
        The explanations stand in the order of the rules, one for each.
        """
        assert re.findall(r"^### (.+)$", _TEXT, re.MULTILINE) == list(RULES)

    def test_every_reference_is_in_a_table(self) -> None:
        """
        Each reference that the semantic and the version rules give is explained.
        """
        folder = _PROJECT / "schemas" / "validation"
        sources = [*sorted((folder / "semantic").glob("*.py")), folder / "versions.py"]
        given = {
            reference
            for source in sources
            for reference in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source.read_text())
            if reference not in ("streamable-http",)
        }

        assert len(given) > 20
        assert sorted(reference for reference in given if f"`{reference}`" not in _TEXT) == []
