"""Whether what a full walk did not meet may be withdrawn.

An upstream that answers with an empty or suddenly smaller list is more often broken than right, and a mirror that
believes it takes servers away from everybody. Only silence is weighed here: what an upstream states to be deleted is
a fact of its own and is mirrored at once, however much it is.
"""

import msgspec

from registry.store.records import Run


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """
    Counts of entries of one source at the end of a walk.

    `live`: not withdrawn at present. `unseen`: those of them that the walk did not meet.
    """

    live: int
    unseen: int


def objection(census: Census, run: Run, *, max_shrink_share: float, few: int, accepted: Run | None) -> str | None:
    """
    Why the unseen entries must stay, in words for an operator; None if they may go.

    Args:
        few: So many may go without a question, unless nothing at all was listed or *max_shrink_share* is 0.
        accepted: The refused run that an operator has accepted. As many as that one would have withdrawn may go, and
            a few more.
    """
    if census.unseen == 0:
        return None
    if max_shrink_share == 0:
        few = 0
    # What an interrupted sweep of the same run withdrew counts as well, else a crash would start the share anew.
    gone = census.unseen + run.withdrawn
    if accepted is not None and gone <= accepted.unseen + few:
        return None
    before = max(census.live - run.new + run.withdrawn, gone)
    hint = f"to accept that: mcp-registry sync --upstream {run.upstream} --accept-run {run.id}"
    if run.seen == 0:
        return f"it lists nothing at all, and {before} entries are mirrored; {hint}"
    if gone <= few or gone <= max_shrink_share * before:
        return None
    return f"{gone} of {before} entries are listed no longer, more than a share of {max_shrink_share:g}; {hint}"
