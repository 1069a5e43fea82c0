"""Names that could be taken for another one, and how they are found without comparing each with each.

Two names look alike if they read the same (`l1I`, `0O`, `rn` and `m`, `vv` and `w`, `cl` and `d`, upper and lower case,
with other separators or none), or if one edit makes one of the other: a character more, less or another one, or two
neighbours exchanged. It only counts between namespaces: within one its owner answers for all names.

Every name has a *shape*, a few keys that are stored. One edit changes either the first half of a name or the second, so
whatever looks like it has one of its *probes* for a key: that finds few, and `likeness` has the last word.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.overlay import Source

_SEPARATORS: Final = ".-_"
# Names are ASCII, and bytes are translated several times as fast: every name that comes is.
_PLAIN: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZi10", b"abcdefghljklmnopqrstuvwxyzllo")


class Likeness(StrEnum):
    """In which way one name could be taken for another. NAMESPACE: it pretends to be in a claimed one."""

    SAME = "reads the same"
    ONE_EDIT = "one edit away"
    NAMESPACE = "in a namespace that looks like it"


class LookAlike(msgspec.Struct, frozen=True, kw_only=True):
    """
    A name that looks like an approved or a claimed one. Held until somebody approves it, or releases it for good.

    `resembles`: the name, or the claimed namespace. Instants are microseconds since 1970; `reason`: why it was
    released.
    """

    name: str
    resembles: str
    likeness: Likeness
    found_us: int
    released_us: int | None = None
    released_by: str | None = None
    reason: str | None = None

    @property
    def held(self) -> bool:
        return self.released_us is None


def likeness(one: ServerName, other: ServerName) -> Likeness | None:
    """In which way these look alike; None if they do not, or belong to one namespace."""
    return None if one.namespace == other.namespace else _Look(one).like(_Look(other))


def shape(name: ServerName) -> list[str]:
    """The keys under which *name* is found by what looks like it: its halves, and how it reads, where that differs."""
    plain = _plain(name)
    size, half = len(plain), len(plain) // 2
    keys = [f"<{plain[:half]} {size}", f">{plain[half:]} {size}"]
    skeleton = _skeleton(plain)
    return keys if skeleton == plain else [*keys, f"={skeleton}"]


def probes(name: ServerName) -> list[str]:
    """Keys of which whatever looks like *name* has one."""
    plain = _plain(name)
    size, half = len(plain), len(plain) // 2
    # Two neighbours that are exchanged where the halves meet change both.
    keys = [f"<{plain[: half - 1]}{plain[half : half + 1]} {size}"]
    skeleton = _skeleton(plain)
    keys += [f"={skeleton}", f"<{skeleton[: len(skeleton) // 2]} {len(skeleton)}"]
    for other in (size - 1, size, size + 1):
        keys.append(f"<{plain[: other // 2]} {other}")
        keys.append(f">{plain[size - (other - other // 2) :]} {other}")
    return keys


class Claims:
    """The namespaces that *sources* claim, and what looks like one."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = [source for source in sources if source.claims]
        self._claims = [
            (claim, claim.endswith(".*"), _Look(claim.lower().removesuffix(".*")))
            for source in self._sources
            for claim in source.claims
        ]

    def cover(self, namespace: str) -> bool:
        """Whether *namespace* is claimed."""
        return any(source.claim_on(namespace) for source in self._sources)

    def resembled(self, namespace: str) -> str | None:
        """
        The claim on another namespace that *namespace* looks like, or pretends to be below; None for a claimed one.
        """
        if not self._claims or self.cover(namespace):
            return None
        folded = namespace.lower()
        whole = _Look(folded)
        beginnings = [_Look(folded[:at]) for at, character in enumerate(folded) if character in _SEPARATORS]
        for claim, below, claimed in self._claims:
            # What is not below a claimed namespace, and begins with it and a separator, looks as if it were.
            if below and any(each.text == claimed.text or each.like(claimed) for each in beginnings):
                return claim
            if folded != claimed.text and whole.like(claimed):
                return claim
        return None


class _Look:
    """A text, and how it reads."""

    __slots__ = ("plain", "skeleton", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = _plain(text)
        self.skeleton = _skeleton(self.plain)

    def like(self, other: "_Look") -> Likeness | None:
        if self.skeleton == other.skeleton:
            return Likeness.SAME
        return Likeness.ONE_EDIT if _one_edit(self.plain, other.plain) else None


def _plain(text: str) -> str:
    return text.encode().translate(_PLAIN, _SEPARATORS.encode()).decode()


def _skeleton(plain: str) -> str:
    return plain.replace("rn", "m").replace("vv", "w").replace("cl", "d")


def _one_edit(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    begins, ends = 0, 0
    shortest = min(len(one), len(other))
    while begins < shortest and one[begins] == other[begins]:
        begins += 1
    while ends < shortest - begins and one[-1 - ends] == other[-1 - ends]:
        ends += 1
    left, right = one[begins : len(one) - ends], other[begins : len(other) - ends]
    return max(len(left), len(right)) <= 1 or (len(left) == len(right) == 2 and left == right[::-1])
