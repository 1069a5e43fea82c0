"""Drawing capability addresses, and who reads through one.

An address is looked up by its digest at every use, so a revocation is in force in every worker from its commit on. The
lookup takes as long for a wrong address as for a right one as far as a secret could be learnt from it: what is compared
byte by byte is a digest, which nobody chooses.
"""

import secrets
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import msgspec

from registry.clock import Clock
from registry.ids import new_id
from registry.policy.capability import ALPHABET, SECRET_LENGTH, capability_digest, compose_capability
from registry.policy.principal import Origin, Principal, Role
from registry.store.capabilities import Capability
from registry.store.interface import Store

_READS: Final = frozenset({Role.READER})
_MOST_KNOWN: Final = 4096


class DrawnCapability(msgspec.Struct, frozen=True, kw_only=True):
    """An address that nobody has yet. Only `id` and `digest` may be stored; `text` is shown once."""

    id: str
    digest: bytes
    text: str

    def __repr__(self) -> str:
        return f"DrawnCapability(id={self.id!r})"


def draw_capability(team: str, now_us: int) -> DrawnCapability:
    """A new one for *team*, from the system's randomness."""
    text = compose_capability(team, "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH)))
    return DrawnCapability(id=new_id("cap", now_us), digest=capability_digest(text), text=text)


def base_url(public_url: str, text: str) -> str:
    """What a client is configured with, for what stands behind `/t/`."""
    return f"{public_url.rstrip('/')}/t/{text}"


class Capabilities:
    """Those of a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[Capability, Principal]] = {}

    def named(self, text: str) -> Capability | None:
        """The one *text* is the address of, in force or not; None if it was never issued."""
        return self._store.snapshot().capability_of(capability_digest(text))

    def visitor(self, capability: Capability, address: str) -> Principal | None:
        """Who reads through it from *address*; None if it is not in force, or not for there."""
        if not capability.in_force(self._clock.now_us()):
            return None
        if capability.networks and not within_networks(address, capability.networks):
            return None
        known = self._known.get(capability.id)
        return known[1] if known is not None and known[0] is capability else self._remember(capability)

    def _remember(self, capability: Capability) -> Principal:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        principal = Principal(
            subject=capability.id,
            origin=Origin.CAPABILITY,
            home_team=capability.team,
            teams=(capability.team,),
            roles=_READS,
            compat=capability.compat,
        )
        self._known[capability.id] = capability, principal
        return principal


@lru_cache(maxsize=4096)
def within_networks(address: str, networks: tuple[str, ...]) -> bool:
    """Whether *address* lies in one of *networks*; what is no address lies in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in ip_network(network) for network in networks)
