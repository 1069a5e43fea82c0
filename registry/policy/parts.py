"""Asking the parts of a caller: a rule about one list of teams and names, made a rule about every principal.

A caller may have roles for different teams and names. Putting these together would widen each of them, so a rule never
sees more than one part.
"""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from registry.policy.principal import Principal

P = ParamSpec("P")


def any_part(allows: Callable[Concatenate[Principal, P], bool]) -> Callable[Concatenate[Principal, P], bool]:
    """*allows*, asked of each part: whether one of them is enough."""

    @functools.wraps(allows)
    def asked(principal: Principal, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        return any(allows(part, *args, **kwargs) for part in principal.apart())

    return asked


def withheld_by_all(
    withheld: Callable[Concatenate[Principal, P], str | None],
) -> Callable[Concatenate[Principal, P], str | None]:
    """*withheld*, asked of each part: None if one of them may. The reason is one of a part that is nearer to it."""

    @functools.wraps(withheld)
    def asked(principal: Principal, /, *args: P.args, **kwargs: P.kwargs) -> str | None:
        reasons = []
        for part in principal.apart():
            reason = withheld(part, *args, **kwargs)
            if reason is None:
                return None
            reasons.append(reason)
        # The first part only reads, so it lacks what most others have.
        return next((reason for reason in reasons if reason != reasons[0]), reasons[0])

    return asked
