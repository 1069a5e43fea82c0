"""Clear answers, kept for a short while: publishing three versions of a manifest asks once about the same package."""

from registry.clock import Clock

Key = tuple[str, ...]


class Remembered:
    """Yes-answers only: a no may be mended at any moment, and its publisher is waiting for that moment."""

    def __init__(self, clock: Clock, *, most: int, lifetime_s: float) -> None:
        self._clock = clock
        self._most = most
        self._lifetime_ns = round(lifetime_s * 1_000_000_000)
        self._until_ns: dict[Key, int] = {}

    def __contains__(self, key: Key) -> bool:
        return self._until_ns.get(key, 0) > self._clock.monotonic_ns()

    def add(self, key: Key) -> None:
        """Remember *key* from now on; the oldest makes room."""
        self._until_ns.pop(key, None)
        while len(self._until_ns) >= self._most:
            del self._until_ns[next(iter(self._until_ns))]
        self._until_ns[key] = self._clock.monotonic_ns() + self._lifetime_ns
