"""What a run may cost and how patient it is: numbers that no configuration needs to change.

What an operator may want to change is in `registry.settings.UpstreamSettings`.
"""

import msgspec

_MINUTE_US = 60_000_000


class SyncTerms(msgspec.Struct, frozen=True, kw_only=True):
    """
    Args:
        connect_s, read_s, page_s: Limits of one request: connecting, silence within it, all of it. Reads of 20 to
            25 s are normal for a busy registry.
        max_ratio: Decoded bytes per received byte of a page.
        tries: How often a page is asked for when there is no answer or a server error.
        nonsense_tries: The same when the answer cannot be used: connections are cut now and then.
        throttled_tries: The same when the upstream asks to wait.
        longest_wish_s: So long an upstream that asks to wait is waited for within the run. What asks for more ends it,
            and the schedule tries again when that time has come.
        backoff_s, longest_backoff_s: Between tries, doubling from the one to the other, plus up to a quarter.
        overlap_us: How far the watermark stays behind the newest change that was seen. An upstream stamps a row when
            its transaction begins and shows it when that commits, so an earlier stamp may appear after a later one.
            Minutes are far beyond any transaction; what took longer still is found by the next full walk.
        most_pages: Of one walk.
        most_quarantined: Of one run. More than this is no accident of single entries.
        few: So many entries may disappear, whatever share of a small catalog that is, unless the share allowed is 0.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    page_s: float = 120.0
    max_ratio: float = 200.0
    tries: int = 4
    nonsense_tries: int = 2
    throttled_tries: int = 10
    longest_wish_s: float = 60.0
    backoff_s: float = 1.0
    longest_backoff_s: float = 60.0
    overlap_us: int = 5 * _MINUTE_US
    most_pages: int = 100_000
    most_quarantined: int = 10_000
    few: int = 5
