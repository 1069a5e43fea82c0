"""Who is calling."""

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """
    The caller of one request.

    `home_team`: whose view the root address serves to this caller. `anonymous`: no credential decided that, so the
    answer may be shared between callers.
    """

    subject: str
    home_team: str
    anonymous: bool
