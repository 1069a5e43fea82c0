"""What the model knows of those who asked others for something, instead of deciding by themselves."""

from collections.abc import Collection

from tests.contract.governed_oracle import Oracle
from tests.contract.governed_world import within


def told_no(
    oracle: Oracle, who: str, name: str, versions: Collection[str], audience: frozenset[str] | None, *, now_us: int
) -> bool:
    """Whether *who* asked for present bytes that somebody else rejected, and nobody else approves."""
    present = {(name, version, oracle.of_owner(name)[version].body) for version in versions}
    others = [each for each in oracle.consents.values() if each.decided_by not in (None, who)]
    agreed = [each for each in others if each.in_force(now_us) and within(audience, each.audience)]
    return any(
        says in each.says and each.state == "rejected" and not any(says in other.says for other in agreed)
        for each in others
        if each.asked_by == who
        for says in present
    )
