"""What verifying may cost."""

import msgspec

from registry.egress.terms import FetchLimits


class VerifyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """
    Limits of time, size and number. The defaults are the product's; tests pass shorter ones.

    Args:
        lookup_s: One package of any kind but OCI, all its requests together.
        oci_s: One image: token, manifests and configuration together.
        existence_s: The second question to an npm index, which only improves the message.
        document_s: All packages of one document together, waiting for their turn included.
        max_decoded_bytes: Of one answer. Parsing that much on the event loop takes about four milliseconds.
        packages: Of one document that are looked up.
        at_once: Lookups of one kind under way, so that an index that hangs delays no other kind.
        documents: Being verified at the same time, most of them waiting.
        remembered: Clear answers that are kept, each for `remembered_s`.
    """

    lookup_s: float = 10.0
    oci_s: float = 30.0
    existence_s: float = 3.0
    document_s: float = 60.0
    max_decoded_bytes: int = 4 * 1024 * 1024
    packages: int = 32
    at_once: int = 4
    documents: int = 64
    remembered: int = 1024
    remembered_s: float = 300.0

    def fetch(self, limit_s: float) -> FetchLimits:
        """
        What one request of a lookup of *limit_s* may cost. Its times are longer than the lookup's, so that there is
        one deadline that ends a lookup and not four.
        """
        longer = 2 * limit_s
        return FetchLimits(
            connect_s=longer,
            read_s=longer,
            total_s=longer,
            max_decoded_bytes=self.max_decoded_bytes,
            max_ratio=200.0,
        )
