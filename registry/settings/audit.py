"""`[audit]`: the record of what happened."""

from msgspec import Struct

from registry.settings.secret import SecretRef


class AuditSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`signing_key`: 64 hexadecimal characters. None: the key in a file beside the store, made at the first start."""

    signing_key: SecretRef | None = None
