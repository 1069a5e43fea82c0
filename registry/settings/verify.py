"""`[verify]`: where it is looked up that a publisher owns a package. One key per kind of index; absent: not verified.

There is no default address: an index is looked at because the operator named it, be it the public one or a mirror.
"""

from typing import Annotated

from msgspec import Meta, Struct

from registry.settings.secret import SecretRef
from registry.settings.values import Flag, HostPattern, Url


class IndexSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One index: lookups go to `url`, with `token` as a bearer token.

    `bases` are other spellings of `registryBaseUrl` that mean this very index; `url` itself always does. Whether a
    package may state a base at all is `publish.package_bases`.
    """

    url: Url
    bases: tuple[Url, ...] = ()
    allow_private: Flag = False
    token: SecretRef | None = None


class OciHostSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One registry of images. `host` is what identifiers say, with its port if they say one; lookups go to `url`.

    With a `token` it is sent as a bearer token and nothing else is tried; without one the pull is anonymous.
    """

    host: HostPattern
    url: Url
    allow_private: Flag = False
    token: SecretRef | None = None


class McpbSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Bundles. `redirect_hosts` are where a download may lead to, besides `publish.mcpb_hosts`.

    `allow_private` is for all of these hosts: a bundle has no index of its own.
    """

    redirect_hosts: tuple[HostPattern, ...] = ()
    allow_private: Flag = False


OciHosts = Annotated[tuple[OciHostSettings, ...], Meta(min_length=1, description="an array of one registry or more")]


class VerifySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[verify]`. A kind that is None is not verified: its packages are taken at their publisher's word."""

    npm: IndexSettings | None = None
    pypi: IndexSettings | None = None
    nuget: IndexSettings | None = None
    cargo: IndexSettings | None = None
    oci: OciHosts | None = None
    mcpb: McpbSettings | None = None

    @property
    def any(self) -> bool:
        """True where at least one kind is verified."""
        return any(getattr(self, kind) is not None for kind in self.__struct_fields__)
