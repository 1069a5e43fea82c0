"""What a figure's verdict says."""

import pytest

from tests.bench.figures import Figure, at_least, below


class TestVerdict:
    @pytest.mark.parametrize(
        ("figure", "verdict"),
        [
            (at_least("ratio", 0.39, 0.40, aim=0.55), "missed"),
            (at_least("ratio", 0.40, 0.40, aim=0.55), "met"),
            (at_least("ratio", 0.55, 0.40, aim=0.55), "aim met"),
            (at_least("ratio", 0.90, 0.80), "met"),
            (below("p99", 19.9, 20, unit="ms"), "met"),
            (below("p99", 20, 20, unit="ms"), "missed"),
            (Figure(name="throughput", measured=1), ""),
        ],
    )
    def test_holds_a_figure_against_its_target(self, figure: Figure, verdict: str) -> None:
        """
        A bound from below is met by the number itself, one from above is not; without a target there is no verdict.
        """
        assert figure.verdict == verdict
