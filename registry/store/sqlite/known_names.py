"""What an older release has mirrored and published, for the namespace firewall of a newer one."""

import sqlite3
from typing import Final

import msgspec

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.look_alike import Claims, Likeness, LookAlike
from registry.catalog.overlay import Source
from registry.store.sqlite.firewall import SqliteFirewall

_CLAIMS: Final = "SELECT name, precedence, claims FROM sources WHERE configured = 1"
_BEFORE: Final = "before governance"


def know_what_there_is(connection: sqlite3.Connection, now_us: int) -> None:
    """Have the names be found by what looks like them; those that look like a claimed namespace are released."""
    claims = Claims(
        Source(id=SourceId(name), precedence=precedence, claims=tuple(msgspec.json.decode(claimed)))
        for name, precedence, claimed in connection.execute(_CLAIMS)
    )
    firewall = SqliteFirewall(connection, lambda: now_us)
    for (text,) in connection.execute("SELECT name FROM names").fetchall():
        name = ServerName(text)
        firewall.know(name, guarded=claims.cover(name.namespace))
        claim = claims.resembled(name.namespace)
        if claim is not None:
            firewall.put_look_alike(
                LookAlike(
                    name=text,
                    resembles=claim,
                    likeness=Likeness.NAMESPACE,
                    found_us=now_us,
                    released_us=now_us,
                    released_by="system:start",
                    reason=_BEFORE,
                )
            )
