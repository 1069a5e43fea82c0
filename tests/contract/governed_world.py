"""The small world that the model lives in: who and what there is."""

from functools import lru_cache
from typing import Final

from registry.catalog.entry import digest_of
from registry.catalog.overlay import PRIVATE
from tests.contract.engines import entry

TEAMS: Final = ("everyone", "backend", "data")
NAMES: Final = ("com.acme/pay", "org.zeta/tool")
VERSIONS: Final = ("1.0.0", "2.0.0", "3.0.0")
BODIES: Final = ("alpha", "beta", "gamma")
PATTERNS: Final = ("*", "com.*", "com.acme/*", "com.acme/pay", "org.zeta/*")
UPSTREAMS: Final = ("internal", "official")
CLAIMS: Final[tuple[dict[str, tuple[str, ...]], ...]] = (
    {},
    {"internal": ("com.acme",)},
    {PRIVATE: ("com.acme",)},
    {PRIVATE: ("com.*",), "internal": ("com.acme",)},
)


@lru_cache
def body_of(name: str, version: str, digest: bytes) -> str:
    """What stands in the document of that digest."""
    documents = ((body, entry(name, version, description=body, body=body).document) for body in BODIES)
    return next(body for body, document in documents if digest_of(document) == digest)


def within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    """Whether every team of *inner* is of *outer*; None for all of them."""
    return outer is None or (inner is not None and inner <= outer)
